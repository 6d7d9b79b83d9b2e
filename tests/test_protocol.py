"""Requests as RESP arrays, split and broken in every way."""

import random

import pytest

from medusa import LIMIT, MEGABYTE, encode, eventually

pytestmark = pytest.mark.since("08-binary-protocol")


def protocol_error(text):
    return b"-ERR Protocol error: " + text + b"\r\n"


BAD_COUNT = protocol_error(b"invalid multibulk length")
BAD_LENGTH = protocol_error(b"invalid bulk length")


# Requests that are fine


def test_an_array_of_bulk_strings_is_a_request(client):
    client.check(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n", b"+OK\r\n")
    client.check(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", b"$5\r\nhello\r\n")


def test_line_ends_inside_a_value_are_data(client):
    value = b"\r\n*1\r\n$4\r\nPING\r\n\0\n"
    client.check(encode("SET", "k", value), b"+OK\r\n")
    client.check(encode("GET", "k"), b"$%d\r\n%s\r\n" % (len(value), value))


def test_pipelined_requests_are_answered_in_order(client):
    client.send_raw(encode("SET", "k", "1") + encode("GET", "k") + encode("DELETE", "k"))
    assert client.read_many(3) == [b"OK", b"1", 1]


def test_lines_and_arrays_can_be_mixed(client):
    client.check(
        b"SET a 1\r\n" + encode("GET", "a") + b"\r\nGET a\n" + encode("PING") + b"PING\r\n",
        b"+OK\r\n$1\r\n1\r\n$1\r\n1\r\n+PONG\r\n+PONG\r\n",
    )


@pytest.mark.parametrize("count", [b"0", b"-1", b"-5", b"-2147483648"])
def test_an_array_of_no_words_is_ignored(client, count):
    client.check(b"*" + count + b"\r\n" + encode("PING"), b"+PONG\r\n")


def test_an_empty_command_name_is_unknown(client):
    client.check(
        b"*1\r\n$0\r\n\r\n", b"-ERR unknown command '', with args beginning with: \r\n"
    )


def test_an_array_reply_holds_binary_keys(client):
    key = b"a\r\nb\0c"
    client.command("SET", key, "v")
    client.check(encode("LIST"), b"*1\r\n$6\r\n" + key + b"\r\n")


MIXED = encode("SET", "key", b"\r\n\0") + b'get "key"\r\n' + b"*0\r\n\r\n" + encode("DELETE", "key")
MIXED_REPLIES = b"+OK\r\n$3\r\n\r\n\0\r\n:1\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_requests_may_arrive_in_pieces_of_any_size(client, size):
    client.send_bytewise(MIXED, size)
    client.check(b"", MIXED_REPLIES)


def test_requests_may_arrive_split_at_any_byte(client):
    for at in range(1, len(MIXED)):
        client.send_raw(MIXED[:at])
        client.check(MIXED[at:], MIXED_REPLIES)


def test_no_reply_comes_before_the_last_byte(client):
    request = encode("SET", "k", "v")
    client.send_raw(request[:-1])
    assert client.receives_nothing(0.1)
    client.check(request[-1:], b"+OK\r\n")


def test_a_request_of_a_million_words_is_served(client):
    client.command("SET", "k", "v")
    words = MEGABYTE - 1
    client.send_raw(b"*%d\r\n$6\r\nEXISTS\r\n" % MEGABYTE + b"$1\r\nk\r\n" * words)
    assert client.read(3 * LIMIT) == words


def test_an_announced_length_costs_no_memory_until_the_bytes_arrive(server, client):
    before = server.memory()
    client.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n")
    assert client.receives_nothing(0.2)
    assert server.memory() - before < 64 * MEGABYTE


def test_an_announced_array_costs_no_memory_until_the_words_arrive(server):
    before = server.memory()
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.send_raw(b"*1048576\r\n")
    assert clients[-1].receives_nothing(0.2)
    assert server.memory() - before < 64 * MEGABYTE


def test_a_client_that_goes_in_the_middle_of_a_request_changes_nothing(server):
    with server.connect() as first:
        first.send_raw(encode("SET", "k", "v") + encode("SET", "k", "other")[:-2])
        first.close_sending_side()
        assert first.read_to_end() == b"+OK\r\n"
    assert server.connect().command("GET", "k") == b"v"


# Requests that are broken


@pytest.mark.parametrize(
    "count",
    [b"1048577", b"abc", b"1x", b"", b" 1", b"99999999999999999999", b"2147483648", b"1.5", b"+1"],
)
def test_a_bad_word_count_is_refused_and_the_connection_closed(client, count):
    client.check_closed(b"*" + count + b"\r\n", BAD_COUNT)


@pytest.mark.parametrize(
    "length",
    [b"-1", b"-2", b"536870913", b"abc", b"1x", b"", b" 1", b"99999999999999999999", b"4294967297"],
)
def test_a_bad_length_is_refused_and_the_connection_closed(client, length):
    client.check_closed(b"*2\r\n$3\r\nGET\r\n$" + length + b"\r\n", BAD_LENGTH)


@pytest.mark.parametrize(
    "byte, shown",
    [(b"x", b"x"), (b":", b":"), (b"*", b"*"), (b"\n", b" "), (b"\0", b" "), (b"\xff", b"\xff")],
    ids=["letter", "colon", "star", "newline", "nul", "high"],
)
def test_an_argument_that_does_not_start_with_a_dollar_is_refused(client, byte, shown):
    client.check_closed(
        b"*2\r\n$3\r\nGET\r\n" + byte + b"1\r\nk\r\n",
        protocol_error(b"expected '$', got '" + shown + b"'"),
    )


@pytest.mark.parametrize("filler", [b"1", b"x"], ids=["digits", "letters"])
def test_an_endless_word_count_is_refused(client, filler):
    client.check_closed(b"*" + filler * 65600, protocol_error(b"too big mbulk count string"))


@pytest.mark.parametrize("filler", [b"1", b"x"], ids=["digits", "letters"])
def test_an_endless_length_is_refused(client, filler):
    client.check_closed(
        b"*1\r\n$" + filler * 65600, protocol_error(b"too big bulk count string")
    )


def test_requests_before_an_error_are_answered_first(client):
    client.check_closed(
        encode("SET", "k", "v") + encode("GET", "k") + b"*abc\r\n" + encode("GET", "k"),
        b"+OK\r\n$1\r\nv\r\n" + BAD_COUNT,
    )


def test_what_follows_an_error_is_not_run(server):
    with server.connect() as client:
        client.check_closed(b"*1\r\n$abc\r\n" + encode("SET", "k", "v"), BAD_LENGTH)
    assert server.connect().command("GET", "k") is None


def test_an_error_closes_only_the_connection_that_made_it(server):
    good, bad = server.connect(), server.connect()
    good.send_raw(encode("SET", "k", "v")[:-3])
    bad.check_closed(b"*x\r\n", BAD_COUNT)
    good.check(encode("SET", "k", "v")[-3:], b"+OK\r\n")


# A browser that was talked into sending a request


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\n",
        b"post /x HTTP/1.1\r\n",
        b"Host: localhost:2312\r\n",
        b"HOST: x\r\n",
        encode("POST", "/"),
        encode("host:", "x"),
    ],
    ids=["post", "lower-post", "host", "upper-host", "post-array", "host-array"],
)
def test_a_browser_is_cut_off_without_a_reply(client, request_bytes):
    client.check_closed(request_bytes + b"\r\nSET k v\r\n", b"")


def test_what_a_browser_sends_is_not_run(server):
    with server.connect() as client:
        client.check_closed(
            b"SET a 1\r\nPOST / HTTP/1.1\r\nHost: x\r\n\r\nSET b 2\r\n", b"+OK\r\n"
        )
    client = server.connect()
    assert client.pipeline(["EXISTS", "a"], ["EXISTS", "b"]) == [1, 0]


def test_a_browser_is_worth_a_warning_in_the_log(server, client):
    before = server.log_text()
    client.check_closed(b"POST / HTTP/1.1\r\n", b"")
    eventually(lambda: "warn" in server.log_text()[len(before) :].lower(), "a warning in the log")


# Garbage


def test_random_bytes_never_stop_the_server(server, seed):
    chance = random.Random(seed)
    pieces = [
        b"*", b"$", b"\r\n", b"-1", b"3", b"SET", b"GET", b"k", b'"', b"'", b"\0", b"\xff",
        b"*2\r\n$3\r\nGET\r\n", b"$1\r\nk\r\n", b"PING\r\n", b"\n", b" ", b"99999",
    ]  # fmt: skip
    for _ in range(100):
        with server.connect() as client:
            client.send_raw(b"".join(chance.choices(pieces, k=chance.randrange(1, 60))))
            client.close_sending_side()
            client.read_to_end()
    assert server.connect().command("PING") == b"PONG"
