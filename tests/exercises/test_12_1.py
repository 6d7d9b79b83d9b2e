"""SIZE key: the bytes that an entry takes."""

import pytest


@pytest.mark.parametrize(
    "key, value, seconds, expected",
    [
        ("user:1", "12", (), 3 + 8),
        ("user:1", "12", (100,), 3 + 8 + 8),
        ("k", "", (), 3 + 1),
        ("k", "v" * 255, (), 3 + 256),
    ],
    ids=["short", "TTL", "empty value", "255 bytes"],
)
def test_size_is_header_key_and_value(client, key, value, seconds, expected):
    client.command("SET", key, value, *seconds)
    assert client.command("SIZE", key) == expected


def test_a_longer_value_takes_more_than_its_bytes(client):
    client.command("SET", "k", "v" * 255)
    narrow = client.command("SIZE", "k")
    client.command("SET", "k", "v" * 256)
    assert client.command("SIZE", "k") > narrow + 1


def test_size_of_a_key_that_is_not_there_is_null(client):
    assert client.command("SIZE", "nobody") is None


def test_size_follows_the_ttl_that_expire_sets(client):
    client.command("SET", "user:1", "12")
    client.command("EXPIRE", "user:1", 100)
    assert client.command("SIZE", "user:1") == 19


def test_size_takes_one_key(client):
    client.check(b"SIZE\r\n", b"-ERR wrong number of arguments for 'size' command\r\n")
