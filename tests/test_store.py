"""SET, GET and DELETE: what goes in comes out."""

import pytest

pytestmark = pytest.mark.since("02-hash-map")


def test_set_then_get_returns_the_same_bytes(client):
    client.check(b"SET k hello\r\n", b"+OK\r\n")
    client.check(b"GET k\r\n", b"$5\r\nhello\r\n")


def test_a_key_that_was_never_set_is_null(client):
    client.check(b"GET nothing\r\n", b"$-1\r\n")


def test_set_replaces_the_value(client):
    for value in ("short", "a-much-longer-value-than-before", "x"):
        assert client.command("SET", "k", value) == b"OK"
        assert client.command("GET", "k") == value.encode()


def test_delete_removes_the_key(client):
    client.check(b"SET k v\r\n", b"+OK\r\n")
    client.check(b"DELETE k\r\n", b":1\r\n")
    client.check(b"GET k\r\n", b"$-1\r\n")


def test_delete_of_a_missing_key_answers_0(client):
    client.check(b"DELETE nothing\r\n", b":0\r\n")


def test_delete_counts_the_keys_that_it_removed(client):
    client.pipeline(["SET", "a", "1"], ["SET", "b", "2"], ["SET", "c", "3"])
    client.check(b"DELETE a nothing c\r\n", b":2\r\n")
    assert client.pipeline(["GET", "a"], ["GET", "b"], ["GET", "c"]) == [None, b"2", None]


def test_delete_counts_a_key_named_twice_once(client):
    client.command("SET", "k", "v")
    client.check(b"DELETE k k\r\n", b":1\r\n")


def test_a_deleted_key_can_be_set_again(client):
    replies = client.pipeline(["SET", "k", "1"], ["DELETE", "k"], ["SET", "k", "2"], ["GET", "k"])
    assert replies == [b"OK", 1, b"OK", b"2"]


def test_keys_are_case_sensitive(client):
    client.pipeline(["SET", "key", "lower"], ["SET", "KEY", "upper"])
    assert client.pipeline(["GET", "key"], ["GET", "KEY"]) == [b"lower", b"upper"]


@pytest.mark.parametrize("name", ["get", "Get", "gET"])
def test_command_names_are_case_insensitive(client, name):
    client.command("SET", "k", "v")
    assert client.command(name, "k") == b"v"


@pytest.mark.parametrize("number", ["42", "0", "-1", "007", "1e3", "99999999999999999999"])
def test_a_value_that_is_a_number_is_a_value(client, number):
    client.command("SET", "n", number)
    assert client.command("GET", "n") == number.encode()


def test_words_of_bytes_above_127_are_kept(client):
    word = "Größe-Ж-√".encode() + b"\xff\xfe\x80"
    client.command("SET", word, word)
    assert client.command("GET", word) == word


def test_a_key_that_begins_like_another_is_another_key(client):
    client.command("SET", "abc", "1")
    assert client.pipeline(["GET", "ab"], ["GET", "abcd"], ["GET", "abc"]) == [None, None, b"1"]


def test_a_long_key_and_a_long_value_are_kept(client):
    key, value = "k" * 30000, "v" * 30000
    client.command("SET", key, value)
    assert client.command("GET", key) == value.encode()


def test_ten_thousand_keys_are_all_kept(client):
    client.pipeline(*(["SET", f"key:{n}", f"value:{n}"] for n in range(10000)))
    values = client.pipeline(*(["GET", f"key:{n}"] for n in range(10000)))
    assert values == [b"value:%d" % n for n in range(10000)]


def test_every_second_key_can_be_deleted(client):
    client.pipeline(*(["SET", n, n] for n in range(2000)))
    assert client.pipeline(*(["DELETE", n] for n in range(0, 2000, 2))) == [1] * 1000
    values = client.pipeline(*(["GET", n] for n in range(2000)))
    assert values == [b"%d" % n if n % 2 else None for n in range(2000)]


def test_filling_and_emptying_again_and_again_keeps_nothing(client):
    for turn in range(5):
        client.pipeline(*(["SET", f"{turn}:{n}", n] for n in range(500)))
        assert client.pipeline(*(["DELETE", f"{turn}:{n}"] for n in range(500))) == [1] * 500
    assert client.pipeline(*(["GET", f"0:{n}"] for n in range(500))) == [None] * 500


@pytest.mark.since("03-commands")
@pytest.mark.parametrize("word", [b"", b" ", b"a b", b'"', b"'", b"\\", b"\r\n", b"\0", b"a\0b"])
def test_quoted_keys_and_values_are_kept(client, word):
    client.command("SET", word, b"value of " + word)
    assert client.command("GET", word) == b"value of " + word
    assert client.command("DELETE", word) == 1


@pytest.mark.since("08-binary-protocol")
def test_keys_and_values_may_hold_any_byte(client):
    every = bytes(range(256))
    client.command("SET", every, every * 3)
    assert client.command("GET", every) == every * 3


@pytest.mark.since("08-binary-protocol")
def test_an_empty_key_and_an_empty_value_are_kept(client):
    assert client.pipeline(["SET", "", ""], ["GET", ""], ["EXISTS", ""]) == [b"OK", b"", 1]


@pytest.mark.since("08-binary-protocol")
def test_keys_that_differ_after_a_nul_are_different(client):
    client.pipeline(["SET", b"k\x001", "one"], ["SET", b"k\x002", "two"])
    assert client.pipeline(["GET", b"k\x001"], ["GET", b"k\x002"], ["GET", "k"]) == [
        b"one",
        b"two",
        None,
    ]


@pytest.mark.since("08-binary-protocol")
@pytest.mark.parametrize("size", [16383, 16384, 16385, 65535, 65536, 65537, 1048577])
def test_values_of_awkward_sizes_are_kept(client, size):
    value = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    client.command("SET", "k", value)
    assert client.command("GET", "k") == value


@pytest.mark.since("08-binary-protocol")
def test_a_value_of_100_megabytes_is_kept(client):
    value = b"0123456789abcdef" * 6250000
    assert client.command("SET", "k", value) == b"OK"
    received = client.command("GET", "k")
    assert len(received) == len(value)
    assert received == value
