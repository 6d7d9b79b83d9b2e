"""PERSIST key takes a TTL away."""

import pytest

from medusa import eventually


def test_persist_answers_whether_there_was_a_ttl(client):
    client.command("SET", "k", "v", 100)
    assert client.command("PERSIST", "k") == 1
    assert client.command("PERSIST", "k") == 0
    assert client.command("PERSIST", "nobody") == 0


@pytest.mark.parametrize("length", [0, 1, 100, 255, 256, 5000])
def test_the_value_stays(client, length):
    value = bytes(i % 251 for i in range(length))
    client.command("SET", "k", value, 100)
    assert client.command("PERSIST", "k") == 1
    assert client.command("GET", "k") == value
    assert client.command("TTL", "k") == -1


def test_a_key_that_persists_outlives_its_deadline(client):
    client.pipeline(("SET", "goes", "v", 1), ("SET", "stays", "v", 1))
    assert client.command("PERSIST", "stays") == 1
    eventually(lambda: client.command("COUNT") == 1, "one key that is left", limit=4)
    assert client.command("LIST") == [b"stays"]
    assert client.command("GET", "stays") == b"v"


def test_a_key_that_persists_can_get_another_ttl(client):
    client.command("SET", "k", "v", 1000)
    client.command("PERSIST", "k")
    client.command("EXPIRE", "k", 1)
    eventually(lambda: client.command("COUNT") == 0, "an empty server", limit=4)
