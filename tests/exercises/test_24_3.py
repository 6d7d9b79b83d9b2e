"""Exercise 24-3: PAIRS answers keys with their values, in version 3 as a map."""

import pytest


@pytest.fixture
def data(client):
    pairs = {b"user:%d" % n: b"name %d" % n for n in range(20)}
    pairs[b"user:\x00\r\n"] = b"\x00\r\n"
    client.pipeline(*(["SET", key, value] for key, value in pairs.items()), ["SET", "other", "x"])
    return pairs


def test_in_version_3_it_is_a_map(client, data):
    client.command("HELLO", "3")
    assert client.command("PAIRS", "user:*") == data


def test_in_version_2_it_is_a_flat_array(client, data):
    reply = client.command("PAIRS", "user:*")
    assert len(reply) == 2 * len(data)
    assert dict(zip(reply[::2], reply[1::2])) == data


def test_the_header_counts_pairs_in_version_3_and_replies_in_version_2(client, data):
    client.send("PAIRS", "*")
    assert client.read_raw().startswith(b"*44\r\n")
    client.command("HELLO", "3")
    client.send("PAIRS", "*")
    assert client.read_raw().startswith(b"%22\r\n")


def test_nothing_that_matches_is_an_empty_map(client, data):
    client.send("PAIRS", "zzz")
    assert client.read_raw() == b"*0\r\n"
    client.command("HELLO", "3")
    client.send("PAIRS", "zzz")
    assert client.read_raw() == b"%0\r\n"


def test_a_pattern_is_needed(client):
    assert client.command("PAIRS") == b"ERR wrong number of arguments for 'pairs' command"


def test_keys_and_list_answer_as_before(client, data):
    client.command("HELLO", "3")
    assert sorted(client.command("KEYS", "user:*")) == sorted(data)
    assert len(client.command("LIST")) == len(data) + 1
