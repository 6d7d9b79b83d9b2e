"""Exercise 02-2: 16 bytes less for a key and a value that have 16 together."""

import pytest

KEYS = 200000
BATCH = 1000


@pytest.mark.plain_build
def test_a_key_and_a_value_of_16_bytes_take_no_more_than_66_bytes(server, client):
    client.command("SET", "warm-up", "x")
    before = server.memory()
    for first in range(0, KEYS, BATCH):
        numbers = range(first, first + BATCH)
        client.send_raw(b"".join(b"SET k%07d v%07d\r\n" % (n, n) for n in numbers))
        assert client.read_bytes(5 * BATCH) == b"+OK\r\n" * BATCH
    bytes_per_key = (server.memory() - before) // KEYS
    assert bytes_per_key <= 66, f"each key takes {bytes_per_key} bytes"


def test_long_values_are_still_whole(client):
    value = bytes(range(33, 127)) * 690
    client.send_raw(b"SET k " + value + b"\r\n")
    assert client.read() == b"OK"
    received = client.command("GET", "k")
    assert received == value


def test_the_longest_key_is_found(client):
    key = b"k" * 65000
    client.check(b"SET " + key + b" v\r\nGET " + key + b"\r\n", b"+OK\r\n$1\r\nv\r\n")
