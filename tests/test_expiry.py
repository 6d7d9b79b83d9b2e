"""Keys with a deadline: how it is set, what it hides, and when it comes."""

import time

import pytest

from medusa import LIMIT, eventually, stage_number

pytestmark = pytest.mark.since("04-ttl")

BAD_SET = b"ERR invalid expire time in 'set' command"
BAD_EXPIRE = b"ERR invalid expire time in 'expire' command"
NOT_AN_INTEGER = b"ERR value is not an integer or out of range"
SYNTAX = b"ERR syntax error"


def wait_until_expired(client, key="sentinel"):
    """Waits until a key with a deadline, set after those of interest, has passed it."""
    eventually(lambda: client.command("EXISTS", key) == 0, f"the deadline of {key}")


def names(cases):
    """Returns the first word of each case, to name it in a report."""
    return [case[0] for case in cases]


# Setting deadlines


def test_a_key_without_a_deadline_has_ttl_minus_1(client):
    client.check(b"SET k v\r\nTTL k\r\n", b"+OK\r\n:-1\r\n")


def test_a_missing_key_has_ttl_minus_2(client):
    client.check(b"TTL nothing\r\n", b":-2\r\n")


def test_a_third_word_of_set_is_a_ttl_in_seconds(client):
    client.check(b"SET k v 100\r\nTTL k\r\nGET k\r\n", b"+OK\r\n:100\r\n$1\r\nv\r\n")


def test_ttl_is_rounded_up(client):
    client.command("SET", "k", "v", 100)
    assert client.command("TTL", "k") == 100
    eventually(lambda: client.command("TTL", "k") == 99, "a TTL of 99")


def test_expire_sets_a_deadline(client):
    client.check(b"SET k v\r\nEXPIRE k 100\r\nTTL k\r\n", b"+OK\r\n:1\r\n:100\r\n")


def test_expire_of_a_missing_key_answers_0(client):
    client.check(b"EXPIRE nothing 100\r\nEXISTS nothing\r\n", b":0\r\n:0\r\n")


def test_expire_replaces_a_deadline(client):
    client.command("SET", "k", "v", 100)
    assert client.pipeline(["EXPIRE", "k", 1000], ["TTL", "k"]) == [1, 1000]
    assert client.pipeline(["EXPIRE", "k", 10], ["TTL", "k"]) == [1, 10]


def test_a_plain_set_clears_the_deadline(client):
    client.check(b"SET k v 100\r\nSET k w\r\nTTL k\r\n", b"+OK\r\n+OK\r\n:-1\r\n")


def test_a_set_with_seconds_replaces_the_deadline(client):
    client.check(b"SET k v 100\r\nSET k w 10\r\nTTL k\r\n", b"+OK\r\n+OK\r\n:10\r\n")


def test_get_leaves_the_deadline_alone(client):
    client.check(b"SET k v 100\r\nGET k\r\nTTL k\r\n", b"+OK\r\n$1\r\nv\r\n:100\r\n")


def test_a_key_that_was_deleted_loses_its_deadline(client):
    replies = client.pipeline(
        ["SET", "k", "v", 100], ["DELETE", "k"], ["TTL", "k"], ["SET", "k", "w"], ["TTL", "k"]
    )
    assert replies == [b"OK", 1, -2, b"OK", -1]


@pytest.mark.parametrize("seconds", [0, -1, -100])
def test_expire_with_zero_or_less_removes_the_key(client, seconds):
    client.command("SET", "k", "v")
    assert client.pipeline(["EXPIRE", "k", seconds], ["GET", "k"], ["COUNT"]) == [1, None, 0]
    assert client.command("EXPIRE", "k", seconds) == 0


# What is refused, and changes nothing


BAD_SECONDS_OF_SET = [
    ("0", BAD_SET),
    ("9223372036854775807", BAD_SET),
    ("9223372036854775", BAD_SET),
    ("9223372036854775808", NOT_AN_INTEGER),
    ("99999999999999999999999999", NOT_AN_INTEGER),
    ("abc", SYNTAX),
    ("-1", SYNTAX),
    ("+5", SYNTAX),
    ("1.5", SYNTAX),
    ("10s", SYNTAX),
    ("0x10", SYNTAX),
]

BAD_SECONDS_OF_EXPIRE = [
    ("9223372036854775807", BAD_EXPIRE),
    ("9223372036854775", BAD_EXPIRE),
    ("-9223372036854775808", BAD_EXPIRE),
    ("9223372036854775808", NOT_AN_INTEGER),
    ("abc", NOT_AN_INTEGER),
    ("1.5", NOT_AN_INTEGER),
    ("+5", NOT_AN_INTEGER),
    ("10s", NOT_AN_INTEGER),
]


@pytest.mark.parametrize("seconds, error", BAD_SECONDS_OF_SET, ids=names(BAD_SECONDS_OF_SET))
def test_set_refuses_bad_seconds(client, seconds, error):
    client.command("SET", "k", "old", 100)
    assert client.pipeline(["SET", "k", "v", seconds], ["GET", "k"], ["TTL", "k"]) == [
        error,
        b"old",
        100,
    ]


@pytest.mark.parametrize("more", ["10 NX", "10 20", "NX 10 x", "abc def"])
def test_set_takes_seconds_as_its_only_option(client, more):
    client.check(b"SET k v %s\r\nGET k\r\n" % more.encode(), b"-ERR syntax error\r\n$-1\r\n")


@pytest.mark.parametrize("seconds, error", BAD_SECONDS_OF_EXPIRE, ids=names(BAD_SECONDS_OF_EXPIRE))
def test_expire_refuses_bad_seconds(client, seconds, error):
    client.command("SET", "k", "v", 100)
    assert client.pipeline(["EXPIRE", "k", seconds], ["GET", "k"], ["TTL", "k"]) == [
        error,
        b"v",
        100,
    ]


def test_expire_refuses_an_empty_word(client):
    client.command("SET", "k", "v")
    assert client.pipeline(["EXPIRE", "k", ""], ["TTL", "k"]) == [NOT_AN_INTEGER, -1]


@pytest.mark.parametrize("seconds", [2147483647, 2147483648, 4294967296, 9000000000000])
def test_a_deadline_far_away_is_kept(client, seconds):
    client.command("SET", "k", "v", seconds)
    client.command("SET", "other", "v")
    client.command("EXPIRE", "other", seconds)
    left = client.pipeline(["TTL", "k"], ["TTL", "other"], ["GET", "k"])
    assert left[2] == b"v"
    assert all(seconds - LIMIT <= n <= seconds for n in left[:2])


# The deadline comes


def test_a_key_is_there_until_its_deadline_and_gone_soon_after(client):
    start = time.monotonic()
    client.command("SET", "k", "v", 1)
    while client.command("GET", "k") == b"v":
        assert time.monotonic() - start < LIMIT
        time.sleep(0.002)
    assert time.monotonic() - start >= 0.999
    client.check(b"TTL k\r\nEXISTS k\r\n", b":-2\r\n:0\r\n")


def test_the_time_left_is_never_shown_as_0(client):
    client.command("SET", "k", "v", 1)
    seen = set()
    eventually(lambda: seen.add(client.command("TTL", "k")) or -2 in seen, "a TTL of -2")
    assert seen == {1, -2}


def test_no_command_sees_a_key_past_its_deadline(client, stage):
    cases = [
        ("GET a", None), ("EXISTS b b", 0), ("DELETE c", 0), ("TTL d", -2), ("EXPIRE e 100", 0),
        ("LIST", []), ("EXISTS e", 0),
    ]  # fmt: skip
    if stage >= stage_number("05-patterns"):
        cases += [("KEYS *", []), ("KEYS f", [])]
    client.pipeline(*(["SET", key, "v", 1] for key in "abcdefg"))
    client.command("SET", "sentinel", "v", 1)
    wait_until_expired(client)
    for words, expected in cases:
        assert (words, client.command(*words.split())) == (words, expected)


def test_a_key_set_again_after_its_deadline_has_none(client):
    client.command("SET", "k", "old", 1)
    client.command("SET", "sentinel", "v", 1)
    wait_until_expired(client)
    assert client.pipeline(["SET", "k", "new"], ["TTL", "k"], ["GET", "k"], ["LIST"]) == [
        b"OK",
        -1,
        b"new",
        [b"k"],
    ]


def test_deadlines_that_were_replaced_remove_nothing(client):
    client.pipeline(
        ["SET", "plain", "v", 1], ["SET", "plain", "w"],
        ["SET", "longer", "v", 1], ["SET", "longer", "w", 100],
        ["SET", "moved", "v", 1], ["EXPIRE", "moved", 100],
        ["SET", "again", "v", 1], ["DELETE", "again"], ["SET", "again", "w"],
        ["SET", "sentinel", "v", 1],
    )  # fmt: skip
    wait_until_expired(client)
    assert client.command("EXISTS", "plain", "longer", "moved", "again") == 4


def test_a_cleared_store_forgets_its_deadlines(client):
    client.pipeline(*(["SET", n, "old", 1] for n in range(100)))
    client.command("CLEAR")
    client.pipeline(*(["SET", n, "new"] for n in range(100)))
    client.command("SET", "sentinel", "v", 1)
    wait_until_expired(client)
    assert client.pipeline(["GET", "7"], ["TTL", "7"], ["EXISTS", *range(100)]) == [b"new", -1, 100]


def test_only_the_keys_past_their_deadline_go(client):
    client.pipeline(*(["SET", f"short:{n}", "v", 1] for n in range(300)))
    client.pipeline(*(["SET", f"long:{n}", "v", 100] for n in range(300)))
    client.pipeline(*(["SET", f"plain:{n}", "v"] for n in range(300)))
    client.command("SET", "sentinel", "v", 1)
    wait_until_expired(client)
    keys = client.command("LIST")
    assert len(keys) == 600
    assert not any(key.startswith(b"short:") for key in keys)


def test_keys_that_nobody_asks_for_are_freed_as_well(client):
    client.pipeline(*(["SET", n, "v", 1] for n in range(5000)))
    assert client.command("COUNT") == 5000
    eventually(lambda: client.command("COUNT") == 0, "a COUNT of 0 without access to any key")


@pytest.mark.since("06-poll")
@pytest.mark.plain_build
def test_the_memory_of_expired_keys_is_used_again(server, client):
    client.pipeline(*(["SET", f"first:{n}", "v" * 50000, 1] for n in range(1000)))
    full = server.memory()
    assert full > 50000000
    eventually(lambda: client.command("COUNT") == 0, "a COUNT of 0 without access to any key")
    client.pipeline(*(["SET", f"second:{n}", "w" * 50000] for n in range(1000)))
    assert server.memory() < 1.5 * full


@pytest.mark.since("06-poll")
def test_many_deadlines_at_once_do_not_stall_the_server(server):
    client = server.connect()
    request = b"".join(client.encode("SET", n, "v", 1) for n in range(50000))
    client.check(request, b"+OK\r\n" * 50000)
    slowest = 0
    while client.command("COUNT") > 0:
        start = time.monotonic()
        client.command("PING")
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.001)
    assert slowest < LIMIT / 20
