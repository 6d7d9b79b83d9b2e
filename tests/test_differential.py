"""The same requests to Medusa and to Redis 7.0.15, whose replies must be the same.

MEDUSA_DIFFERENTIAL_OPERATIONS=10000000 makes the random test longer; --seed repeats one. What may
differ, and why, is in differential.py. Without redis-server 7.0, what needs it is skipped, and
the skip says so.
"""

import os
import random
import re
import signal

import pytest

from conftest import TEST_LIMIT
from differential import (
    CONFIG_ARGUMENTS, DIFFERENCES, GRAMMAR, Differential, Disagreement, Exchange, Pair, Redis,
    Request, Requests, disagreement_within, is_timed, redis_server, same_reply,
)  # fmt: skip
from medusa import encode

pytestmark = [pytest.mark.since("final"), pytest.mark.env(MEDUSA_TIMEOUT="0")]

OPERATIONS = 300_000
OUR_OWN = {"LIST", "COUNT", "DELETE", "CLEAR", "EXIT"}  # commands that Redis does not have
END_THE_CONNECTION = {"QUIT", "SHUTDOWN"}  # or more than that
NOT_IN_7_0 = {"client|setinfo"}  # since Redis 7.2


@pytest.fixture
def redis(tmp_path):
    """A fresh Redis process."""
    path, problem = redis_server()
    if path is None:
        pytest.skip(problem)
    process = Redis(path, tmp_path)
    yield process
    process.stop()


@pytest.fixture
def start_comparison(server, redis):
    """Starts the comparison of a fresh Medusa and a fresh Redis that follows from a seed."""
    return lambda seed: Differential(server.connect, redis.connect, seed)


@pytest.fixture
def pair(server, redis):
    """A connection to either server."""
    return Pair(1, server.connect(), redis.connect())


def named(words):
    """Gives a command and its words as an id for a report."""
    return words if isinstance(words, str) else None


# Everything at once


def test_random_requests_are_answered_as_redis_answers_them(start_comparison, seed):
    operations = int(os.environ.get("MEDUSA_DIFFERENTIAL_OPERATIONS") or OPERATIONS)
    more_time = max(1, operations / OPERATIONS)
    signal.setitimer(signal.ITIMER_REAL, TEST_LIMIT * more_time)
    comparison = start_comparison(seed)
    comparison.run(operations)
    assert comparison.done >= operations


def test_every_shared_command_is_among_the_random_requests(client):
    known = {name.decode().upper() for name in client.command("COMMAND", "LIST")}
    sent = {line.split()[1] for line in GRAMMAR.strip().split("\n")}
    known = {name for name in known if "|" not in name}
    assert sorted(known - OUR_OWN - END_THE_CONNECTION - sent) == []


# The ways in which a connection ends


ENDINGS = {
    "quit": b"QUIT\r\n",
    "quit-with-words": b"quit now please\r\n",
    "count-not-a-number": b"*x\r\n",
    "count-empty": b"*\r\n",
    "count-with-plus": b"*+1\r\n",
    "count-with-space": b"* 1\r\n",
    "count-with-space-after": b"*1 \r\n",
    "count-with-zero": b"*01\r\n",
    "count-minus-zero": b"*-0\r\n",
    "count-over-31-bits": b"*2147483648\r\n",
    "count-over-63-bits": b"*9223372036854775808\r\n",
    "count-below-63-bits": b"*-9223372036854775809\r\n",
    "length-negative": b"*1\r\n$-1\r\n",
    "length-not-a-number": b"*1\r\n$x\r\n",
    "length-empty": b"*1\r\n$\r\n",
    "length-with-plus": b"*1\r\n$+4\r\nPING\r\n",
    "length-with-zero": b"*1\r\n$04\r\nPING\r\n",
    "length-with-space": b"*1\r\n$4 \r\nPING\r\n",
    "length-over-512-mb": b"*1\r\n$536870913\r\n",
    "length-over-63-bits": b"*1\r\n$9223372036854775808\r\n",
    "second-length": b"*2\r\n$3\r\nGET\r\n$-2\r\n",
    "no-length": b"*1\r\nPING\r\n",
    "integer-for-length": b"*1\r\n:4\r\nPING\r\n",
    "empty-for-length": b"*1\r\n\r\n",
    "high-byte-for-length": b"*1\r\n\xffPING\r\n",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_connection_ends_as_it_does_with_redis(pair, ending):
    request = encode("ECHO", "before") + ENDINGS[ending] + encode("SET", "after", "1")
    received = []
    for client in (pair.ours, pair.theirs):
        client.send_raw(request)
        received.append(client.read_to_end())
    assert received[0] == received[1]


@pytest.mark.parametrize(
    "request_line",
    [b"POST / HTTP/1.1\r\n", b"post /\r\n", b"Host: 127.0.0.1\r\n", b"host: x\r\n",
     encode("POST", "x"), encode("Host:", "x")],
    ids=["post", "lower-case-post", "host", "lower-case-host", "post-in-resp", "host-in-resp"],
)  # fmt: skip
def test_a_browser_is_sent_nothing_by_either(pair, request_line):
    for client in (pair.ours, pair.theirs):
        client.send_raw(request_line + b"SET after 1\r\n")
        assert client.read_to_end() == b""


# COMMAND


def shared_commands(pair):
    """Gives the names of the commands that both servers have, in lower case."""
    ours, theirs = (set(c.command("COMMAND", "LIST")) for c in (pair.ours, pair.theirs))
    return sorted(name.decode() for name in ours & theirs if b"|" not in name)


def test_command_info_tells_what_redis_tells_of_shared_commands(pair):
    names = shared_commands(pair)
    assert len(names) > 50
    compared = {b"readonly", b"write", b"denyoom"}
    for client in (pair.ours, pair.theirs):
        client.info_of = {}
        for name, info in zip(names, client.command("COMMAND", "INFO", *names)):
            flags = compared.intersection(info[2])
            client.info_of[name] = (info[0], info[1], flags, *info[3:6])
    assert pair.ours.info_of == pair.theirs.info_of


def test_command_info_of_an_unknown_command_is_null(pair):
    for client in (pair.ours, pair.theirs):
        client.check(encode("COMMAND", "INFO", "nosuch"), b"*1\r\n$-1\r\n")


DOC_FIELDS = {
    b"summary", b"since", b"group", b"complexity", b"doc_flags", b"deprecated_since",
    b"replaced_by", b"history", b"arguments", b"subcommands", b"reply_schema",
}  # fmt: skip
ARGUMENT_FIELDS = {
    b"name", b"type", b"display_text", b"key_spec_index", b"token", b"summary", b"since",
    b"deprecated_since", b"flags", b"arguments",
}  # fmt: skip
ARGUMENT_TYPES = {
    b"string", b"integer", b"double", b"key", b"pattern", b"unix-time", b"pure-token", b"oneof",
    b"block",
}  # fmt: skip


def check_argument(argument):
    """Fails unless an argument in COMMAND DOCS looks as in Redis; gives the tokens in it."""
    assert {b"name", b"type"} <= set(argument) <= ARGUMENT_FIELDS
    assert argument[b"type"] in ARGUMENT_TYPES
    assert set(argument.get(b"flags", [])) <= {b"optional", b"multiple", b"multiple_token"}
    has_parts = argument[b"type"] in (b"oneof", b"block")
    assert has_parts == (b"arguments" in argument)
    if argument[b"type"] == b"pure-token":
        assert argument[b"token"]
    inner = [check_argument(part) for part in argument.get(b"arguments", [])]
    return {argument.get(b"token")}.union(*inner) - {None}


def check_docs(docs):
    """Fails unless an entry of COMMAND DOCS looks as in Redis; gives the tokens in it."""
    assert {b"summary", b"group"} <= set(docs) <= DOC_FIELDS
    assert docs[b"summary"] and docs[b"group"]
    return set().union(*[check_argument(argument) for argument in docs.get(b"arguments", [])])


def test_command_docs_are_built_as_those_of_redis(pair):
    names = shared_commands(pair)
    ours, theirs = [], []
    for client, found in ((pair.ours, ours), (pair.theirs, theirs)):
        client.command("HELLO", 3)
        docs = client.command("COMMAND", "DOCS", *names)
        assert sorted(docs) == [name.encode() for name in names]
        found += [docs[name.encode()] for name in names]
    for name, a, b in zip(names, ours, theirs):
        assert a[b"group"] == b[b"group"], name
        assert check_docs(a) <= check_docs(b), f"tokens of {name}"
        assert (b"arguments" in a) == (b"arguments" in b), name
        parts = [set(docs.get(b"subcommands", {})) for docs in (a, b)]
        assert parts[0] - {part.encode() for part in NOT_IN_7_0} <= parts[1]
        for part in parts[0] & parts[1]:
            check_docs(a[b"subcommands"][part])


# The comparison itself


def test_the_same_seed_makes_the_same_requests(seed):
    first, second = (
        [request.data for request in Requests(random.Random(seed)).batch(2000)] for _ in range(2)
    )
    assert first == second


def test_a_difference_in_what_is_stored_is_found(start_comparison, server, seed):
    comparison = start_comparison(seed)
    comparison.run(500)
    server.connect().command("SET", "key:5", "changed behind its back", "EX", 10**10)
    with pytest.raises(Disagreement, match="'key:5'"):
        comparison.compare_state()


def test_a_difference_in_a_reply_is_shown_with_what_led_to_it(start_comparison, server, seed):
    comparison = start_comparison(seed)
    pair = comparison.pairs[0]
    comparison.compare(pair, [Request([b"SET", b"key:1", b"7"]), Request([b"SET", b"key:2", b"8"])])
    server.connect().command("APPEND", "key:1", "0")
    with pytest.raises(Disagreement) as caught:
        comparison.compare(pair, [Request([b"INCR", b"key:1"])])
    assert str(caught.value).splitlines()[1:] == [
        "  request 'INCR' 'key:1'",
        "  ours    b':71\\r\\n'",
        "  Redis   b':8\\r\\n'",
        "  what led to it since both held the same:",
        "    [1] 'SET' 'key:1' '7' -> b'+OK\\r\\n'",
    ]


def test_a_difference_within_a_transaction_is_found():
    queue = [Request(line.split()) for line in (b"GET a", b"TTL a", b"GET b")]
    theirs = b"*3\r\n$1\r\n1\r\n:99\r\n$-1\r\n"

    def different(ours):
        exchange = Exchange(1, Request([b"EXEC"]), ours, theirs)
        found = disagreement_within(exchange, queue, lag=0)
        return found and (found.request.words, found.ours)

    assert different(b"*3\r\n$1\r\n1\r\n:100\r\n$-1\r\n") is None
    assert different(b"*3\r\n$1\r\n2\r\n:100\r\n$-1\r\n") == ([b"GET", b"a"], b"$1\r\n2\r\n")
    assert different(b"*3\r\n$1\r\n1\r\n:102\r\n$-1\r\n") == ([b"TTL", b"a"], b":102\r\n")
    assert different(b"*3\r\n$1\r\n1\r\n:99\r\n$0\r\n\r\n") == ([b"GET", b"b"], b"$0\r\n\r\n")
    assert different(b"*1\r\n$1\r\n1\r\n") == ([b"EXEC"], b"*1\r\n$1\r\n1\r\n")


@pytest.mark.parametrize(
    "line, ours, theirs",
    [
        ("GET k", b"$1\r\na\r\n", b"$1\r\nb\r\n"),
        ("GET k", b"$-1\r\n", b"_\r\n"),
        ("GET k", b"$-1\r\n", b"-ERR no\r\n"),
        ("DBSIZE", b":1\r\n", b":2\r\n"),
        ("TTL k", b":100\r\n", b":98\r\n"),
        ("TTL k", b":-1\r\n", b":-2\r\n"),
        ("TTL k", b":1\r\n", b":-1\r\n"),
        ("PTTL k", b":100000\r\n", b":101001\r\n"),
        ("EXPIRETIME k", b":1000000000001\r\n", b":1000000000002\r\n"),
        ("PEXPIRETIME k", b":1000000000000001\r\n", b":1000000000000002\r\n"),
        ("KEYS *", b"*1\r\n$1\r\na\r\n", b"*1\r\n$1\r\nb\r\n"),
        ("KEYS *", b"*1\r\n$0\r\n\r\n", b"*0\r\n"),
        ("RANDOMKEY", b"$-1\r\n", b"$1\r\na\r\n"),
        ("TIME", b"*2\r\n$1\r\n1\r\n$1\r\n0\r\n", b"*2\r\n$1\r\n3\r\n$1\r\n0\r\n"),
        ("CLIENT ID", b":1\r\n", b"-ERR no\r\n"),
        ("CLIENT LIST", b"=5\r\ntxt:a\r\n", b"=5\r\ntxt:a\r\n\r\n"),
        ("CONFIG GET timeout", b"*2\r\n$7\r\ntimeout\r\n$1\r\n1\r\n", b"*0\r\n"),
        ("CONFIG SET loglevel x", b"-ERR a following: b\r\n", b"-ERR b following: b\r\n"),
        ("EXPIRE k 1 a", b"-ERR Unsupported option a\r\n", b"-ERR Unsupported option A\r\n"),
        ("nosuch", b"-ERR unknown command 'x'\r\n", b"-ERR unknown command 'nosuch'\r\n"),
        ("HELLO", b"*2\r\n$2\r\nid\r\n:1\r\n", b"*2\r\n$2\r\nid\r\n:1\r\n$1\r\na\r\n$1\r\nb\r\n"),
    ],
    ids=named,
)
def test_replies_that_mean_something_else_are_told_apart(line, ours, theirs):
    assert not same_reply(line.encode().split(), ours, theirs)


@pytest.mark.parametrize(
    "words, ours, theirs",
    [
        ([b"TTL", b"k"], b":100\r\n", b":99\r\n"),
        ([b"PTTL", b"k"], b":100000\r\n", b":99001\r\n"),
        ([b"EXPIRETIME", b"k"], b":20000000000\r\n", b":20000000001\r\n"),
        ([b"keys", b"*"], b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$1\r\nb\r\n$1\r\na\r\n"),
        ([b"KEYS", b"**"], b"*2\r\n$1\r\na\r\n$0\r\n\r\n", b"*1\r\n$1\r\na\r\n"),
        ([b"RANDOMKEY"], b"$1\r\nb\r\n", b"$1\r\na\r\n"),
        ([b"a\0b"], b"-ERR unknown command 'a b', with args beginning with: \r\n",
         b"-ERR unknown command 'a', with args beginning with: \r\n"),
        ([b"client", b"a\0b"], b"-ERR unknown subcommand 'a b'. Try CLIENT HELP.\r\n",
         b"-ERR unknown subcommand 'a'. Try CLIENT HELP.\r\n"),
        ([b"CONFIG", b"GET", b"*"], b"*2\r\n$8\r\nloglevel\r\n$4\r\ninfo\r\n",
         b"*4\r\n$1\r\na\r\n$1\r\nb\r\n$8\r\nloglevel\r\n$6\r\nnotice\r\n"),
        ([b"INFO"], b"$1\r\na\r\n", b"=5\r\ntxt:b\r\n"),
    ],
    ids=["ttl", "pttl", "expiretime", "keys", "stars", "randomkey", "unknown", "subcommand",
         "settings", "info"],
)  # fmt: skip
def test_replies_that_mean_the_same_are_accepted(words, ours, theirs):
    assert same_reply(words, ours, theirs)


@pytest.mark.parametrize(
    "line, timed",
    [
        ("SET k v EX 100", True),
        ("SET k v 100", True),
        ("SET k v PX 10000000000", False),
        ("SET k v NX ex 100", True),
        ("SET k 100", False),
        ("SET k v EXAT 1", False),
        ("GETEX k PX 1000000000000000", True),
        ("SETEX k 1 v", True),
        ("EXPIRE k -1", False),
        ("PEXPIRE k 99", True),
        ("EXPIRE k 9223372036854775807", False),
        ("EXPIREAT k 1", False),
    ],
)
def test_requests_whose_effect_is_a_matter_of_time_are_known(line, timed):
    assert is_timed(line.encode().split()) == timed


def test_the_third_word_of_set_is_an_option_for_redis():
    def for_redis(*words):
        return Request(list(words)).data_for_redis

    assert for_redis(b"set", b"k", b"v", b"007") == encode("set", "k", "v", "EX", "7")
    assert for_redis(b"SET", b"k", b"v", b"0") == encode("SET", "k", "v", "EX", "0")
    assert for_redis(b"SET", b"k", b"v", b"NX") == encode("SET", "k", "v", "NX")
    assert for_redis(b"SET", b"k", b"v") == encode("SET", "k", "v")


def test_every_difference_says_how_it_is_handled():
    for difference in DIFFERENCES:
        ways = [difference.commands and difference.same, difference.translate]
        assert any(ways) != bool(difference.never_sent), difference.contract


def test_no_random_setting_ends_connections_or_refuses_writes():
    lines = b"\n".join(line for line in CONFIG_ARGUMENTS if line.startswith(b"SET"))
    lines = lines.replace(b"SET timeout 1 timeout 2", b"")  # refused, as it is named twice
    seconds = [int(found) for found in re.findall(rb"(?i)timeout ([1-9]\d*)", lines)]
    assert seconds and min(seconds) > 500
    bytes_alone = re.findall(rb"(?im)maxmemory (\d+)$", lines)
    assert set(bytes_alone) == {b"0"}
