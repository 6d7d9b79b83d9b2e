"""Exercise 17-3: a request that does not end is ended by the server."""

import time

import pytest

from medusa import encode

HEAD = b"*2\r\n$3\r\nGET\r\n$1000\r\n"

pytestmark = pytest.mark.env(MEDUSA_REQUEST_TIMEOUT="1")


def test_a_request_that_comes_byte_by_byte_ends_its_client_alone(server, client):
    client.command("PING")
    slow = server.connect()
    slow.send_raw(HEAD)
    limit = time.monotonic() + 4
    while time.monotonic() < limit and slow.receives_nothing(0.1):
        slow.send_raw(b"x")
    assert slow.ended
    assert client.info("stats")["slow_requests"] == "1"


def test_each_request_has_its_own_time(server, client):
    ping = encode("PING")
    client.send_raw(ping[:5])
    for _ in range(5):  # a rest of a request is there all the time, but of a new one
        time.sleep(0.3)
        client.send_raw(ping[5:] + ping[:5])
        assert client.read() == b"PONG"
    assert server.connect().info("stats")["slow_requests"] == "0"


def test_a_client_that_does_not_read_is_not_slow_to_ask(server, client):
    client.command("SET", "k", b"v" * 1_000_000)
    client.send_raw(encode("GET", "k") * 80)
    time.sleep(1.5)
    assert [len(value) for value in client.read_many(80)] == [1_000_000] * 80
    assert server.connect().info("stats")["slow_requests"] == "0"


@pytest.mark.env(MEDUSA_REQUEST_TIMEOUT="0")
def test_0_means_never(client):
    client.send_raw(HEAD)
    assert client.receives_nothing(1.5)
    client.send_raw(b"x" * 1000 + b"\r\n")
    assert client.read() is None
