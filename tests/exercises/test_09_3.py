"""Exercise 09-3: a request must be complete within MEDUSA_TIMEOUT seconds of its first byte."""

import time

import pytest

from medusa import encode, eventually

pytestmark = pytest.mark.env(MEDUSA_TIMEOUT="2")


def test_a_client_that_dribbles_one_request_is_closed(server):
    slow = server.connect()
    slow.send_raw(b"*2\r\n$3\r\nGET\r\n$1000\r\n")
    end = time.monotonic() + 4
    while time.monotonic() < end and slow.receives_nothing(0.05):
        slow.send_raw(b"k")
    assert slow.ended, "the connection was still open after 4 s of a byte now and then"
    asking = server.connect()
    assert asking.info("stats")["timed_out_connections"] == "1"


def test_a_client_that_sends_complete_requests_is_kept(client):
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert client.command("PING") == b"PONG"
        time.sleep(0.05)


def test_a_request_in_pieces_is_answered_if_it_comes_in_time(client):
    for byte in encode("SET", "k", "v"):
        client.send_raw(bytes([byte]))
    assert client.read() == b"OK"
    eventually(lambda: client.command("GET", "k") == b"v", "the value")
