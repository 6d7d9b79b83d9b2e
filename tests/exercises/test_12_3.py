"""Each length of an entry takes 1, 2 or 4 bytes, as SIZE (exercise 12-1) shows."""

import pytest

LENGTHS = {1: 1, 255: 1, 256: 2, 65535: 2, 65536: 4, 70000: 4}


@pytest.mark.parametrize("key_length", LENGTHS)
@pytest.mark.parametrize("value_length", [0, *LENGTHS])
@pytest.mark.parametrize("seconds", [(), (100,)], ids=["no TTL", "TTL"])
def test_each_length_takes_as_few_bytes_as_it_needs(client, key_length, value_length, seconds):
    key, value = b"k" * key_length, bytes(i % 251 for i in range(value_length))
    client.command("SET", key, value, *seconds)
    lengths = LENGTHS[key_length] + LENGTHS.get(value_length, 1)
    expected = 1 + lengths + (8 if seconds else 0) + key_length + value_length
    assert client.command("SIZE", key) == expected
    assert client.command("GET", key) == value
    assert client.command("TTL", key) == (100 if seconds else -1)


def test_a_value_that_grows_and_shrinks_stays_what_it_is(client):
    for length in (10, 300, 70000, 300, 10, 0):
        value = b"v" * length
        client.command("SET", "k", value)
        client.command("EXPIRE", "k", 100)
        assert client.command("GET", "k") == value
    assert client.command("COUNT") == 1
