"""The command table: arity, unknown names, and the commands that have no file of their own."""

import pytest

from medusa import encode

pytestmark = pytest.mark.since("03-commands")


# Errors


def test_an_unknown_command_is_named_with_its_arguments(client):
    client.check(
        b"foo a b\r\n", b"-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n"
    )


def test_an_unknown_command_without_arguments_is_named(client):
    client.check(b"FoO\r\n", b"-ERR unknown command 'FoO', with args beginning with: \r\n")


def test_a_name_that_begins_like_a_command_is_unknown(client):
    for name in ("ge", "gett", "g", "setx"):
        assert client.command(name, "k") == (
            b"ERR unknown command '%s', with args beginning with: 'k' " % name.encode()
        )


def test_control_bytes_of_a_request_become_spaces_in_the_error(client):
    client.check(
        b'"a\\r\\nb\\x00c\\x1b" "\\td\\x01"\r\n',
        b"-ERR unknown command 'a  b c ', with args beginning with: ' d ' \r\n",
    )


@pytest.mark.parametrize(
    "words, expected",
    [
        (["n" * 129], (b"n" * 128, b"")),
        (["n" * 128, "a"], (b"n" * 128, b"'a' ")),
        (["x", "a" * 200, "b"], (b"x", b"'%s' " % (b"a" * 128))),
        (["x", "a" * 100, "b" * 100], (b"x", b"'%s' '%s' " % (b"a" * 100, b"b" * 25))),
        (["x", *"a" * 50], (b"x", b"'a' " * 32)),
    ],
    ids=["name", "name-that-fits", "one-argument", "two-arguments", "many-arguments"],
)
def test_the_echo_of_an_unknown_command_is_cut_at_128_bytes(client, words, expected):
    client.check(
        client.encode(*words),
        b"-ERR unknown command '%s', with args beginning with: %s\r\n" % expected,
    )


@pytest.mark.parametrize(
    "words",
    [
        "GET",
        "GET a b",
        "SET",
        "SET k",
        "DELETE",
        "EXISTS",
        "LIST x",
        "COUNT x",
        "CLEAR x",
        "PING a b",
        pytest.param("TTL", marks=pytest.mark.since("04-ttl")),
        pytest.param("TTL a b", marks=pytest.mark.since("04-ttl")),
        pytest.param("EXPIRE", marks=pytest.mark.since("04-ttl")),
        pytest.param("EXPIRE k", marks=pytest.mark.since("04-ttl")),
        pytest.param("KEYS", marks=pytest.mark.since("05-patterns")),
        pytest.param("KEYS a b", marks=pytest.mark.since("05-patterns")),
    ],
)
def test_a_wrong_number_of_arguments_is_refused(client, words):
    name = words.split()[0].lower().encode()
    client.check(
        words.encode() + b"\r\n", b"-ERR wrong number of arguments for '%s' command\r\n" % name
    )


def test_the_error_names_the_command_in_lower_case(client):
    client.check(b"GeT\r\n", b"-ERR wrong number of arguments for 'get' command\r\n")


@pytest.mark.until("03-commands", "stage 04 takes a third word as seconds")
def test_set_takes_exactly_two_arguments(client):
    client.check(b"SET k v 10\r\n", b"-ERR wrong number of arguments for 'set' command\r\n")


@pytest.mark.parametrize("words", ["nosuch", "GET", "SET k"], ids=["unknown", "get", "set"])
def test_the_connection_goes_on_after_an_error(client, words):
    client.check(
        words.encode() + b"\r\nSET k v\r\nGET k\r\n",
        client_error(words) + b"+OK\r\n$1\r\nv\r\n",
    )


def client_error(words):
    name = words.split()[0].lower().encode()
    if name == b"nosuch":
        return b"-ERR unknown command 'nosuch', with args beginning with: \r\n"
    return b"-ERR wrong number of arguments for '%s' command\r\n" % name


def test_a_refused_set_changes_nothing(client):
    client.command("SET", "k", "v")
    client.command("SET", "k")
    assert client.pipeline(["GET", "k"], ["COUNT"]) == [b"v", 1]


@pytest.mark.parametrize("name", ["WATCH", "SUBSCRIBE", "EVAL", "LPUSH", "HSET", "REPLICAOF"])
def test_what_is_deliberately_not_here_is_unknown(client, name):
    assert client.command(name, "k", "v").startswith(b"ERR unknown command '%s'" % name.encode())


# EXISTS, COUNT, LIST


def test_exists_answers_1_or_0(client):
    client.command("SET", "k", "v")
    client.check(b"EXISTS k\r\nEXISTS nothing\r\n", b":1\r\n:0\r\n")


def test_exists_counts_a_key_named_twice_twice(client):
    client.command("SET", "k", "v")
    client.check(b"EXISTS k nothing k\r\n", b":2\r\n")


def test_count_follows_set_and_delete(client):
    replies = client.pipeline(
        ["COUNT"], ["SET", "a", "1"], ["SET", "b", "2"], ["SET", "a", "3"], ["COUNT"],
        ["DELETE", "a", "nothing"], ["COUNT"],
    )  # fmt: skip
    assert replies == [0, b"OK", b"OK", b"OK", 2, 1, 1]


def test_list_of_an_empty_store_is_an_empty_array(client):
    client.check(b"LIST\r\n", b"*0\r\n")


def test_list_holds_every_key_once(client):
    keys = [b"key:%d" % n for n in range(1000)]
    client.pipeline(*(["SET", key, "v"] for key in keys))
    assert sorted(client.command("LIST")) == sorted(keys)


def test_list_holds_keys_as_bulk_strings(client):
    client.command("SET", "a b", "v")
    client.check(b"LIST\r\n", b"*1\r\n$3\r\na b\r\n")


def test_list_leaves_out_deleted_keys(client):
    client.pipeline(*(["SET", n, "v"] for n in range(100)))
    client.pipeline(*(["DELETE", n] for n in range(50)))
    assert sorted(map(int, client.command("LIST"))) == list(range(50, 100))


# CLEAR, FLUSHALL


@pytest.mark.parametrize("name", ["CLEAR", "FLUSHALL"])
def test_everything_is_removed(client, name):
    client.pipeline(*(["SET", n, "v"] for n in range(1000)))
    client.check(name.encode() + b"\r\n", b"+OK\r\n")
    assert client.pipeline(["COUNT"], ["LIST"], ["GET", "1"]) == [0, [], None]


@pytest.mark.parametrize("name", ["CLEAR", "FLUSHALL"])
def test_an_empty_store_can_be_cleared(client, name):
    assert client.pipeline([name], [name], ["COUNT"]) == [b"OK", b"OK", 0]


def test_a_cleared_store_can_be_filled_again(client):
    for _ in range(3):
        client.pipeline(*(["SET", n, n] for n in range(300)))
        assert client.pipeline(["COUNT"], ["GET", "299"], ["CLEAR"]) == [300, b"299", b"OK"]


@pytest.mark.since("22-protected-mode")
@pytest.mark.parametrize("mode", ["ASYNC", "SYNC", "async"])
def test_flushall_takes_async_and_sync(client, mode):
    client.command("SET", "k", "v")
    assert client.pipeline(["FLUSHALL", mode], ["COUNT"]) == [b"OK", 0]


@pytest.mark.since("22-protected-mode")
def test_flushall_refuses_another_word(client):
    client.command("SET", "k", "v")
    assert client.pipeline(["FLUSHALL", "NOW"], ["COUNT"]) == [b"ERR syntax error", 1]


# PING, QUIT, EXIT


def test_ping_answers_pong(client):
    client.check(b"PING\r\n", b"+PONG\r\n")


def test_ping_gives_a_message_back_as_a_bulk_string(client):
    client.check(b'PING "hello there"\r\n', b"$11\r\nhello there\r\n")


@pytest.mark.parametrize("name", ["QUIT", "EXIT", "quit"])
def test_the_connection_closes_after_an_ok(client, name):
    client.check_closed(name.encode() + b"\r\n", b"+OK\r\n")


def test_what_follows_quit_is_not_run(server):
    with server.connect() as client:
        client.check_closed(b"SET a 1\r\nQUIT\r\nSET b 2\r\n", b"+OK\r\n+OK\r\n")
    with server.connect() as client:
        client.check(b"EXISTS a\r\nEXISTS b\r\n", b":1\r\n:0\r\n")


@pytest.mark.since("08-binary-protocol")
def test_control_bytes_of_a_binary_request_become_spaces_in_the_error(client):
    control = bytes(range(32))
    client.check(
        encode(b"a" + control, b"b" + control),
        b"-ERR unknown command 'a%s', with args beginning with: 'b%s' \r\n"
        % (b" " * 32, b" " * 32),
    )
