"""Exercise 01-2: a client that has sent nothing for two seconds is closed."""

import time

from medusa import SLOWNESS

PATIENCE = 4 * SLOWNESS  # seconds, of which the server may use two


def test_a_silent_client_does_not_keep_the_next_one_waiting(server):
    silent, second = server.connect(), server.connect()
    second.send_raw(b"hello")
    received = second.read_bytes(5, limit=PATIENCE)
    assert received == b"hello"
    assert silent.read_to_end() == b""


def test_a_client_that_sends_now_and_then_is_kept(server):
    client = server.connect()
    for _ in range(3):
        client.check(b"still here", b"still here")
        time.sleep(0.8)  # more than two seconds in all
    client.check(b"still here", b"still here")


def test_a_server_without_clients_waits_for_ever(server):
    time.sleep(2.2)
    server.connect().check(b"hello", b"hello")
