"""Exercise 05-1: COUNT with a pattern."""

from medusa import eventually


def test_count_takes_a_pattern(client):
    for key in ("user:1", "user:2", "group:1"):
        client.command("SET", key, "v")
    assert client.command("COUNT", "user:*") == 2
    assert client.command("COUNT", "*:1") == 2
    assert client.command("COUNT", "nothing*") == 0


def test_count_without_a_pattern_counts_all(client):
    client.command("SET", "a", "v")
    client.command("SET", "b", "v")
    assert client.command("COUNT") == 2
    assert client.command("COUNT", "*") == 2


def test_a_counted_pattern_leaves_dead_keys_out(client):
    client.command("SET", "k1", "v")
    client.command("SET", "k2", "v", 1)
    eventually(lambda: client.command("COUNT", "k*") == 1, "the dead key is not counted")


def test_count_takes_one_pattern_only(client):
    expected = b"ERR wrong number of arguments for 'count' command"
    assert client.command("COUNT", "a", "b") == expected
