"""Exercise 17-1: INFO tells how many bytes the buffers of all clients hold."""

import pytest

from medusa import encode, eventually

REQUEST = encode("SET", "k", b"v" * 20_000)


def held(client):
    return int(client.info("clients").get("mem_clients_normal", -1))


@pytest.fixture
def half(server, client):
    """A client that has sent half a request, and whose half is counted."""
    assert held(client) == 0
    half = server.connect()
    half.send_raw(REQUEST[:10_000])
    eventually(lambda: held(client) >= 10_000, "the bytes of half a request")
    return half


def test_a_half_request_counts_until_it_is_complete(client, half):
    half.send_raw(REQUEST[10_000:])
    assert half.read() == b"OK"
    eventually(lambda: held(client) == 0, "a sum of 0")


def test_a_client_that_leaves_in_the_middle_is_subtracted(client, half):
    half.close()
    eventually(lambda: held(client) == 0, "a sum of 0")


def test_replies_that_are_not_read_count_until_they_are(server, client):
    client.command("SET", "k", b"v" * 1_000_000)
    slow = server.connect(receive_buffer=4096)
    slow.send_raw(encode("GET", "k") * 20)
    eventually(lambda: held(client) >= 1_000_000, "the bytes of unread replies")
    assert len(slow.read_many(20)) == 20
    eventually(lambda: held(client) == 0, "a sum of 0")
