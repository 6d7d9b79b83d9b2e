"""KEYS and its patterns."""

import pytest

from medusa import LIMIT, eventually

pytestmark = pytest.mark.since("05-patterns")


def matches(client, pattern, *keys):
    """Sets the keys and returns those that match, in the order given."""
    client.pipeline(*(["SET", key, "v"] for key in keys))
    found = client.command("KEYS", pattern)
    return [key for key in keys if key.encode() in found]


WORDS = ["hello", "hallo", "hxllo", "hllo", "heello", "help", "h", "Hello", "hello world"]


SIMPLE = [
    ("*", WORDS),
    ("hello", ["hello"]),
    ("h?llo", ["hello", "hallo", "hxllo"]),
    ("h*llo", ["hello", "hallo", "hxllo", "hllo", "heello"]),
    ("h[ae]llo", ["hello", "hallo"]),
    ("h[a-e]llo", ["hello", "hallo"]),
    ("h[e-a]llo", ["hello", "hallo"]),
    ("h[^e]llo", ["hallo", "hxllo"]),
    ("h[^a-e]llo", ["hxllo"]),
    ("h*", ["hello", "hallo", "hxllo", "hllo", "heello", "help", "h", "hello world"]),
    ("*o*", ["hello", "hallo", "hxllo", "hllo", "heello", "Hello", "hello world"]),
    ("*l*l*o", ["hello", "hallo", "hxllo", "hllo", "heello", "Hello"]),
    ("?", ["h"]),
    ("????", ["hllo", "help"]),
    ("*?????*", ["hello", "hallo", "hxllo", "heello", "Hello", "hello world"]),
    ("[Hh]ello", ["hello", "Hello"]),
    ("* *", ["hello world"]),
    ("hell", []),
    ("hello*world", ["hello world"]),
    ("h**o", ["hello", "hallo", "hxllo", "hllo", "heello"]),
    ("*p", ["help"]),
    ("", []),
]


@pytest.mark.parametrize("pattern, expected", SIMPLE, ids=[case[0] or "empty" for case in SIMPLE])
def test_pattern(client, pattern, expected):
    assert matches(client, pattern, *WORDS) == expected


ODD = ["a", "b", "-", "]", "[", "^", "*", "?", "\\", "a]", "[a]", "a-", "*x", "ab"]


CORNERS = [
    (r"\*", ["*"]),
    (r"\?", ["?"]),
    (r"\[a\]", ["[a]"]),
    (r"\\", ["\\"]),
    (r"\a", ["a"]),
    ("\\", ["\\"]),
    (r"\**", ["*", "*x"]),
    (r"[\]]", ["]"]),
    (r"[\^a]", ["a", "^"]),
    (r"[\-]", ["-"]),
    ("[a-]", ["a", "]", "^"]),
    ("[a-]]", ["a", "]", "^"]),
    ("[-a]", ["a", "-"]),
    ("[^]", ["a", "b", "-", "]", "[", "^", "*", "?", "\\"]),
    ("[]", []),
    ("[]a]", []),
    ("[a", ["a"]),
    ("[ab", ["a", "b"]),
    ("[^a", ["b", "-", "]", "[", "^", "*", "?", "\\"]),
    ("a[", []),
    ("[*]", ["*"]),
    ("[?]x", []),
    ("[*?]", ["*", "?"]),
    ("]", ["]"]),
    ("a]", ["a]"]),
    ("[a-b][b-]", ["a]", "ab"]),
]


@pytest.mark.parametrize("pattern, expected", CORNERS, ids=[case[0] for case in CORNERS])
def test_corner_of_a_pattern(client, pattern, expected):
    assert matches(client, pattern, *ODD) == expected


def test_a_backslash_may_hide_the_end_of_a_class(client):
    assert matches(client, r"[a\]b]", "a", "b", "]", "\\") == ["a", "b", "]"]


@pytest.mark.parametrize("pattern", ["", "*", "**", "***"])
def test_stars_match_the_empty_key(client, pattern):
    client.command("SET", "", "v")
    assert client.command("KEYS", pattern) == [b""]


@pytest.mark.parametrize("pattern", ["?", "[a]", "[^a]", "*?", "?*", "a"])
def test_what_needs_a_byte_does_not_match_the_empty_key(client, pattern):
    client.command("SET", "", "v")
    assert client.command("KEYS", pattern) == []


def test_an_empty_store_has_no_keys(client):
    client.check(b"KEYS *\r\n", b"*0\r\n")


def test_keys_leaves_the_values_and_deadlines_alone(client):
    client.command("SET", "k", "v", 100)
    assert client.pipeline(["KEYS", "*"], ["GET", "k"], ["TTL", "k"]) == [[b"k"], b"v", 100]


def test_keys_finds_all_of_many(client):
    client.pipeline(*(["SET", f"user:{n}", "v"] for n in range(2000)))
    client.pipeline(*(["SET", f"other:{n}", "v"] for n in range(2000)))
    assert len(client.command("KEYS", "user:*")) == 2000
    assert sorted(client.command("KEYS", "user:77?")) == [b"user:%d" % n for n in range(770, 780)]


def test_keys_leaves_out_a_key_past_its_deadline(client):
    client.pipeline(["SET", "gone", "v", 1], ["SET", "stays", "v"])
    eventually(lambda: client.command("KEYS", "*") == [b"stays"], "the end of a key")


def test_patterns_are_bytes(client):
    client.pipeline(*(["SET", key, "v"] for key in (b"\xc3\xa4", b"\xff", b"a\0b", b"a\nb")))
    assert client.command("KEYS", b"\xc3?") == [b"\xc3\xa4"]
    assert client.command("KEYS", b"[\xf0-\xff]") == [b"\xff"]
    assert sorted(client.command("KEYS", "a?b")) == [b"a\0b", b"a\nb"]
    assert client.command("KEYS", b"a\0*") == [b"a\0b"]


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 40 + "b", "a*" * 1000 + "b", "*" * 20000 + "b", "?*" * 1000 + "b", "*[a]" * 500 + "b"],
    ids=["star-a", "a-star", "stars", "question-star", "star-class"],
)
def test_matching_time_does_not_explode(client, pattern):
    client.command("SET", "a" * 5000, "v")
    assert client.command("KEYS", pattern, limit=LIMIT / 2) == []
