"""Exercise 04-1: PERSIST."""

from medusa import eventually


def test_persist_takes_the_deadline_away(client):
    client.command("SET", "k", "v", 100)
    assert client.command("PERSIST", "k") == 1
    assert client.command("TTL", "k") == -1
    assert client.command("GET", "k") == b"v"


def test_persist_of_a_key_without_a_deadline_is_zero(client):
    client.command("SET", "k", "v")
    assert client.command("PERSIST", "k") == 0


def test_persist_of_a_missing_key_is_zero(client):
    assert client.command("PERSIST", "nothing") == 0


def test_a_persistent_key_outlives_its_deadline(client):
    client.command("SET", "k", "v", 1)
    client.command("SET", "clock", "v", 1)
    assert client.command("PERSIST", "k") == 1
    eventually(lambda: client.command("TTL", "clock") == -2, "the other key expires")
    assert client.command("GET", "k") == b"v"


def test_persist_does_not_revive_an_expired_key(client):
    client.command("SET", "k", "v", 1)
    eventually(lambda: client.command("TTL", "k") == -2, "the key expires")
    assert client.command("PERSIST", "k") == 0
    assert client.command("GET", "k") is None
