"""Requests as lines: words, quotes, ends and limits."""

import pytest

from medusa import encode_inline

pytestmark = pytest.mark.since("02-hash-map")

LINE_LIMIT = 65536
TOO_BIG = b"-ERR Protocol error: too big inline request\r\n"
UNBALANCED = b"-ERR Protocol error: unbalanced quotes in request\r\n"


# Words and lines


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_line_ends_with_lf_or_crlf(client, end):
    client.check(b"SET k v" + end + b"GET k" + end, b"+OK\r\n$1\r\nv\r\n")


@pytest.mark.parametrize(
    "line",
    [b"  GET k", b"GET   k", b"GET k  ", b"\tGET\tk\t", b"GET \t k", b" \t GET k \t "],
    ids=["before", "between", "after", "tabs", "mixed", "everywhere"],
)
def test_any_number_of_spaces_and_tabs_separates_words(client, line):
    client.command("SET", "k", "v")
    client.check(line + b"\r\n", b"$1\r\nv\r\n")


@pytest.mark.parametrize(
    "empty",
    [b"\n", b"\r\n", b"\n\r\n\n", b" \r\n", b"\t \n"],
    ids=["lf", "crlf", "three", "blank", "tab"],
)
def test_empty_lines_are_ignored(client, empty):
    client.check(empty + b"SET k v\r\n" + empty + b"GET k\r\n" + empty, b"+OK\r\n$1\r\nv\r\n")


def test_several_lines_may_arrive_in_one_packet(client):
    client.check(
        b"SET a 1\r\nSET b 2\nGET a\r\nGET b\nDELETE a b\r\nGET a\r\n",
        b"+OK\r\n+OK\r\n$1\r\n1\r\n$1\r\n2\r\n:2\r\n$-1\r\n",
    )


def test_a_line_may_arrive_one_byte_at_a_time(client):
    client.send_bytewise(b"SET key value\r\nGET key\n")
    client.check(b"", b"+OK\r\n$5\r\nvalue\r\n")


def test_a_line_may_arrive_split_at_any_byte(client):
    lines = b"SET key value\r\nGET key\r\n"
    for at in range(1, len(lines)):
        client.send_raw(lines[:at])
        client.check(lines[at:], b"+OK\r\n$5\r\nvalue\r\n")


def test_no_reply_comes_before_the_line_ends(client):
    client.send_raw(b"GET k")
    assert client.receives_nothing(0.1)
    client.check(b"\n", b"$-1\r\n")


def test_ten_thousand_lines_in_one_go_are_answered_in_order(client):
    client.send_raw(b"".join(b"SET k %d\r\nGET k\r\n" % n for n in range(5000)))
    replies = client.read_many(10000)
    assert replies[1::2] == [b"%d" % n for n in range(5000)]
    assert replies[::2] == [b"OK"] * 5000


def test_a_client_that_closes_its_sending_side_gets_every_reply(client):
    client.send_raw(b"SET k v\r\n" + b"GET k\r\n" * 1000)
    client.close_sending_side()
    assert client.read_to_end() == b"+OK\r\n" + b"$1\r\nv\r\n" * 1000


def test_a_line_without_an_end_is_not_run_when_the_client_closes(server):
    with server.connect() as client:
        client.send_raw(b"SET k v\r\nDELETE k")
        client.close_sending_side()
        assert client.read_to_end() == b"+OK\r\n"
    with server.connect() as client:
        client.check(b"GET k\r\n", b"$1\r\nv\r\n")


# The limit of a line


def line_of(length):
    return b"SET k " + b"v" * (length - len(b"SET k "))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_line_of_64_kib_is_served(client, end):
    client.check(line_of(LINE_LIMIT) + end, b"+OK\r\n")
    assert client.command("GET", "k") == b"v" * (LINE_LIMIT - len("SET k "))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_line_over_64_kib_is_refused_and_the_connection_closed(client, end):
    client.check_closed(line_of(LINE_LIMIT + 1) + end, TOO_BIG)


def test_a_line_over_64_kib_is_refused_before_its_end(client):
    # Two bytes more, since the last of them might have been the "\r" of the end.
    client.check_closed(line_of(LINE_LIMIT + 2), TOO_BIG)


def test_a_line_of_a_megabyte_is_refused(server):
    with server.connect() as client:
        client.check_closed(line_of(1048576) + b"\r\nGET k\r\n", TOO_BIG)
    with server.connect() as client:
        client.check(b"GET k\r\n", b"$-1\r\n")


def test_requests_before_a_line_too_long_are_answered_first(client):
    client.check_closed(
        b"SET k v\r\nGET k\r\n" + line_of(LINE_LIMIT + 2), b"+OK\r\n$1\r\nv\r\n" + TOO_BIG
    )


def test_a_line_of_blanks_over_64_kib_is_refused(client):
    client.check_closed(b" " * (LINE_LIMIT + 2), TOO_BIG)


def test_twenty_thousand_words_fit_on_a_line(client):
    client.check(b"DELETE" + b" k" * 20000 + b"\r\n", b":0\r\n")


# Quotes


@pytest.mark.until("02-hash-map", "stage 03 gives quotes a meaning")
def test_quotes_are_plain_bytes(client):
    client.check(b'SET "k" "it\'s"\r\nGET "k"\r\n', b"+OK\r\n$6\r\n\"it's\"\r\n")


@pytest.mark.since("03-commands")
@pytest.mark.parametrize(
    "quoted, value",
    [
        (b'"a b"', b"a b"),
        (b"'a b'", b"a b"),
        (b'""', b""),
        (b"''", b""),
        (rb'"\n\r\t\b\a"', b"\n\r\t\b\a"),
        (rb'"\\ \""', b'\\ "'),
        (rb'"\x00\x7f\xFf\xaB"', b"\x00\x7f\xff\xab"),
        (rb'"\q\-"', b"q-"),
        (rb'"\xg0"', b"xg0"),
        (rb"'\n\\ \x41'", rb"\n\\ \x41"),
        (rb"'it\'s'", b"it's"),
        (b"\"it's\"", b"it's"),
        (b"'say \"hi\"'", b'say "hi"'),
        (b'"\t"', b"\t"),
        (b'"\xff\xfe"', b"\xff\xfe"),
    ],
    ids=[
        "double", "single", "empty-double", "empty-single", "escapes", "quote-and-backslash",
        "hex", "other-escapes", "bad-hex", "single-is-raw", "single-escape", "single-in-double",
        "double-in-single", "tab", "high-bytes",
    ],
)  # fmt: skip
def test_quotes_hold_a_word_together(client, quoted, value):
    client.check(b"SET k " + quoted + b"\r\n", b"+OK\r\n")
    client.check(b"GET k\r\n", b"$%d\r\n%s\r\n" % (len(value), value))


@pytest.mark.since("03-commands")
def test_a_command_name_may_be_quoted(client):
    client.check(b"\"SET\" 'k' v\r\n\"GET\"\tk\r\n", b"+OK\r\n$1\r\nv\r\n")


@pytest.mark.since("03-commands")
def test_a_quoted_end_of_line_is_part_of_no_line(client):
    # The line ends at its first newline, inside quotes as well.
    client.check(b'SET k "a\nGET k\n', UNBALANCED + b"$-1\r\n")


@pytest.mark.since("03-commands")
@pytest.mark.parametrize(
    "line",
    [
        b'GET "k', b"GET 'k", b'GET "k"x', b"GET 'k'x", b'GET "k"\'x\'', rb'GET "k\"',
        rb"GET 'k\'", b'"',
    ],
    ids=["double", "single", "text-after", "text-after-single", "quote-after", "escaped",
         "escaped-single", "alone"],
)  # fmt: skip
def test_unbalanced_quotes_are_refused_and_the_next_line_is_served(client, line):
    client.command("SET", "k", "v")
    client.check(line + b"\r\nGET k\r\n", UNBALANCED + b"$1\r\nv\r\n")


@pytest.mark.since("03-commands")
def test_requests_before_unbalanced_quotes_are_answered_first(client):
    client.check(b'SET k v\r\nGET "\r\nGET k\r\n', b"+OK\r\n" + UNBALANCED + b"$1\r\nv\r\n")


@pytest.mark.since("03-commands")
def test_every_byte_can_be_written_in_quotes(client):
    every = bytes(range(256))
    client.send_raw(encode_inline("SET", "k", every) + encode_inline("GET", "k"))
    assert client.read_many(2) == [b"OK", every]


@pytest.mark.until("07-config", "stage 08 reads a star as the start of a RESP array")
@pytest.mark.since("03-commands")
def test_a_line_that_begins_with_a_star_is_a_line(client):
    client.check(b"*1\r\n", b"-ERR unknown command '*1', with args beginning with: \r\n")
