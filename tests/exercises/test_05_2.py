"""Exercise 05-2: KEYS with a plain name is a lookup."""


def lookups(client):
    info = client.info("stats")
    return int(info["keyspace_hits"]), int(info["keyspace_misses"])


def test_a_plain_name_is_looked_up(client):
    client.command("SET", "user:1", "v")
    assert client.command("KEYS", "user:1") == [b"user:1"]
    assert lookups(client) == (1, 0)


def test_a_plain_name_that_is_not_there_is_a_miss(client):
    client.command("SET", "user:1", "v")
    assert client.command("KEYS", "user:2") == []
    assert lookups(client) == (0, 1)


def test_a_pattern_still_walks(client):
    for key in ("ab", "ac"):
        client.command("SET", key, "v")
    for pattern in ("a*", "a?", "a[bc]"):
        assert sorted(client.command("KEYS", pattern)) == [b"ab", b"ac"]
    assert lookups(client) == (0, 0)


def test_an_escaped_star_is_still_a_star(client):
    client.command("SET", "a*", "v")
    client.command("SET", "ab", "v")
    assert client.command("KEYS", r"a\*") == [b"a*"]


def test_a_closing_bracket_alone_is_plain(client):
    client.command("SET", "a]", "v")
    assert client.command("KEYS", "a]") == [b"a]"]
    assert lookups(client) == (1, 0)
