"""EXPIRING seconds: the keys that end within so many seconds."""

import random

import pytest

from medusa import eventually


def expiring(client, seconds):
    return sorted(client.command("EXPIRING", seconds))


def test_keys_that_end_in_time_are_listed(client):
    client.pipeline(("SET", "soon", "v", 50), ("SET", "later", "v", 5000), ("SET", "never", "v"))
    assert expiring(client, 100) == [b"soon"]
    assert expiring(client, 10000) == [b"later", b"soon"]
    assert expiring(client, 10) == []


def test_a_deadline_that_moves_is_followed(client):
    client.pipeline(("SET", "a", "v", 50), ("SET", "b", "v", 5000))
    client.pipeline(("EXPIRE", "a", 5000), ("EXPIRE", "b", 50))
    assert expiring(client, 100) == [b"b"]
    client.pipeline(("SET", "b", "v"), ("SET", "a", "v", 50))
    assert expiring(client, 100) == [b"a"]


def test_among_many_keys_exactly_the_right_ones_are_found(client, seed):
    choose = random.Random(seed)
    ttls = {f"k{i}": choose.choice([None, 100, 2000, 30000]) for i in range(5000)}
    client.pipeline(
        *(("SET", key, "v", ttl) if ttl else ("SET", key, "v") for key, ttl in ttls.items())
    )
    gone = choose.sample(sorted(ttls), 4000)
    client.command("DELETE", *gone)
    for key in gone:
        del ttls[key]
    for seconds in (1000, 10000, 100000):
        wanted = sorted(key.encode() for key, ttl in ttls.items() if ttl and ttl < seconds)
        assert expiring(client, seconds) == wanted


def test_a_key_that_has_ended_is_not_listed(client):
    client.command("SET", "k", "v", 1)
    assert expiring(client, 100) == [b"k"]
    eventually(lambda: client.command("GET", "k") is None, "the end of the key", limit=4)
    assert expiring(client, 100) == []


@pytest.mark.parametrize("seconds", ["0", "-1", "-100"])
def test_nothing_ends_within_no_time(client, seconds):
    client.command("SET", "k", "v", 50)
    assert expiring(client, seconds) == []


def test_bad_seconds_are_refused(client):
    client.check(b"EXPIRING soon\r\n", b"-ERR value is not an integer or out of range\r\n")
    client.check(
        b"EXPIRING 9223372036854775807\r\n",
        b"-ERR invalid expire time in 'expiring' command\r\n",
    )
