"""HELLO and version 3 of the protocol: what it changes, and for whom."""

import pytest

from medusa import Error, ReplyReader, Simple, encode

pytestmark = pytest.mark.since("24-resp3")

NULL_2, NULL_3 = b"$-1\r\n", b"_\r\n"
NOT_A_NUMBER = b"ERR Protocol version is not an integer or out of range"
NOT_A_VERSION = b"NOPROTO unsupported protocol version"

NAMES = [b"server", b"version", b"proto", b"id", b"mode", b"role", b"modules"]


def raw(client, *words):
    """Sends one request and returns the bytes of its reply."""
    client.send(*words)
    return client.read_raw()


def null_of(client):
    """Returns the null that a connection gets: it tells its version."""
    return raw(client, "GET", "no such key")


def hello(client, *words):
    """Says HELLO; returns the reply and its bytes."""
    reader = ReplyReader()
    reader.feed(raw(client, "HELLO", *words))
    return reader.next()


# What HELLO answers


def test_hello_3_answers_a_map_of_what_the_server_is(client):
    reply, bytes_of_it = hello(client, "3")
    assert bytes_of_it.startswith(b"%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n")
    assert list(reply) == NAMES
    assert reply[b"server"] == b"redis"
    assert reply[b"version"].startswith(b"7.")
    assert reply[b"proto"] == 3
    assert reply[b"mode"] == b"standalone"
    assert reply[b"role"] == b"master"
    assert reply[b"modules"] == []


@pytest.mark.parametrize("words", [[], ["2"]], ids=["none", "2"])
def test_hello_without_3_answers_the_same_as_a_flat_array(client, words):
    reply, bytes_of_it = hello(client, *words)
    assert bytes_of_it.startswith(b"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n")
    assert reply[::2] == NAMES
    assert reply[reply.index(b"proto") + 1] == 2


def test_the_version_in_hello_is_the_one_in_info(client):
    assert client.command("HELLO", "3")[b"version"].decode() == client.info()["redis_version"]


def test_the_id_is_another_one_for_each_connection_and_stays(server):
    clients = [server.connect() for _ in range(5)]
    ids = [client.command("HELLO", "3")[b"id"] for client in clients]
    assert len(set(ids)) == 5
    assert ids == sorted(ids)
    assert [client.command("HELLO", "3")[b"id"] for client in clients] == ids


def test_hello_takes_any_case(client):
    assert client.command("hello", "3")[b"proto"] == 3


def test_hello_works_as_a_line(client):
    client.send_raw(b"HELLO 3\r\nGET nothing\r\n")
    assert client.read()[b"proto"] == 3
    assert client.read_raw() == NULL_3


# What it refuses, as Redis 7 does


@pytest.mark.parametrize("version", ["abc", "", "3.0", "03", " 3", "3 ", "+3", "9" * 30])
def test_a_version_that_is_no_number_is_refused(client, version):
    reply = client.command("HELLO", version)
    assert isinstance(reply, Error)
    assert reply == NOT_A_NUMBER
    assert null_of(client) == NULL_2


@pytest.mark.parametrize("version", ["1", "4", "0", "-3", "9223372036854775807"])
def test_a_version_that_does_not_exist_is_refused(client, version):
    reply = client.command("HELLO", version)
    assert isinstance(reply, Error)
    assert reply == NOT_A_VERSION
    assert null_of(client) == NULL_2


@pytest.mark.parametrize("version", ["4", "abc"])
def test_a_refused_version_leaves_version_3_in_force(client, version):
    client.command("HELLO", "3")
    assert isinstance(client.command("HELLO", version), Error)
    assert null_of(client) == NULL_3
    assert client.command("HELLO")[b"proto"] == 3


@pytest.mark.since("25-passwords")
@pytest.mark.parametrize(
    "words, named",
    [
        (["3", "FOO"], b"FOO"),
        (["3", "AUTH"], b"AUTH"),
        (["2", "auth", "default"], b"auth"),
        (["3", "FOO", "bar", "baz"], b"FOO"),
    ],
    ids=["unknown", "no-user", "no-password", "three"],
)
def test_an_option_that_cannot_be_read_is_named(client, words, named):
    reply = client.command("HELLO", *words)
    assert isinstance(reply, Error)
    assert reply == b"ERR Syntax error in HELLO option '%s'" % named
    assert null_of(client) == NULL_2


@pytest.mark.since("25-passwords")
def test_control_bytes_of_an_option_stay_out_of_the_reply(client):
    reply = client.command("HELLO", "3", "a\r\nb")
    assert reply == b"ERR Syntax error in HELLO option 'a  b'"
    assert client.command("PING") == b"PONG"


def test_options_need_a_version_before_them(client):
    assert client.command("HELLO", "FOO") == NOT_A_NUMBER


# What version 3 changes


def test_in_version_3_every_null_is_the_short_one(client):
    assert null_of(client) == NULL_2
    client.command("HELLO", "3")
    assert null_of(client) == NULL_3
    assert raw(client, "GET", "other") == NULL_3


def test_nothing_else_changes(client):
    """Each reply but a null and a map is the same, byte by byte, in both versions."""
    requests = [
        ["SET", "k", "v"], ["GET", "k"], ["SET", "empty", ""], ["GET", "empty"], ["EXISTS", "k"],
        ["TTL", "k"], ["TTL", "none"], ["EXPIRE", "k", "100"], ["KEYS", "k*"], ["KEYS", "zzz"],
        ["COUNT"], ["PING"], ["PING", "hi"], ["DELETE", "none"], ["NOSUCH", "a"], ["GET"],
        ["SET", "k", "v", "0"], ["EXPIRE", "k", "x"], ["FLUSHALL"], ["LIST"],
    ]  # fmt: skip
    in_version_2 = [raw(client, *words) for words in requests]
    client.command("HELLO", "3")
    assert [raw(client, *words) for words in requests] == in_version_2


def test_info_is_a_bulk_string_in_version_3_too(client):
    client.command("HELLO", "3")
    assert raw(client, "INFO", "server").startswith(b"$")


def test_an_error_of_the_protocol_is_the_same_in_version_3(client):
    client.command("HELLO", "3")
    client.check_closed(b"*1\r\n!3\r\n", b"-ERR Protocol error: expected '$', got '!'\r\n")


# Whom it concerns


def test_one_connection_changes_and_no_other(server):
    before, three, two = server.connect(), server.connect(), server.connect()
    assert before.command("PING") == b"PONG"
    three.command("HELLO", "3")
    two.command("HELLO", "2")
    after = server.connect()
    assert [null_of(c) for c in (before, three, two, after)] == [NULL_2, NULL_3, NULL_2, NULL_2]


def test_clients_of_both_versions_in_one_turn_each_get_their_own(server):
    """Their requests may be run as one batch, one after the other."""
    clients = [server.connect() for _ in range(20)]
    for number, client in enumerate(clients):
        client.command("HELLO", 2 + number % 2)
    for client in clients:
        client.send("GET", "nothing")
    assert [client.read_raw() for client in clients] == [NULL_2, NULL_3] * 10


def test_a_connection_can_go_back_to_version_2(client):
    client.command("HELLO", "3")
    assert client.command("HELLO", "2")[:2] == [b"server", b"redis"]
    assert null_of(client) == NULL_2
    client.command("HELLO", "3")
    assert null_of(client) == NULL_3


def test_hello_without_a_version_changes_nothing(client):
    client.command("HELLO", "3")
    assert client.command("HELLO")[b"proto"] == 3
    assert null_of(client) == NULL_3


def test_a_new_connection_begins_with_version_2(server):
    with server.connect() as first:
        first.command("HELLO", "3")
    for _ in range(3):
        with server.connect() as client:
            assert null_of(client) == NULL_2


# In a pipeline and in MULTI


def test_in_a_pipeline_each_request_is_answered_in_the_version_before_it(client):
    client.send_raw(
        encode("GET", "no") + encode("HELLO", "3") + encode("GET", "no") + encode("HELLO", "9")
        + encode("GET", "no") + encode("HELLO", "2") + encode("GET", "no")
    )  # fmt: skip
    assert client.read_raw() == NULL_2
    assert client.read_raw().startswith(b"%7\r\n")
    assert client.read_raw() == NULL_3
    assert client.read_raw() == b"-" + NOT_A_VERSION + b"\r\n"
    assert client.read_raw() == NULL_3
    assert client.read_raw().startswith(b"*14\r\n")
    assert client.read_raw() == NULL_2


def test_hello_split_at_every_byte_is_the_same(server):
    request = encode("HELLO", "3") + encode("GET", "no")
    for at in range(1, len(request)):
        with server.connect() as client:
            client.send_raw(request[:at])
            client.send_raw(request[at:])
            assert client.read()[b"proto"] == 3
            assert client.read_raw() == NULL_3


def test_inside_multi_hello_is_queued_and_takes_effect_in_exec(client):
    requests = [["MULTI"], ["GET", "no"], ["HELLO", "3"], ["GET", "no"]]
    assert client.pipeline(*requests) == [b"OK", b"QUEUED", b"QUEUED", b"QUEUED"]
    reply = raw(client, "EXEC")
    assert reply.startswith(b"*3\r\n" + NULL_2 + b"%7\r\n")
    assert reply.endswith(b"*0\r\n" + NULL_3)
    assert null_of(client) == NULL_3


def test_a_discarded_hello_changes_nothing(client):
    assert client.pipeline(["MULTI"], ["HELLO", "3"], ["DISCARD"]) == [b"OK", b"QUEUED", b"OK"]
    assert null_of(client) == NULL_2


def test_a_refused_hello_in_exec_is_one_error_among_the_replies(client):
    client.pipeline(["MULTI"], ["HELLO", "9"], ["GET", "no"])
    assert raw(client, "EXEC") == b"*2\r\n-" + NOT_A_VERSION + b"\r\n" + NULL_2


# Back to the beginning


@pytest.mark.since("25-passwords")
def test_reset_goes_back_to_version_2(client):
    client.command("HELLO", "3")
    reply = client.command("RESET")
    assert isinstance(reply, Simple)
    assert reply == b"RESET"
    assert null_of(client) == NULL_2


@pytest.mark.since("25-passwords")
def test_reset_ends_a_transaction(client):
    client.pipeline(["SET", "k", "old"], ["MULTI"], ["SET", "k", "new"])
    assert client.command("RESET") == b"RESET"
    assert client.command("EXEC") == b"ERR EXEC without MULTI"
    assert client.command("GET", "k") == b"old"


@pytest.mark.since("25-passwords")
def test_reset_keeps_the_data_and_the_connection(client):
    client.command("SET", "k", "v")
    identity = client.command("HELLO", "3")[b"id"]
    client.command("RESET")
    assert client.command("GET", "k") == b"v"
    assert client.command("HELLO", "3")[b"id"] == identity


@pytest.mark.since("25-passwords")
def test_reset_takes_no_word(client):
    client.command("HELLO", "3")
    reply = client.command("RESET", "now")
    assert reply == b"ERR wrong number of arguments for 'reset' command"
    assert null_of(client) == NULL_3
