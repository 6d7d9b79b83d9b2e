"""Exercise 16-2: an idle server without clients and keys wakes up once a second."""

import pathlib
import re
import time


def waits(server):
    """Gives how often the server's process has gone to sleep; Linux only."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])


def waits_in(server, seconds):
    before = waits(server)
    time.sleep(seconds)
    return waits(server) - before


def test_a_server_with_nothing_to_do_sleeps_for_a_second(server):
    assert waits_in(server, 1.5) <= 4


def test_it_accepts_and_answers_while_it_sleeps(server):
    for _ in range(5):
        with server.connect() as client:
            assert client.command("PING") == b"PONG"


def test_a_key_still_expires_without_clients(server):
    with server.connect() as client:
        client.command("SET", "k", "v", "1")
    time.sleep(1.5)
    assert server.connect().info("stats")["expired_keys"] == "1"


def test_with_a_client_it_ticks_as_before(server, client):
    client.command("PING")
    assert waits_in(server, 1) >= 5
