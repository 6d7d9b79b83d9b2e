"""Exercise 25-3: who does not give the password in time is closed, whatever else it sends."""

import time

import pytest

from medusa import LIMIT, Closed, run_once

LOCKED = pytest.mark.env(MEDUSA_PASSWORD="sesame")
ONE_SECOND = pytest.mark.args("--auth-timeout=1")


def is_closed_in_the_end(client):
    """Talks all the time without the password; tells whether the server has put an end to it."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            assert client.command("PING").startswith(b"NOAUTH")
            assert client.command("AUTH", "wrong").startswith(b"WRONGPASS")
        except Closed:
            return True
        time.sleep(0.05)
    return False


@LOCKED
@ONE_SECOND
def test_a_stranger_that_keeps_talking_is_closed(server, client):
    friend = server.connect()
    assert friend.command("AUTH", "sesame") == b"OK"
    assert is_closed_in_the_end(client)
    assert friend.command("PING") == b"PONG"


@LOCKED
@ONE_SECOND
def test_a_stranger_that_is_silent_is_closed(server):
    start = time.monotonic()
    client, friend = server.connect(), server.connect()
    assert friend.command("AUTH", "sesame") == b"OK"
    assert client.read_to_end() == b""
    assert time.monotonic() - start >= 0.9
    assert friend.command("PING") == b"PONG"


@LOCKED
@ONE_SECOND
def test_reset_makes_a_stranger_again(client):
    assert client.pipeline(["AUTH", "sesame"], ["RESET"]) == [b"OK", b"RESET"]
    assert is_closed_in_the_end(client)


@pytest.mark.env(MEDUSA_AUTH_TIMEOUT="1")
def test_without_a_password_nobody_is_a_stranger(client):
    assert client.receives_nothing(1.5)
    assert client.command("PING") == b"PONG"


@pytest.mark.args("--auth-timeout=1000")
@LOCKED
def test_strangers_are_answered_and_closed_when_the_server_stops(server):
    clients = [server.connect() for _ in range(5)]
    assert [client.command("PING")[:6] for client in clients] == [b"NOAUTH"] * 5
    server.signal(15)
    assert [client.read_to_end() for client in clients] == [b""] * 5
    assert server.wait() == 0


@pytest.mark.parametrize("value", ["0", "-1", "soon", "99999999999"])
def test_a_time_that_cannot_be_used_stops_the_start(binary, wrapper, value):
    done = run_once(binary, "--port=0", f"--auth-timeout={value}", wrapper=wrapper)
    assert done.returncode == 2
    assert value in done.stderr
    assert "seconds" in done.stderr  # what is allowed
