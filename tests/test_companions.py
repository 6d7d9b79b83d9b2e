"""The commands that Redis clients need beside our own: what they do, guarantee and refuse."""

import shlex

import pytest

from medusa import LIMIT, Error, eventually

pytestmark = pytest.mark.since("final")

SYNTAX = "ERR syntax error"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_A_FLOAT = "ERR value is not a valid float"
NO_SUCH_KEY = "ERR no such key"
OVERFLOW = "ERR increment or decrement would overflow"
TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
NX_AND_OTHERS = "ERR NX and XX, GT or LT options at the same time are not compatible"
GT_AND_LT = "ERR GT and LT options at the same time are not compatible"

FAR = 5_000_000_000  # seconds, in the year 2128
FAR_MS = FAR * 1000
MOST = 9223372036854775807
LEAST = -9223372036854775808


def talk(client, conversation):
    """Sends each line up to its `->`, and fails unless the reply looks as the rest of the line.

    A string is in double quotes, nil is a null, an array is in brackets; a number, a simple
    string and an error stand for themselves.
    """
    lines = [line.strip() for line in conversation.strip().splitlines()]
    pairs = [line.split(" -> ") for line in lines]
    replies = client.pipeline(*[shlex.split(request.strip()) for request, _ in pairs])
    told = [f"{request} -> {shown(reply)}" for (request, _), reply in zip(pairs, replies)]
    assert told == [f"{request} -> {wanted.strip()}" for request, wanted in pairs]


def shown(reply):
    """Writes a reply as talk() wants it."""
    if reply is None:
        return "nil"
    if isinstance(reply, list):
        return "[" + " ".join(map(shown, reply)) + "]"
    if type(reply) is bytes:
        return f'"{reply.decode()}"'
    return str(reply) if isinstance(reply, int) else reply.decode()


def fails(client, request, error):
    """Sends a request and fails unless it is answered with an error."""
    reply = client.command(*shlex.split(request))
    assert isinstance(reply, Error)
    assert reply.decode() == error


def expired(client, *keys):
    """Waits until none of some keys exists any more."""
    eventually(lambda: client.command("EXISTS", *keys) == 0, f"the deadline of {keys}")


# SET with options


def test_nx_stores_only_where_there_is_nothing(client):
    talk(client, """
        SET k 1 NX -> OK
        SET k 2 NX -> nil
        GET k      -> "1"
    """)  # fmt: skip


def test_xx_stores_only_where_there_is_something(client):
    talk(client, """
        SET k 1 XX -> nil
        EXISTS k   -> 0
        SET k 2    -> OK
        SET k 3 XX -> OK
        GET k      -> "3"
    """)  # fmt: skip


def test_set_with_get_answers_the_old_value(client):
    talk(client, """
        SET k 1 GET    -> nil
        SET k 2 GET    -> "1"
        SET k 3 NX GET -> "2"
        SET k 4 GET XX -> "2"
        SET m 1 XX GET -> nil
        SET m 2 NX GET -> nil
        MGET k m       -> ["4" "2"]
    """)  # fmt: skip


def test_set_takes_a_deadline_in_four_ways(client):
    talk(client, f"""
        SET a v EXAT {FAR}        -> OK
        EXPIRETIME a              -> {FAR}
        SET b v PXAT {FAR_MS + 1} -> OK
        PEXPIRETIME b             -> {FAR_MS + 1}
        SET c v EX 1000           -> OK
        SET d v PX 1000000        -> OK
        TTL c                     -> 1000
        TTL d                     -> 1000
    """)  # fmt: skip


def test_keepttl_keeps_the_deadline_that_a_plain_set_clears(client):
    talk(client, f"""
        SET k 1 EXAT {FAR}      -> OK
        SET k 2 KEEPTTL         -> OK
        EXPIRETIME k            -> {FAR}
        SET k 3 XX KEEPTTL GET  -> "2"
        EXPIRETIME k            -> {FAR}
        SET k 4                 -> OK
        TTL k                   -> -1
        SET new 1 KEEPTTL       -> OK
        TTL new                 -> -1
    """)  # fmt: skip


def test_a_set_that_does_not_store_leaves_the_deadline_alone(client):
    talk(client, f"""
        SET k 1 EXAT {FAR} -> OK
        SET k 2 NX         -> nil
        SET k 3 NX EX 5    -> nil
        EXPIRETIME k       -> {FAR}
    """)  # fmt: skip


@pytest.mark.parametrize("option", ["EXAT 1", "PXAT 1", "EXAT 1000000000", "pxat 1000000000000"])
def test_a_key_whose_deadline_has_passed_is_not_there(client, option):
    talk(client, f"""
        SET k 1          -> OK
        SET k 2 {option} -> OK
        GET k            -> nil
        EXISTS k         -> 0
        TTL k            -> -2
    """)  # fmt: skip


def test_options_of_set_come_in_any_order_and_case(client):
    talk(client, f"""
        SET k 1                     -> OK
        set k 2 exat {FAR} get xx   -> "1"
        Set k 3 Xx Get KeepTtl      -> "2"
        SET k 4 GET PXAT {FAR_MS} XX -> "3"
        PEXPIRETIME k               -> {FAR_MS}
        GET k                       -> "4"
    """)  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        "NX XX", "XX NX", "EX 10 PX 10", "EX 10 EXAT 10", "EX 10 KEEPTTL", "KEEPTTL PXAT 10",
        "EX", "PX", "EXAT", "GET PXAT", "nosuch", "NX nosuch", "10 NX", "NX 10",
        "GET 10", "10 10", "v", "PERSIST", "10 KEEPTTL", "EX NX 10",
    ],
)  # fmt: skip
def test_options_of_set_that_contradict_or_are_none_change_nothing(client, options):
    client.command("SET", "k", "old")
    fails(client, f"SET k new {options}", SYNTAX)
    talk(client, """
        GET k -> "old"
        TTL k -> -1
    """)


# Errors of deadlines


@pytest.mark.parametrize(
    "request_text",
    [
        "SET k new EX N", "SET k new PX N", "SET k new EXAT N", "SET k new PXAT N", "SETEX k N new",
        "PSETEX k N new", "GETEX k EX N", "GETEX k PXAT N", "EXPIRE k N", "PEXPIRE k N",
        "EXPIREAT k N", "PEXPIREAT k N",
    ],
)  # fmt: skip
def test_a_time_that_is_no_integer_changes_nothing(client, request_text):
    client.command("SET", "k", "old")
    for number in ("x", "1.5", "''", "'1 '", "' 1'", "+1", "01", "1e3", f"{MOST + 1}"):
        fails(client, request_text.replace("N", number), NOT_AN_INTEGER)
    talk(client, """
        GET k -> "old"
        TTL k -> -1
    """)


@pytest.mark.parametrize(
    "request_text",
    [
        "SET k new EX 0", "SET k new PX -1", "SET k new EXAT 0", "SET k new PXAT -5", "SET k new 0",
        f"SET k new EX {MOST}", f"SET k new PX {MOST}", f"SET k new EXAT {MOST}",
        f"SET k new EX {LEAST}", f"SET k new EX {MOST // 1000}", f"SET k new EXAT {MOST}",
        "SETEX k 0 new", "SETEX k -1 new", f"SETEX k {MOST} new", "PSETEX k 0 new",
        f"PSETEX k {MOST} new", "GETEX k EX 0", "GETEX k PX -1", "GETEX k EXAT 0",
        f"GETEX k PX {MOST}", f"EXPIRE k {MOST}", f"EXPIRE k {LEAST}", f"PEXPIRE k {MOST}",
        f"EXPIREAT k {MOST}", f"EXPIREAT k {MOST // 1000 + 1}", f"EXPIRE k {MOST // 1000}",
        f"EXPIREAT k {LEAST}",
    ],
)  # fmt: skip
def test_a_time_out_of_range_changes_nothing(client, request_text):
    client.command("SET", "k", "old")
    name = request_text.split()[0].lower()
    fails(client, request_text, f"ERR invalid expire time in '{name}' command")
    talk(client, """
        GET k -> "old"
        TTL k -> -1
    """)


@pytest.mark.parametrize(
    "request_text",
    ["EXPIRE k 0", "EXPIRE k -1", "PEXPIRE k -1", f"PEXPIRE k {LEAST}", "EXPIREAT k 0",
     "EXPIREAT k 1", "EXPIREAT k -1", "PEXPIREAT k 1", f"PEXPIREAT k {LEAST}", "PEXPIREAT k 0"],
)  # fmt: skip
def test_a_deadline_that_has_passed_removes_the_key(client, request_text):
    talk(client, f"""
        SET k 1        -> OK
        {request_text} -> 1
        EXISTS k       -> 0
        {request_text} -> 0
    """)  # fmt: skip


# SETNX SETEX PSETEX GETSET GETDEL GETEX


def test_setnx_stores_once(client):
    talk(client, """
        SETNX k 1 -> 1
        SETNX k 2 -> 0
        GET k     -> "1"
    """)  # fmt: skip


def test_setex_and_psetex_store_with_a_deadline(client):
    talk(client, """
        SETEX a 1000 v     -> OK
        PSETEX b 1000000 v -> OK
        MGET a b           -> ["v" "v"]
        TTL a              -> 1000
        TTL b              -> 1000
    """)  # fmt: skip


def test_getset_answers_the_old_value_and_clears_the_deadline(client):
    talk(client, """
        GETSET k 1 -> nil
        EXPIRE k 5 -> 1
        GETSET k 2 -> "1"
        TTL k      -> -1
        GET k      -> "2"
    """)  # fmt: skip


def test_getdel_answers_the_value_and_removes_the_key(client):
    talk(client, """
        SET k 1  -> OK
        GETDEL k -> "1"
        GETDEL k -> nil
        EXISTS k -> 0
    """)  # fmt: skip


def test_getex_changes_the_deadline_and_not_the_value(client):
    talk(client, f"""
        SET k v                     -> OK
        GETEX k EXAT {FAR}          -> "v"
        EXPIRETIME k                -> {FAR}
        GETEX k                     -> "v"
        EXPIRETIME k                -> {FAR}
        getex k pxat {FAR_MS + 7}   -> "v"
        PEXPIRETIME k               -> {FAR_MS + 7}
        GETEX k EX 1000             -> "v"
        TTL k                       -> 1000
        GETEX k PX 2000000          -> "v"
        TTL k                       -> 2000
        GETEX k PERSIST             -> "v"
        TTL k                       -> -1
        GETEX nothing EX 1000       -> nil
        GETEX k EXAT 1              -> "v"
        EXISTS k                    -> 0
    """)  # fmt: skip


@pytest.mark.parametrize(
    "options",
    ["EX", "EX 10 PX 10", "EX 10 PERSIST", "PERSIST PX 10", "KEEPTTL", "NX", "10", "PERSIST x"],
)
def test_options_of_getex_that_contradict_or_are_none_are_refused(client, options):
    client.command("SET", "k", "v")
    fails(client, f"GETEX k {options}", SYNTAX)
    fails(client, f"GETEX nothing {options}", SYNTAX)
    assert client.command("TTL", "k") == -1


# MGET MSET MSETNX


def test_mget_answers_in_the_order_of_the_question(client):
    talk(client, """
        MSET a 1 b 2        -> OK
        MGET b nothing a b  -> ["2" nil "1" "2"]
        MGET nothing        -> [nil]
    """)  # fmt: skip


def test_mset_stores_all_and_clears_deadlines(client):
    talk(client, """
        SET a 0 EX 1000  -> OK
        MSET a 1 b 2 a 3 -> OK
        MGET a b         -> ["3" "2"]
        TTL a            -> -1
    """)  # fmt: skip


def test_msetnx_stores_all_or_nothing(client):
    talk(client, """
        MSETNX a 1 b 2     -> 1
        MSETNX c 3 b 4 d 5 -> 0
        MGET a b c d       -> ["1" "2" nil nil]
        MSETNX c 3 c 4     -> 1
        GET c              -> "4"
    """)  # fmt: skip


@pytest.mark.parametrize("name", ["MSET", "MSETNX"])
@pytest.mark.parametrize("words", ["a", "a 1 b", "a 1 b 2 c"])
def test_a_key_without_a_value_is_a_wrong_number_of_arguments(client, name, words):
    fails(client, f"{name} {words}", f"ERR wrong number of arguments for '{name.lower()}' command")
    assert client.command("DBSIZE") == 0


# APPEND STRLEN GETRANGE SETRANGE


def test_append_makes_or_lengthens_a_value_and_keeps_the_deadline(client):
    talk(client, f"""
        APPEND k ab        -> 2
        EXPIREAT k {FAR}   -> 1
        APPEND k cde       -> 5
        APPEND k ''        -> 5
        GET k              -> "abcde"
        EXPIRETIME k       -> {FAR}
        APPEND empty ''    -> 0
        EXISTS empty       -> 1
    """)  # fmt: skip


def test_append_grows_from_nothing_to_a_megabyte(client):
    piece = bytes(range(256)) * 16
    replies = client.pipeline(*[("APPEND", "k", piece)] * 256)
    assert replies == [n * len(piece) for n in range(1, 257)]
    assert client.command("GET", "k") == piece * 256


def test_strlen_counts_bytes(client):
    client.command("SET", "k", b"\0\r\n\xff")
    talk(client, """
        STRLEN k       -> 4
        STRLEN nothing -> 0
    """)


@pytest.mark.parametrize(
    "start, end, part",
    [
        (0, 4, "hello"), (0, -1, "hello"), (1, 3, "ell"), (-3, -1, "llo"), (-100, 1, "he"),
        (3, 100, "lo"), (4, 4, "o"), (5, 9, ""), (3, 1, ""), (-1, -3, ""), (-1, 0, ""),
        (0, MOST, "hello"), (LEAST, MOST, "hello"), (LEAST, LEAST, "h"), (MOST, MOST, ""),
        (0, -5, "h"), (0, -6, "h"), (1, -6, ""),
    ],
)  # fmt: skip
def test_getrange_counts_from_either_end(client, start, end, part):
    client.command("SET", "k", "hello")
    assert client.command("GETRANGE", "k", start, end) == part.encode()
    assert client.command("GETRANGE", "nothing", start, end) == b""


def test_setrange_writes_over_a_part(client):
    talk(client, f"""
        SET k 'hello world' -> OK
        EXPIREAT k {FAR}    -> 1
        SETRANGE k 6 redis  -> 11
        GET k               -> "hello redis"
        SETRANGE k 9 again  -> 14
        GET k               -> "hello redagain"
        SETRANGE k 3 ''     -> 14
        EXPIRETIME k        -> {FAR}
    """)  # fmt: skip


def test_setrange_fills_a_gap_with_zeros(client):
    client.pipeline(["SET", "k", "ab"], ["SETRANGE", "k", 5, "c"], ["SETRANGE", "new", 3, "d"])
    assert client.command("MGET", "k", "new") == [b"ab\0\0\0c", b"\0\0\0d"]
    client.command("SETRANGE", "k", 1048575, "z")
    assert client.command("GET", "k") == b"ab\0\0\0c" + b"\0" * (1048575 - 6) + b"z"


def test_a_gap_is_zeros_where_other_values_were_before(client):
    client.pipeline(*[("SET", f"k{n}", "x" * 1000) for n in range(100)])
    client.pipeline(*[("DEL", f"k{n}") for n in range(100)])
    client.pipeline(*[("SETRANGE", f"k{n}", 999, "y") for n in range(100)])
    values = client.command("MGET", *[f"k{n}" for n in range(100)])
    assert values == [b"\0" * 999 + b"y"] * 100


def test_setrange_of_nothing_makes_no_key(client):
    talk(client, """
        SETRANGE k 5 '' -> 0
        EXISTS k        -> 0
    """)


@pytest.mark.parametrize(
    "offset, value, error",
    [
        (-1, "v", "ERR offset is out of range"),
        (LEAST, "", "ERR offset is out of range"),
        (536870912, "v", TOO_LONG),
        (536870911, "vw", TOO_LONG),
        (MOST, "v", TOO_LONG),
        (MOST + 1, "v", NOT_AN_INTEGER),
        ("x", "v", NOT_AN_INTEGER),
    ],
)
def test_setrange_refuses_places_where_no_value_can_be(client, offset, value, error):
    client.command("SET", "k", "old")
    for key in ("k", "nothing"):
        reply = client.command("SETRANGE", key, offset, value)
        assert isinstance(reply, Error) and reply.decode() == error
    talk(client, """
        GET k          -> "old"
        EXISTS nothing -> 0
    """)


# Counters


def test_counters_start_at_zero_and_keep_the_deadline(client):
    talk(client, f"""
        INCR k           -> 1
        INCRBY k 10      -> 11
        EXPIREAT k {FAR} -> 1
        DECR k           -> 10
        DECRBY k 15      -> -5
        DECRBY k -5      -> 0
        GET k            -> "0"
        EXPIRETIME k     -> {FAR}
        DECR new         -> -1
        INCRBY other -7  -> -7
    """)  # fmt: skip


def test_counters_reach_both_ends_of_64_bits_and_no_further(client):
    talk(client, f"""
        SET k {MOST - 1}   -> OK
        INCR k             -> {MOST}
        INCR k             -> {OVERFLOW}
        INCRBY k 1         -> {OVERFLOW}
        INCRBY k {LEAST}   -> -1
        INCRBY k {LEAST}   -> {OVERFLOW}
        DECRBY k {MOST}    -> {LEAST}
        DECR k             -> {OVERFLOW}
        DECRBY k 1         -> {OVERFLOW}
        INCRBY k -1        -> {OVERFLOW}
        DECRBY k {LEAST}   -> ERR decrement would overflow
        INCRBY k {MOST}    -> -1
        GET k              -> "-1"
    """)  # fmt: skip


@pytest.mark.parametrize(
    "value",
    ["", "x", "1.0", " 1", "1 ", "+1", "01", "-0", "1e1", "0x1", "1\0", MOST + 1, LEAST - 1],
    ids=repr,
)
def test_a_value_that_is_no_integer_is_not_counted(client, value):
    client.command("SET", "k", value)
    for request in (["INCR", "k"], ["DECR", "k"], ["INCRBY", "k", 1], ["DECRBY", "k", 1]):
        assert client.command(*request) == NOT_AN_INTEGER.encode()
    for name in ("INCRBY", "DECRBY"):
        assert client.command(name, "new", value) == NOT_AN_INTEGER.encode()
    assert client.command("MGET", "k", "new") == [str(value).encode(), None]


@pytest.mark.parametrize(
    "value, increment, total",
    [
        ("10.50", "0.1", "10.6"), ("5.0e3", "2.0e2", "5200"), ("0", "0.1", "0.1"),
        ("3", "0", "3"), ("3.0", "1", "4"), ("1.5", "-1.5", "0"), ("-0.5", "0.5", "0"),
        ("0", "1e17", "100000000000000000"), ("0", "1e-17", "0.00000000000000001"),
        ("0", "1e-18", "0"), ("0", "-1e-20", "0"), ("1", "1e5", "100001"), ("0", "0x10", "16"),
        ("0", ".5", "0.5"), ("0", "5.", "5"), ("0", "+1.5", "1.5"), ("-2", "-2.25", "-4.25"),
        (MOST, "1", "9223372036854775808"), (2**80, "0", str(2**80)), ("0", "-1e19", f"-1{0:019}"),
    ],
)  # fmt: skip
def test_incrbyfloat_adds_and_writes_without_an_exponent(client, value, increment, total):
    client.command("SET", "k", value)
    assert client.command("INCRBYFLOAT", "k", increment) == total.encode()
    assert client.command("GET", "k") == total.encode()


def test_incrbyfloat_starts_at_zero_and_keeps_the_deadline(client):
    talk(client, f"""
        INCRBYFLOAT k 1.5  -> "1.5"
        EXPIREAT k {FAR}   -> 1
        INCRBYFLOAT k 1.5  -> "3"
        EXPIRETIME k       -> {FAR}
    """)  # fmt: skip


@pytest.mark.parametrize(
    "number",
    ["", "x", " 1", "1 ", "1,5", "1_0", "nan", "-nan", "1e5000", "1e", "--1", "0x", "1.5\0",
     "1" * 6000],
    ids=["empty", "x", "before", "after", "comma", "underscore", "nan", "minus-nan", "huge", "e",
         "minus-minus", "0x", "nul", "long"],
)  # fmt: skip
def test_a_number_that_is_none_is_not_added(client, number):
    client.command("SET", "k", number)
    assert client.command("INCRBYFLOAT", "k", 1) == NOT_A_FLOAT.encode()
    assert client.command("INCRBYFLOAT", "new", number) == NOT_A_FLOAT.encode()
    assert client.command("MGET", "k", "new") == [number.encode(), None]


def test_incrbyfloat_stores_no_infinity(client):
    for number in ("inf", "-inf", "+inf", "infinity"):
        fails(client, f"INCRBYFLOAT k {number}", "ERR increment would produce NaN or Infinity")
    assert client.command("EXISTS", "k") == 0


# DEL UNLINK TOUCH TYPE RENAME RENAMENX DBSIZE FLUSHDB


@pytest.mark.parametrize("name", ["DEL", "UNLINK", "del"])
def test_del_counts_what_it_has_removed(client, name):
    talk(client, f"""
        MSET a 1 b 2 c 3        -> OK
        {name} a nothing b a    -> 2
        EXISTS a b c            -> 1
        {name} a                -> 0
    """)  # fmt: skip


def test_touch_counts_and_changes_nothing(client):
    talk(client, f"""
        SET a 1 EXAT {FAR}  -> OK
        SET b 2             -> OK
        TOUCH a b nothing a -> 3
        EXPIRETIME a        -> {FAR}
        TOUCH nothing       -> 0
    """)  # fmt: skip


def test_type_is_string_or_none(client):
    talk(client, """
        SET k 1      -> OK
        TYPE k       -> string
        TYPE nothing -> none
    """)


def test_rename_takes_value_and_deadline_along(client):
    talk(client, f"""
        SET a 1 EXAT {FAR}       -> OK
        SET b 2 EXAT {FAR + 1}   -> OK
        RENAME a b               -> OK
        GET b                    -> "1"
        EXPIRETIME b             -> {FAR}
        EXISTS a                 -> 0
        SET c 3                  -> OK
        RENAME c b               -> OK
        TTL b                    -> -1
        DBSIZE                   -> 1
    """)  # fmt: skip


def test_a_key_renamed_to_itself_stays_as_it_is(client):
    talk(client, f"""
        SET k 1 EXAT {FAR} -> OK
        RENAME k k         -> OK
        RENAMENX k k       -> 0
        GET k              -> "1"
        EXPIRETIME k       -> {FAR}
    """)  # fmt: skip


def test_a_missing_key_has_no_other_name(client):
    talk(client, f"""
        SET b 1             -> OK
        RENAME a b          -> {NO_SUCH_KEY}
        RENAMENX a b        -> {NO_SUCH_KEY}
        RENAME a a          -> {NO_SUCH_KEY}
        RENAMENX a c        -> {NO_SUCH_KEY}
        GET b               -> "1"
    """)  # fmt: skip


def test_a_renamed_key_is_no_hit(client):
    client.pipeline(["SET", "a", "1"], ["RENAME", "a", "b"], ["RENAMENX", "b", "c"])
    stats = client.info("stats")
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("0", "0")


def test_a_value_that_is_looked_up_to_be_changed_is_no_hit_and_no_miss(client):
    client.command("SET", "k", "1")
    for name in ("k", "missing"):
        client.pipeline(
            ["INCR", name], ["DECRBY", name, 2], ["INCRBYFLOAT", name, "0.5"], ["DEL", "missing"],
            ["APPEND", name, "1"], ["SETRANGE", name, 1, "1"], ["SETRANGE", "nothing", 0, ""],
        )  # fmt: skip
    stats = client.info("stats")
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("0", "0")
    client.pipeline(["STRLEN", "k"], ["GETRANGE", "k", 0, 1], ["STRLEN", "nothing"])
    stats = client.info("stats")
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("2", "1")


def test_renamenx_takes_only_a_free_name(client):
    talk(client, f"""
        SET a 1 EXAT {FAR} -> OK
        SET b 2            -> OK
        RENAMENX a b       -> 0
        MGET a b           -> ["1" "2"]
        RENAMENX a c       -> 1
        EXPIRETIME c       -> {FAR}
        EXISTS a           -> 0
    """)  # fmt: skip


def test_a_name_whose_key_has_expired_is_free(client):
    client.pipeline(["SET", "a", "1"], ["SET", "b", "2", "PX", 20])
    expired(client, "b")
    talk(client, """
        RENAMENX a b -> 1
        GET b        -> "1"
        TTL b        -> -1
    """)


@pytest.mark.parametrize("request_text", ["FLUSHDB", "FLUSHDB ASYNC", "flushdb sync"])
def test_flushdb_removes_everything(client, request_text):
    talk(client, f"""
        MSET a 1 b 2   -> OK
        DBSIZE         -> 2
        {request_text} -> OK
        DBSIZE         -> 0
        EXISTS a b     -> 0
    """)  # fmt: skip


def test_flushdb_refuses_another_word(client):
    client.command("SET", "k", "v")
    fails(client, "FLUSHDB NOW", SYNTAX)
    assert client.command("DBSIZE") == 1


# EXPIRE with options, and the commands around it


def test_deadlines_come_back_exactly_as_they_were_set(client):
    for moment in (FAR, MOST // 1000, 99_999_999_999):
        replies = client.pipeline(
            ["SET", "k", "v"], ["EXPIREAT", "k", moment], ["EXPIRETIME", "k"], ["PEXPIRETIME", "k"]
        )
        assert replies == [b"OK", 1, moment, moment * 1000]
    for moment in (FAR_MS + 499, FAR_MS + 999, MOST - 1):
        replies = client.pipeline(
            ["PEXPIREAT", "k", moment], ["PEXPIRETIME", "k"], ["EXISTS", "k"]
        )
        assert replies == [1, moment, 1]


def test_a_key_without_a_deadline_and_a_missing_one_are_told_apart(client):
    client.command("SET", "k", "v")
    for name in ("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"):
        assert client.pipeline([name, "k"], [name, "nothing"]) == [-1, -2]


def test_pttl_and_pexpire_count_milliseconds(client):
    client.pipeline(["SET", "k", "v"], ["PEXPIRE", "k", 100_000_000])
    assert 0 <= 100_000_000 - client.command("PTTL", "k") <= 1000 * LIMIT


def test_persist_takes_the_deadline_away(client):
    talk(client, """
        SET k v EX 1000 -> OK
        PERSIST k       -> 1
        PERSIST k       -> 0
        PERSIST nothing -> 0
        TTL k           -> -1
    """)  # fmt: skip


SOONER, LATER = FAR - 1000, FAR + 1000


@pytest.mark.parametrize(
    "option, before, moment, reply",
    [
        ("NX", None, FAR, 1), ("NX", FAR, LATER, 0), ("XX", None, FAR, 0), ("XX", FAR, LATER, 1),
        ("GT", None, FAR, 0), ("GT", FAR, LATER, 1), ("GT", FAR, SOONER, 0), ("GT", FAR, FAR, 0),
        ("LT", None, FAR, 1), ("LT", FAR, LATER, 0), ("LT", FAR, SOONER, 1), ("LT", FAR, FAR, 0),
        ("XX GT", None, FAR, 0), ("XX GT", FAR, LATER, 1), ("gt xx", FAR, SOONER, 0),
        ("XX LT", None, FAR, 0), ("lt XX", FAR, SOONER, 1), ("XX LT", FAR, LATER, 0),
        ("NX NX", None, FAR, 1), ("nx", None, FAR, 1), ("LT", FAR, 1, 1), ("NX", FAR, 1, 0),
        ("GT", FAR, 1, 0), ("GT", None, 1, 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["EXPIREAT", "PEXPIREAT"])
def test_options_say_when_a_deadline_is_changed(client, name, option, before, moment, reply):
    scale = 1000 if name == "PEXPIREAT" else 1
    client.command("SET", "k", "v")
    if before:
        client.command("EXPIREAT", "k", before)
    assert client.command(name, "k", moment * scale, *option.split()) == reply
    changed = moment if reply else before or -1
    assert client.command("EXPIRETIME", "k") == (-2 if changed == 1 else changed)


@pytest.mark.parametrize("name", ["EXPIRE", "PEXPIRE"])
def test_options_compare_a_span_with_the_deadline(client, name):
    talk(client, f"""
        SET k v EXAT {FAR}       -> OK
        {name} k 100000000 GT    -> 0
        {name} k 100000000 NX    -> 0
        EXPIRETIME k             -> {FAR}
        {name} k 100000000 LT    -> 1
        {name} k 100000 GT       -> 0
        PERSIST k                -> 1
        {name} k 100000000 XX    -> 0
        {name} k 100000000 GT    -> 0
        {name} k 100000000 LT    -> 1
        {name} nothing 100 NX    -> 0
    """)  # fmt: skip


@pytest.mark.parametrize("name", ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"])
@pytest.mark.parametrize(
    "options, error",
    [
        ("NX XX", NX_AND_OTHERS), ("NX GT", NX_AND_OTHERS), ("LT NX", NX_AND_OTHERS),
        ("GT LT", GT_AND_LT), ("XX GT LT", GT_AND_LT), ("NX GT LT", NX_AND_OTHERS),
        ("nosuch", "ERR Unsupported option nosuch"), ("GT Foo", "ERR Unsupported option Foo"),
        ("''", "ERR Unsupported option "),
    ],
)  # fmt: skip
def test_options_that_contradict_or_are_none_leave_the_deadline(client, name, options, error):
    client.command("SET", "k", "v")
    fails(client, f"{name} k {FAR} {options}", error)
    assert client.command("TTL", "k") == -1


# Large and binary keys

STRANGE_KEYS = {
    "megabyte": bytes(range(256)) * 4096,
    "empty": b"",
    "nul": b"\0",
    "newlines": b"\r\n$5\r\n",
    "high": b"\xff\xfe\x80",
    "blank": b" ",
    "pattern": b"[a*?\\",
}


@pytest.mark.parametrize("key", STRANGE_KEYS.values(), ids=STRANGE_KEYS)
def test_every_command_on_keys_takes_any_bytes(client, key):
    other = key + b"2"
    replies = client.pipeline(
        ["SET", key, "1"], ["INCR", key], ["APPEND", key, "0"], ["GETSET", key, "5"],
        ["INCRBYFLOAT", key, "0.5"], ["SETRANGE", key, 0, "7"], ["GETRANGE", key, 0, 0],
        ["STRLEN", key], ["EXPIREAT", key, FAR], ["RENAME", key, other], ["EXISTS", key, other],
        ["EXPIRETIME", other], ["PERSIST", other], ["TYPE", other], ["TOUCH", other],
        ["RANDOMKEY"], ["SCAN", 0, "COUNT", 100], ["KEYS", "*"], ["MSETNX", key, "8", other, "9"],
        ["MSET", key, "8"], ["MGET", other, key], ["GETEX", key, "PERSIST"], ["GETDEL", key],
        ["UNLINK", other], ["DBSIZE"],
    )  # fmt: skip
    assert replies == [
        b"OK", 2, 2, b"20", b"5.5", 3, b"7", 3, 1, b"OK", 1, FAR, 1, b"string", 1, other,
        [b"0", [other]], [other], 0, b"OK", [b"7.5", b"8"], b"8", b"8", 1, 0,
    ]  # fmt: skip


# MEMORY USAGE


def test_memory_usage_is_about_the_bytes_of_a_key(client):
    client.pipeline(["SET", "small", "v"], ["SET", "large", "v" * 100_000])
    small, large = client.pipeline(["MEMORY", "USAGE", "small"], ["memory", "usage", "large"])
    assert len("small" + "v") <= small < 200
    assert 100_000 <= large < 160_000
    assert client.command("MEMORY", "USAGE", "large", "SAMPLES", 5) == large
    assert client.command("MEMORY", "USAGE", "nothing") is None


def test_memory_usage_is_what_info_shows(client):
    client.command("SET", "k", "v" * 10_000)
    before = int(client.info("memory")["used_memory"])
    usage = client.command("MEMORY", "USAGE", "k")
    client.command("DEL", "k")
    after = int(client.info("memory")["used_memory"])
    assert abs(before - after - usage) <= 1000


# INFO


def test_info_takes_sections_in_any_case_and_all(client):
    everything = client.info()
    for words in (["ALL"], ["all"], ["everything"], ["default"]):
        assert set(everything) <= set(client.info(*words))
    some = client.info("Server", "KEYSPACE", "replication", "nosuch")
    assert {"redis_version", "role", "connected_slaves"} <= set(some)
    assert "used_memory" not in some
    assert everything["role"] == "master" and everything["connected_slaves"] == "0"
    assert everything["blocked_clients"] == "0"


def test_info_counts_keys_and_deadlines(client):
    assert "db0" not in client.info("keyspace")
    client.pipeline(["MSET", "a", 1, "b", 2], ["SET", "c", 3, "PX", 100_000_000])
    match = dict(word.split("=") for word in client.info("keyspace")["db0"].split(","))
    assert (match["keys"], match["expires"]) == ("3", "1")
    assert 0 <= 100_000_000 - int(match["avg_ttl"]) <= 1000 * LIMIT
    client.pipeline(["PERSIST", "c"], ["DEL", "a"])
    assert client.info("keyspace")["db0"] == "keys=2,expires=0,avg_ttl=0"
