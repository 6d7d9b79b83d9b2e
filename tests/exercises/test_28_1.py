"""Exercise 28-1: no reply of SCAN comes from more than about ten thousand keys."""

import pytest

KEYS = 35_000


@pytest.fixture
def names(client):
    names = [b"key:%d" % n for n in range(KEYS)]
    for at in range(0, KEYS, 5000):
        client.pipeline(*[("SET", name, "v") for name in names[at : at + 5000]])
    return names


def replies_of(client, *options):
    cursor, replies = b"0", []
    while not replies or cursor != b"0":
        cursor, keys = client.command("SCAN", cursor, *options)
        replies.append(keys)
        assert len(replies) < 1000, "the scan comes to no end"
    return replies


@pytest.mark.parametrize("count", ["35000", "1000000000", "9223372036854775807"])
def test_one_reply_is_not_everything(client, names, count):
    sizes = [len(keys) for keys in replies_of(client, "COUNT", count)]
    assert max(sizes) < 12_000


def test_a_scan_with_an_enormous_count_still_finds_every_key_in_few_calls(client, names):
    replies = replies_of(client, "COUNT", "1000000000")
    found = sorted(key for keys in replies for key in keys)
    assert found == sorted(names)
    assert len(replies) < 10


def test_a_count_that_is_not_too_large_is_granted_as_before(client, names):
    sizes = [len(keys) for keys in replies_of(client, "COUNT", "5000")]
    assert 4000 < max(sizes) < 7000


def test_what_does_not_match_counts_as_well(client, names):
    replies = replies_of(client, "COUNT", "1000000000", "MATCH", "nothing*")
    assert 2 < len(replies) < 10
    assert sum(map(len, replies)) == 0
