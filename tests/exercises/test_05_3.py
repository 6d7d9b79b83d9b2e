"""Exercise 05-3: FORGET."""

from medusa import eventually


def test_forget_removes_what_matches(client):
    for key in ("user:1", "user:2", "group:1"):
        client.command("SET", key, "v")
    assert client.command("FORGET", "user:*") == 2
    assert client.command("LIST") == [b"group:1"]


def test_forget_of_nothing_is_zero(client):
    assert client.command("FORGET", "*") == 0
    client.command("SET", "a", "v")
    assert client.command("FORGET", "b*") == 0
    assert client.command("COUNT") == 1


def test_forget_removes_many_keys_and_only_those(client):
    client.pipeline(*(("SET", f"{'ab'[i % 2]}{i}", "v") for i in range(10_000)))
    assert client.command("FORGET", "a*") == 5_000
    assert client.command("COUNT") == 5_000
    assert client.command("KEYS", "a*") == []
    assert client.command("FORGET", "*") == 5_000
    assert client.command("COUNT") == 0
    assert client.command("SET", "a1", "again") == b"OK"


def test_dead_keys_are_not_counted_as_forgotten(client):
    client.command("SET", "k1", "v")
    client.command("SET", "k2", "v", 1)
    eventually(lambda: len(client.command("KEYS", "k*")) == 1, "one key expires")
    assert client.command("FORGET", "k*") == 1
