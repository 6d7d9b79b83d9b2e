"""Random requests for two servers at once, Medusa and Redis 7.0.15, and a comparison of replies.

Requests makes the requests, and Differential sends them to both servers and compares the replies,
which must be the same bytes. There are two exceptions: what no two servers can agree on
(UNDETERMINED: a clock, an order, chance), and what the contract says of us alone (DIFFERENCES).
Everything follows from one seed.

No key reaches its deadline while a test runs: a deadline is years away or has passed already.
"""

import random
import re
import shutil
import subprocess
import time
from typing import Callable, NamedTuple

from medusa import Client, Closed, ReplyReader, encode, eventually, free_port, shorten

VERSION = "7.0."  # of the Redis to compare with

# What may differ. Each function gets the words of a request, our reply, the one of Redis (both
# as raw bytes), and by how many seconds the two may have run apart; it returns whether the
# replies mean the same.

ECHO_BYTES = 128  # of a word that an error repeats
CONTROLS = bytes.maketrans(bytes([*range(32), 127]), b" " * 33)
ABSOLUTE_S = 10**12  # a deadline this late was given as a moment, not as a span
SHARED_PARAMETERS = {b"maxmemory", b"maxmemory-policy", b"timeout", b"maxclients", b"loglevel"}
ABOUT_A_VALUE = re.compile(rb" - argument(\(s\))? (must be|couldn't be)")  # the rest is our own
LOG_LEVELS = {b"info": b"notice", b"warn": b"warning"}  # ours, and what Redis calls them


def value_of(raw):
    """Gives the value of one whole reply."""
    reader = ReplyReader()
    reader.feed(raw)
    return reader.next()[0]


def elements(raw):
    """Gives the raw replies that an array consists of."""
    head, _, rest = raw.partition(b"\r\n")
    reader = ReplyReader()
    reader.feed(rest)
    return [reader.next()[1] for _ in range(int(head[1:]))]


def both(kinds, ours, theirs):
    """Tells whether the types of both replies are among some."""
    return ours[:1] in kinds and theirs[:1] in kinds


def same_type(_words, ours, theirs, _lag):
    """For replies that have only their type in common."""
    return ours[:1] == theirs[:1] and both(b":$*%+", ours, theirs)


def null_or_other(_words, ours, theirs, _lag):
    """For replies that are null for both servers or for none, whatever they are otherwise."""
    nulls = (b"$-1\r\n", b"_\r\n")
    return ours[:1] == theirs[:1] and ours not in nulls and theirs not in nulls


def near(tolerance, scale):
    """For times in units of which `scale` make a second."""

    def same(_words, ours, theirs, lag):
        if not both(b":", ours, theirs):
            return False
        a, b = value_of(ours), value_of(theirs)
        return a > 0 and b > 0 and abs(a - b) <= tolerance + lag * scale

    return same


def near_unless_absolute(scale):
    """For deadlines: one that was given as a moment is the same for both."""
    is_near = near(scale, scale)

    def same(words, ours, theirs, lag):
        return is_near(words, ours, theirs, lag) and value_of(theirs) < ABSOLUTE_S * scale

    return same


def same_keys(words, ours, theirs, _lag):
    """For KEYS, whose order is nobody's business."""
    if not both(b"*", ours, theirs):
        return False
    a, b = sorted(value_of(ours)), sorted(value_of(theirs))
    return a == b or is_stars(words[-1]) and without_empty(a) == without_empty(b)


def is_stars(pattern):
    """Tells whether a pattern is `**` or longer, which matches the empty key in Medusa only."""
    return len(pattern) > 1 and not pattern.strip(b"*")


def without_empty(keys):
    """Leaves out the empty key."""
    return [key for key in keys if key]


def same_clock(_words, ours, theirs, lag):
    """For TIME."""
    if not both(b"*", ours, theirs):
        return False
    a, b = (int(s) + int(us) / 1e6 for s, us in (value_of(ours), value_of(theirs)))
    return abs(a - b) <= 1 + lag


def same_hello(_words, ours, theirs, _lag):
    """For HELLO: the same fields, as array or map, but for the number of the connection."""
    if ours[:1] != theirs[:1] or not both(b"*%", ours, theirs):
        return False
    a, b = dictionary(ours), dictionary(theirs)
    is_version = re.fullmatch(rb"7\.\d+\.\d+", a.pop(b"version", b""))
    return bool(is_version) and b.pop(b"version") and a.pop(b"id", 0) and b.pop(b"id") and a == b


def dictionary(raw):
    """Gives names and values of a map, or of an array in which they alternate."""
    value = value_of(raw)
    return value if raw[:1] == b"%" else dict(zip(value[::2], value[1::2]))


def same_settings(words, ours, theirs, _lag):
    """For CONFIG: the parameters that both servers have; log levels have their own words.

    Redis gives a name back as it was asked for, in any case; we give it in its own.
    """
    if both(b"-", ours, theirs) and ABOUT_A_VALUE.search(theirs):
        return ours.partition(b" - ")[0] == theirs.partition(b" - ")[0]
    if ours[:1] != theirs[:1] or not both(b"*%", ours, theirs):
        return False
    a, b = shared_settings(ours), shared_settings(theirs)
    if b"loglevel" in a:
        a[b"loglevel"] = LOG_LEVELS.get(a[b"loglevel"], a[b"loglevel"])
    return a == b


def shared_settings(raw):
    """Gives those settings in a reply of CONFIG GET that both servers have."""
    settings = {name.lower(): value for name, value in dictionary(raw).items()}
    return {name: settings[name] for name in SHARED_PARAMETERS & settings.keys()}


def same_text(_words, ours, theirs, _lag):
    """For texts that nobody compares; in RESP3, Redis marks them as verbatim strings."""
    texts = b"$" if theirs[:1] == b"$" else b"$="
    if ours[:1] != b"$" or not both(texts, ours, theirs):
        return False
    return bool(value_of(ours)) == (value_of(theirs) not in (b"", b"txt:"))


def same_error(words, ours, theirs, _lag):
    """For errors that repeat words of the request, which Redis cuts at a NUL, and we when long."""
    if not both(b"-", ours, theirs):
        return False
    if theirs.startswith(b"-ERR unknown command '"):
        return ours == unknown_command(words)
    as_ours = theirs
    for word in words:
        as_ours = as_ours.replace(word, word[:ECHO_BYTES]) if len(word) > ECHO_BYTES else as_ours
    ours, as_ours = spaced(ours).rstrip(), spaced(as_ours).rstrip()
    return ours == as_ours or any(
        ours[: at.start()] + spaced(word.partition(b"\0")[0]) + ours[at.end() :] == as_ours
        for word in words
        if b"\0" in word
        for at in re.finditer(re.escape(spaced(word)), ours)
    )


def spaced(text):
    """Turns control bytes into spaces, up to the end of the line."""
    end = b"\r\n" if text.endswith(b"\r\n") else b""
    return text[: len(text) - len(end)].translate(CONTROLS) + end


def unknown_command(words):
    """Gives the whole error line for a name that does not exist."""
    args = b""
    for word in words[1:]:
        if len(args) < ECHO_BYTES:
            args += b"'%s' " % word[: ECHO_BYTES - len(args)]
    text = b"-ERR unknown command '%s', with args beginning with: %s\r\n"
    return spaced(text % (words[0][:ECHO_BYTES], args))


def seconds_as_option(words):
    """Turns the third word of SET, if it is ours, into the option that Redis has for it."""
    if len(words) == 4 and words[0].upper() == b"SET" and words[3].isdigit():
        return [*words[:3], b"EX", words[3].lstrip(b"0") or b"0"]
    return words


def log_level_of_redis(words):
    """Turns our name of a log level into the one that Redis has for it."""
    if [word.lower() for word in words[:3]] == [b"config", b"set", b"loglevel"]:
        return words[:3] + [LOG_LEVELS.get(word, word) for word in words[3:]]
    return words


class Difference(NamedTuple):
    """Something that the contract says of Medusa and that is otherwise in Redis."""

    contract: str  # its words
    commands: tuple = ()  # whose replies `same` accepts
    same: Callable = None
    translate: Callable = None  # gives the words for Redis that mean what ours mean
    never_sent: str = ""  # why neither of the two is needed


EVERY_COMMAND = "*"

DIFFERENCES = [
    Difference(
        "`SET key value [seconds]`: a third word of digits alone is a TTL in seconds",
        translate=seconds_as_option,
    ),
    Difference(
        "`TTL key`: seconds left, rounded up",  # Redis rounds to the nearest second
        commands=("TTL",),
        same=near(1, 1),
    ),
    Difference(
        "Control bytes of a request never reach an error line raw: each becomes a space. "
        "The echo of an unknown command is cut at 128 bytes",
        commands=(EVERY_COMMAND,),
        same=same_error,
    ),
    Difference(
        "`[a-]` and other corners are as in Redis, but `**` matches the empty key",
        commands=("KEYS",),
        same=same_keys,
    ),
    Difference(
        "HELLO reports server `redis` and a 7.x version",
        commands=("HELLO",),
        same=same_hello,
    ),
    Difference(
        "Words of our own settings (log levels) are ours, also in CONFIG",
        commands=("CONFIG GET", "CONFIG SET"),
        same=same_settings,
        translate=log_level_of_redis,
    ),
    Difference(
        "`HELLO`, `CONFIG GET` and `COMMAND DOCS` answer maps (`%`), every null is `_`, "
        "and nothing else changes",  # Redis marks long texts as verbatim strings
        commands=("INFO", "CLIENT LIST", "CLIENT INFO"),
        same=same_text,
    ),
    Difference(
        "wrong number of arguments: `-ERR wrong number of arguments for 'get' command`",
        never_sent="too many to PING, FLUSHALL, FLUSHDB or EXEC, as Redis counts theirs later",
    ),
    Difference(
        "bad TTL (zero or negative in SET/GETEX/SETEX; overflow anywhere)",
        never_sent="the very last millisecond of 64 bits, a deadline in Redis and none in Medusa",
    ),
    Difference(
        "`SELECT 0`",
        never_sent="numbers of more than 32 bits, for which Redis has a text of its own",
    ),
    Difference(
        "`SCAN cursor [MATCH p] [COUNT n] [TYPE t]`",
        never_sent="cursors that no server gives out, but strtoul() in Redis can read",
    ),
    Difference(
        "`HELLO [2|3] [AUTH u p] [SETNAME n]`",
        never_sent="an error behind SETNAME: Redis 7.0 sets the name, Redis 7.2 and Medusa do not",
    ),
    Difference(
        "`CLIENT KILL ID`",
        never_sent="the other filters of Redis, and several at once",
    ),
    Difference(
        "Sizes: a number with `k m g` or `kb mb gb`, any case, powers of 1024",
        never_sent="`k m g` are powers of 1000 in Redis, and a `b` alone is allowed",
    ),
    Difference(
        "Unbalanced quotes: the connection stays open and the next line is a fresh request",
        never_sent="Redis closes the connection",
    ),
    Difference(
        "N over 1,048,576: invalid multibulk length",
        never_sent="Redis 7.0 waits for that many words",
    ),
    Difference(
        "`-OOM out of memory, nothing was changed`",
        never_sent="memory is no part of this test; nothing here comes near a limit",
    ),
]

UNDETERMINED = {
    "PTTL": near(1000, 1000),
    "EXPIRETIME": near_unless_absolute(1),
    "PEXPIRETIME": near_unless_absolute(1000),
    "RANDOMKEY": null_or_other,
    "TIME": same_clock,
    "SCAN": same_type,  # whole iterations are compared elsewhere
    "CLIENT ID": same_type,
    "MEMORY USAGE": null_or_other,
    "COMMAND": same_type,
}


def rules():
    """Gives for each command the functions that may accept its replies."""
    found = {name: [same] for name, same in UNDETERMINED.items()}
    for difference in DIFFERENCES:
        for name in difference.commands:
            found.setdefault(name, []).append(difference.same)
    return found


RULES = rules()
TRANSLATIONS = [d.translate for d in DIFFERENCES if d.translate]


def same_reply(words, ours, theirs, lag=0):
    """Tells whether two replies to a request mean the same."""
    if ours == theirs:
        return True
    name = words[0].upper().decode("latin-1")
    full_name = " ".join(word.upper().decode("latin-1") for word in words[:2])
    accepted_by = RULES.get(name, []) + RULES.get(full_name, []) + RULES[EVERY_COMMAND]
    return any(same(words, ours, theirs, lag) for same in accepted_by)


# Words of requests

KEYS = [b"key:%d" % n for n in range(24)] + [
    b"", b" ", b"two words", b'"', b"it's", b"\\", b"*", b"[a-", b"\r\n", b"\0", b"\0a",
    b"\xff\xfe", b"key:1\0", b"key:1\r\n", b"\xc3\xa4", b"NX", b"EX", b"10", b"long:" * 600,
]  # fmt: skip

NOT_NUMBERS = [
    b"", b" ", b" 1", b"1 ", b"+1", b"01", b"-0", b"-01", b"--1", b"1.0", b"1.5", b"1e5", b"0x10",
    b"abc", b"inf", b"nan", b"1\0", b"1\r\n", b"\xff", b"9223372036854775808",
    b"-9223372036854775809", b"18446744073709551615", b"18446744073709551616", b"1" * 40,
]  # fmt: skip

NUMBERS = [
    b"0", b"1", b"-1", b"2", b"-2", b"10", b"-10", b"99", b"1000", b"2147483647", b"2147483648",
    b"-2147483648", b"-2147483649", b"4294967296", b"1000000000000", b"9223372036854775806",
    b"9223372036854775807", b"-9223372036854775807", b"-9223372036854775808",
]  # fmt: skip

FLOATS = NUMBERS + [
    b"0.1", b"-0.1", b"1.5", b"-2.25", b"3.0", b".5", b"5.", b"-.5", b"1e5", b"1E-5", b"3.0e3",
    b"-1e-10", b"1e17", b"1e18", b"1e-17", b"1.7e308", b"1e400", b"-1e4932", b"1e4933", b"1e-4933",
    b"0x10", b"0x1p3", b"0x", b"-0", b"0.0", b"-0.0", b"inf", b"-inf", b"+inf", b"infinity",
    b"nan", b"-nan", b"nan(1)", b"+1.5", b"1_0", b"1,5", b"1e", b"e1", b".", b"-", b"+", b"1.2.3",
    b"3.141592653589793238462643383279", b"0.1" + b"0" * 200, b"1" + b"0" * 300,
    b"123456789012345678.123456789", b"9223372036854775807.5", b"1.5\0",
]  # fmt: skip

OPTIONS = [
    b"NX", b"XX", b"GT", b"LT", b"GET", b"EX", b"PX", b"EXAT", b"PXAT", b"KEEPTTL", b"PERSIST",
    b"MATCH", b"COUNT", b"TYPE", b"ASYNC", b"SYNC", b"ID", b"nosuch",
]  # fmt: skip

STRANGE_WORDS = NOT_NUMBERS + NUMBERS + OPTIONS + KEYS

UNKNOWN_COMMANDS = [
    [b"nosuch"], [b""], [b"GE"], [b"GETT"], [b" GET"], [b"GE\0"], [b"get\r\n"], [b"\xff\0\x01"],
    [b"n" * 127], [b"n" * 300], [b"nosuch", b"a" * 200], [b"nosuch", b"a" * 100, b"b" * 100],
    [b"nosuch", b"a\0b", b"c\r\nd", b"\x1b\x7f\t"], [b"nosuch", *[b"a"] * 50],
    [b"nosuch", b"", b"'", b"%s%n"],
]  # fmt: skip

# A range from a byte below 128 to one above is left out: Redis compares them as `char`, which has a
# sign on some processors.
PATTERN_PIECES = [
    b"*", b"*", b"?", b"key:", b"k", b"1", b"2", b"[0-9]", b"[3-1]", b"[^1]", b"[", b"]", b"[a-",
    b"[]", b"[^]", b"\\", b"\\*", b"\\[", b"[\\]]", b"-", b"^", b" ", b"\0", b"[\x80-\xff]",
]  # fmt: skip

HELLO_ARGUMENTS = [
    b"", b"2", b"2", b"3", b"3", b"3", b"2 SETNAME one", b"3 setname two", b"4", b"1", b"0",
    b"-3", b"03", b"+3", b"x", b"3 nosuch", b"3 SETNAME", b"3 AUTH", b"2 AUTH default",
    b"2 AUTH nobody x", b"2 AUTH default x", b"3 AUTH default x SETNAME three",
    b"3 SETNAME four SETNAME five", b"4 SETNAME six", b"3 SETNAME a\1b", b"2 SETNAME \xff",
]  # fmt: skip

CLIENT_ARGUMENTS = [
    b"", b"ID", b"ID x", b"GETNAME", b"GETNAME", b"GETNAME x", b"SETNAME one", b"SETNAME two",
    b"SETNAME a\1b", b"SETNAME a\0b", b"SETNAME \xff", b"SETNAME", b"SETNAME a b", b"LIST",
    b"INFO", b"INFO x", b"KILL", b"KILL ID", b"KILL ID x", b"KILL ID 0", b"KILL ID -1",
    b"KILL ID 01", b"KILL ID 999999999999", b"KILL ID 9223372036854775808", b"KILL ID 1 x",
    b"KILL nosuch 1", b"nosuch", b"nosuch a b", b"no\0such", b"\r\n",
]  # fmt: skip

CONFIG_ARGUMENTS = [
    b"", b"GET", b"GET maxmemory", b"GET maxmemory-policy", b"GET timeout", b"GET maxclients",
    b"GET loglevel", b"GET MaxMemory", b"GET maxmemory*", b"GET time?ut", b"GET [mt]*",
    b"GET nosuch", b"GET timeout maxclients", b"GET timeout timeout", b"GET *", b"SET",
    b"SET timeout", b"SET timeout 1000 maxclients", b"SET nosuch 1", b"SET no\0such 1",
    b"SET timeout 0", b"SET Timeout 1000", b"SET timeout 31000000", b"SET timeout 2147483648",
    b"SET timeout -1", b"SET timeout x", b"SET timeout 010", b"SET maxclients 100",
    b"SET maxclients 120", b"SET maxclients 0", b"SET maxclients -1", b"SET maxclients x",
    b"SET maxmemory 0", b"SET maxmemory 1gb", b"SET maxmemory 1GB", b"SET maxmemory 100000kb",
    b"SET maxmemory 1xb", b"SET maxmemory x", b"SET maxmemory -1",
    b"SET maxmemory 1.5gb", b"SET maxmemory-policy noeviction", b"SET maxmemory-policy NoEviction",
    b"SET maxmemory-policy allkeys-lru", b"SET maxmemory-policy x", b"SET loglevel info",
    b"SET loglevel warn", b"SET loglevel x", b"SET timeout 900 maxclients 110",
    b"SET timeout 800 maxclients x", b"SET timeout 700 nosuch 1", b"SET timeout 1 timeout 2",
    b"SET maxclients 130 timeout -1", b"RESETSTAT", b"RESETSTAT x", b"nosuch", b"nosuch x",
]  # fmt: skip

# How often, and what: names and words in capitals stand for themselves, each other word for what
# the method of that name makes.
GRAMMAR = """
40 SET key value set_options
12 SETNX key value
10 SETEX key seconds value
10 PSETEX key milliseconds value
10 GETSET key value
10 GETDEL key
16 GETEX key getex_options
30 GET key
12 MGET keys
12 MSET pairs
 8 MSETNX pairs
14 APPEND key value
12 STRLEN key
20 GETRANGE key offset offset
16 SETRANGE key offset value
14 INCR key
12 DECR key
14 INCRBY key integer
14 DECRBY key integer
20 INCRBYFLOAT key float
10 DEL keys
 8 UNLINK keys
10 EXISTS keys
 6 TOUCH keys
 6 TYPE key
14 RENAME key key
12 RENAMENX key key
 3 RANDOMKEY
 6 DBSIZE
 1 FLUSHALL flush_options
 1 FLUSHDB flush_options
 4 SCAN cursor scan_options
 6 KEYS pattern
12 EXPIRE key seconds expire_options
12 PEXPIRE key milliseconds expire_options
14 EXPIREAT key moment_s expire_options
14 PEXPIREAT key moment_ms expire_options
12 TTL key
10 PTTL key
10 EXPIRETIME key
10 PEXPIRETIME key
10 PERSIST key
 6 PING
 4 PING value
 6 ECHO value
 4 SELECT integer
 4 AUTH key
 4 AUTH key key
 2 AUTH DEFAULT key
 8 HELLO hello
 1 RESET
12 CLIENT client
 1 INFO
 1 INFO key
 2 TIME
 2 COMMAND COUNT
 1 COMMAND LIST
 1 COMMAND key
20 CONFIG config
 6 MEMORY USAGE key
 2 MEMORY USAGE key SAMPLES integer
 1 MEMORY key
 6 MULTI
 6 EXEC
 3 DISCARD
12 unknown
"""

FAR = 10**10  # a deadline at least this many seconds (or milliseconds) away never comes


def is_uncertain(word, most):
    """Tells whether a span may end while a test runs, or be taken for a moment afterwards."""
    span = int(word) if word.isdigit() and len(word) < 30 else 0
    return 0 < span < 2**63 - FAR and not FAR <= span < most


def is_timed(words):
    """Tells whether what a request does may depend on when it is done."""
    name = words[0].upper()
    if name in (b"SETEX", b"EXPIRE", b"PSETEX", b"PEXPIRE"):
        return is_uncertain(words[2], most(name)) if len(words) > 2 else False
    if name not in (b"SET", b"GETEX"):
        return False
    if len(words) == 4 and name == b"SET":
        return is_uncertain(words[3], most(b"EX"))
    return any(
        option.upper() in (b"EX", b"PX") and is_uncertain(word, most(option.upper()))
        for option, word in zip(words[2:], words[3:])
    )


def most(name):
    """Gives the bound of the spans that this test uses with a command or an option."""
    return 10**4 * FAR if name.startswith(b"P") else 10 * FAR


def is_large(words):
    """Tells whether a request would make a value of megabytes, but still a legal one."""
    offset = words[2] if words[0].upper() == b"SETRANGE" and len(words) == 4 else b""
    return len(offset) < 30 and offset.isdigit() and 10**5 < int(offset) < 2**29


MOST_WORDS = {b"PING": 2, b"FLUSHALL": 2, b"FLUSHDB": 2, b"EXEC": 1}
LAST_MOMENT = b"%d" % (2**63 - 1)


def is_answered_otherwise(words):
    """Tells whether a request is one that DIFFERENCES says is never sent."""
    name = words[0].upper()
    if name == b"SELECT" and len(words) > 1:
        return bool(re.fullmatch(rb"-?[1-9]\d{9,18}", words[1]))
    if name == b"SCAN" and len(words) > 1:
        return is_odd_cursor(words[1])
    takes_moment = name == b"PEXPIREAT" or b"PXAT" in [word.upper() for word in words[2:]]
    return takes_moment and LAST_MOMENT in words or len(words) > MOST_WORDS.get(name, len(words))


def is_odd_cursor(word):
    """Tells whether a word is no cursor, but strtoul() can read it, as far as the first NUL."""
    is_usual = word.isdigit() and len(word) < 19 and str(int(word)) == word.decode()
    return not is_usual and not re.search(rb"^\s|[^\s\d+-]", word.partition(b"\0")[0])


def sets_past_deadline(words):
    """Tells whether SET may have made a key that is gone at once, but perhaps counted still."""
    return words[0].upper() == b"SET" and any(w.upper() in (b"EXAT", b"PXAT") for w in words[3:])


class Request:
    """One request: its words, and its bytes for either server."""

    __slots__ = ("words", "data", "data_for_redis")

    def __init__(self, words, form=encode):
        self.words = words
        self.data = self.data_for_redis = form(*words)
        for translate in TRANSLATIONS:
            other = translate(words)
            if other is not words:
                self.data_for_redis = encode(*other)

    def __repr__(self):
        return " ".join(shorten(word, 100)[1:] for word in self.words)

    def name(self):
        """Gives the name of the command in upper case."""
        return self.words[0].upper()

    def keys(self):
        """Gives the keys that it names."""
        name = self.name()
        if name in WITHOUT_KEYS:
            return set()
        first = self.words[2:3] if name == b"MEMORY" else self.words[1:2]
        return ALL_KEYS.intersection(self.words) | set(first)


ALL_KEYS = frozenset(KEYS)
OF_CONNECTION = (b"MULTI", b"EXEC", b"DISCARD", b"RESET", b"HELLO", b"AUTH", b"CLIENT")
WITHOUT_KEYS = OF_CONNECTION + (
    b"PING", b"ECHO", b"SELECT", b"INFO", b"TIME", b"COMMAND", b"CONFIG", b"SCAN", b"KEYS",
    b"FLUSHALL", b"FLUSHDB", b"DBSIZE", b"RANDOMKEY",
)  # fmt: skip


PLAIN_WORD = rb"[!#-&(-)+-~\x80-\xff]+"  # "*" at the start would make it an array


class Requests:
    """An endless supply of random requests."""

    # They have options that end connections, or that DIFFERENCES names.
    never_spoiled = (b"CLIENT", b"CONFIG", b"HELLO")

    def __init__(self, chance):
        self.chance = chance
        self.productions = []
        for line in GRAMMAR.split("\n"):
            weight, *words = line.split() or [0]
            parts = [self.maker(word) for word in words]
            self.productions += [parts] * int(weight)
        self.sent_names = set()

    def maker(self, word):
        """Gives the method behind a word of the grammar, or a capital word itself, as bytes."""
        return word.encode() if word.isupper() else getattr(self, word)

    def batch(self, count):
        """Makes at least so many requests; a transaction is not cut."""
        requests = []
        while len(requests) < count:
            if self.chance.random() < 0.01:
                requests += self.transaction()
            else:
                requests += self.one()
        return requests

    def transaction(self):
        """Makes a block of MULTI; what it holds may well be wrong."""
        requests = [self.request([b"MULTI"])]
        for _ in range(self.chance.randrange(8)):
            requests += self.one()
        return requests + [self.request([self.chance.choice([b"EXEC", b"EXEC", b"DISCARD"])])]

    def one(self):
        """Makes one request, or two where the second makes the first one's effect certain."""
        while True:
            words = self.words()
            if not any(bad(words) for bad in (is_timed, is_large, is_answered_otherwise)):
                break
        requests = [self.request(words)]
        if sets_past_deadline(words):
            requests.append(self.request([b"GET", words[1]]))
        return requests

    def words(self):
        """Makes the words of a request; a few of them are spoiled."""
        words = []
        for part in self.chance.choice(self.productions):
            words += [part] if isinstance(part, bytes) else part()
        self.sent_names.add(words[0])
        if self.chance.random() < 0.05 and words[0] not in self.never_spoiled:
            words = self.spoiled(words)
        return [self.in_any_case(word) for word in words]

    def spoiled(self, words):
        """Leaves a word out, puts one in, exchanges one, or swaps two; the first one stays."""
        strange = self.chance.choice(STRANGE_WORDS)
        at = self.chance.randrange(1, len(words) + 1)
        way = self.chance.randrange(5)
        if way == 0:
            return words[: at - 1] + words[at:] if at > 1 else words[:1]
        if way == 1:
            return words[:at] + [strange] + words[at:]
        if way == 2:
            return words[:at] + [strange] + words[at + 1 :]
        if way == 3:
            return words + [strange, *words[1:]]
        rest = words[1:]
        self.chance.shuffle(rest)
        return words[:1] + rest

    def in_any_case(self, word):
        """Writes a word of a command in some case."""
        if not word.isupper() or word in ALL_KEYS:
            return word
        way = self.chance.random()
        if way < 0.5:
            return word
        return word.lower() if way < 0.9 else word.capitalize()

    def request(self, words):
        """Gives words the form of a request, and sometimes puts something empty before it."""
        form = encode
        if self.chance.random() < 0.15 and sum(map(len, words)) < 2000:
            form = self.line
        request = Request(words, form)
        if self.chance.random() < 0.01:
            nothing = self.chance.choice([b"\r\n", b"\n", b" \t\r\n", b"*0\r\n", b"*-1\r\n"])
            request.data = nothing + request.data
            request.data_for_redis = nothing + request.data_for_redis
        return request

    def line(self, *words):
        """Writes a request as a line, with any of the possible quotes."""
        separator = self.chance.choice([b" ", b" ", b"  ", b"\t", b" \t "])
        text = separator.join(self.quoted(word) for word in words)
        before = self.chance.choice([b"", b"", b" ", b"\t"])
        return before + text + self.chance.choice([b"\r\n", b"\n"])

    def quoted(self, word):
        """Writes a word of a line; quotes may also start within it."""
        if re.fullmatch(PLAIN_WORD, word) and self.chance.random() < 0.7:
            return word
        if re.fullmatch(PLAIN_WORD, word[:3]) and self.chance.random() < 0.2:
            return word[:3] + self.quoted(word[3:])
        if not re.search(rb"[\0-\x1f\\]", word) and self.chance.random() < 0.3:
            return b"'%s'" % word.replace(b"'", b"\\'")
        return b'"%s"' % b"".join(self.escaped(byte) for byte in word)

    def escaped(self, byte):
        """Writes a byte between double quotes."""
        letters = {10: b"\\n", 13: b"\\r", 9: b"\\t", 8: b"\\b", 7: b"\\a", 34: b'\\"', 92: b"\\\\"}
        if byte in letters and self.chance.random() < 0.8:
            return letters[byte]
        if byte in letters or byte < 32 or self.chance.random() < 0.05:
            return self.chance.choice([b"\\x%02x", b"\\x%02X"]) % byte
        return bytes([byte])

    # The words of the grammar

    def key(self):
        return [self.chance.choice(KEYS)]

    def keys(self):
        return self.chance.choices(KEYS, k=self.chance.choice([1, 1, 2, 3, 8]))

    def value(self):
        kind = self.chance.randrange(10)
        if kind < 4:
            return [b"%d" % self.chance.randrange(-1000, 1000)]
        if kind == 4:
            return [self.chance.choice(NUMBERS + NOT_NUMBERS)]
        if kind == 5:
            return [self.chance.choice(FLOATS)]
        if kind == 6:
            return [self.chance.choice(STRANGE_WORDS)]
        if kind == 7:
            return [self.chance.randbytes(self.chance.choice([1, 10, 44, 45, 300, 5000]))]
        return [self.chance.choice([b"", b"a", b"hello", b"hello world", b"x" * 64, b"y" * 3000])]

    def pairs(self):
        return [word for key in self.keys() for word in (key, *self.value())]

    def integer(self):
        kind = self.chance.random()
        if kind < 0.5:
            return [b"%d" % self.chance.randrange(-100, 100)]
        return [self.chance.choice(NUMBERS if kind < 0.8 else NOT_NUMBERS)]

    def float(self):
        if self.chance.random() < 0.3:
            return [b"%.*g" % (self.chance.randrange(1, 18), self.chance.uniform(-1000, 1000))]
        return [self.chance.choice(FLOATS)]

    def offset(self):
        kind = self.chance.random()
        if kind < 0.6:
            return [b"%d" % self.chance.randrange(-12, 12)]
        if kind < 0.8:
            return [b"%d" % self.chance.randrange(-4000, 6000)]
        if kind < 0.85:
            return [self.chance.choice([b"536870911", b"536870912", b"536870913"])]
        return self.integer()

    def number(self, near, far, others):
        """Makes a number of a range, or something else that may be none."""
        kind = self.chance.random()
        if kind < 0.75:
            return [b"%d" % self.chance.randrange(near, far)]
        return [self.chance.choice(others if kind < 0.9 else NOT_NUMBERS)]

    def seconds(self):
        return self.number(FAR, most(b"EX"), [b"0", b"-1", b"-1000", b"9223372036854775807"])

    def milliseconds(self):
        return self.number(FAR, most(b"PX"), [b"0", b"-1", b"-9223372036854775808"])

    def moment_s(self):
        far = [b"9223372036854775", b"9223372036854776", b"9223372036854775807"]
        past = [b"1", b"1000000000", b"0", b"-1", b"-9223372036854775", b"-9223372036854776"]
        return self.number(ABSOLUTE_S, 9000 * ABSOLUTE_S, far + past)

    def moment_ms(self):
        far = [b"9223372036854775807", b"9223372036854775806"]
        past = [b"1", b"1000000000000", b"0", b"-1", b"-9223372036854775808"]
        return self.number(1000 * ABSOLUTE_S, 9 * 10**6 * ABSOLUTE_S, far + past)

    def choose(self, phrases, none=0.4):
        """Puts a few of some phrases in a row; each is a list of words, or makes one."""
        if self.chance.random() < none:
            return []
        count = self.chance.choice([1, 1, 1, 2, 2, 3])
        return [word for phrase in self.chance.choices(phrases, k=count) for word in phrase()]

    def deadlines(self):
        """Gives the four ways to set a deadline in SET and GETEX."""
        return [
            lambda: [b"EX", *self.seconds()],
            lambda: [b"PX", *self.milliseconds()],
            lambda: [b"EXAT", *self.moment_s()],
            lambda: [b"PXAT", *self.moment_ms()],
        ]

    def words_as_phrases(self, *words):
        """Gives phrases of one word each."""
        return [lambda word=word: [word] for word in words]

    def set_options(self):
        words = self.words_as_phrases(b"NX", b"XX", b"GET", b"KEEPTTL")
        return self.choose([*words, *words, *self.deadlines(), self.seconds])

    def getex_options(self):
        return self.choose([*self.deadlines(), *self.words_as_phrases(b"PERSIST")])

    def expire_options(self):
        words = self.words_as_phrases(b"NX", b"XX", b"GT", b"LT")
        return self.choose([*words, *words, self.key], none=0.5)

    def flush_options(self):
        return self.choose(self.words_as_phrases(b"ASYNC", b"SYNC", b"NOW"), none=0.5)

    def cursor(self):
        return [self.chance.choice([b"0", b"0", b"0", b"1", b"42", b"x", b"1x", b"-", b"1.5"])]

    def scan_options(self):
        return self.choose(
            [
                lambda: [b"MATCH", *self.pattern()],
                lambda: [b"COUNT", *self.integer()],
                lambda: [b"TYPE", self.chance.choice([b"string", b"STRING", b"list", b"nosuch"])],
            ]
        )

    def pattern(self):
        count = self.chance.choice([1, 1, 2, 3, 5])
        return [b"".join(self.chance.choices(PATTERN_PIECES, k=count))]

    def hello(self):
        return self.chance.choice(HELLO_ARGUMENTS).split(b" ") if self.chance.random() < 0.9 else []

    def client(self):
        return [word for word in self.chance.choice(CLIENT_ARGUMENTS).split(b" ") if word]

    def config(self):
        return [word for word in self.chance.choice(CONFIG_ARGUMENTS).split(b" ") if word]

    def unknown(self):
        return self.chance.choice(UNKNOWN_COMMANDS)


# Comparing


class Disagreement(AssertionError):
    """The two servers have answered a request differently."""


class Exchange(NamedTuple):
    """One request that both servers have been sent, and what they said."""

    connection: int
    request: Request
    ours: bytes
    theirs: bytes

    def __str__(self):
        if self.ours == self.theirs:
            replies = f"-> {show(self.ours)}"
        else:
            replies = f"-> {show(self.ours)} | Redis: {show(self.theirs)}"
        return f"[{self.connection}] {self.request!r} {replies}"


def show(raw):
    """Shows a reply, or that there was none."""
    return "(connection closed)" if raw is None else shorten(raw, 160)


class Pair:
    """A connection to either server; both are sent the same."""

    def __init__(self, number, ours, theirs):
        self.number = number
        self.ours = ours
        self.theirs = theirs
        self.queue = None  # the requests that wait for EXEC, while a transaction is open

    def exchange(self, requests):
        """Sends requests to both; returns the replies, and the seconds that it all took."""
        start = time.monotonic()
        self.ours.send_raw(b"".join(request.data for request in requests))
        self.theirs.send_raw(b"".join(request.data_for_redis for request in requests))
        ours = [read(self.ours) for _ in requests]
        theirs = [read(self.theirs) for _ in requests]
        taken = time.monotonic() - start
        exchanges = [Exchange(self.number, *parts) for parts in zip(requests, ours, theirs)]
        return exchanges, taken

    def disagreement(self, exchange, lag):
        """Returns an Exchange that was answered differently: this one, or one that it ran; or None.

        Follows whether a transaction is open, too.
        """
        _, request, ours, theirs = exchange
        queue, name = self.queue, request.name()
        if ours is None or theirs is None:
            return exchange
        if theirs == b"+QUEUED\r\n" and queue is not None:
            queue.append(request)
        elif name == b"MULTI" and theirs == b"+OK\r\n":
            self.queue = []
        elif name == b"EXEC" or name in (b"DISCARD", b"RESET") and theirs[:1] == b"+":
            self.queue = None
            if queue is not None and both(b"*", ours, theirs):
                return disagreement_within(exchange, queue, lag)
        return None if same_reply(request.words, ours, theirs, lag) else exchange


def disagreement_within(exchange, queue, lag):
    """Returns the first Exchange of a transaction that was answered differently, or None."""
    number, _, ours, theirs = exchange
    if ours == theirs:
        return None
    replies = elements(ours), elements(theirs)
    if not len(queue) == len(replies[0]) == len(replies[1]):
        return exchange
    for request, a, b in zip(queue, *replies):
        if not same_reply(request.words, a, b, lag):
            return Exchange(number, request, a, b)
    return None


def read(client):
    """Reads one raw reply; None once the server has closed the connection."""
    try:
        return client.read_raw()
    except Closed:
        return None


class Differential:
    """One comparison of two servers: what they answer, and what they hold afterwards."""

    def __init__(self, connect, connect_redis, seed):
        self.chance = random.Random(seed)
        self.requests = Requests(self.chance)
        self.pairs = [Pair(number, connect(), connect_redis()) for number in range(1, 5)]
        self.checker = self.pairs.pop()  # looks at the keys, and is never in a transaction
        self.held = {}  # what GET says of each key, when both were last found to hold the same
        self.since = []  # every Exchange after that
        self.lag = 0  # the longest that a batch has taken: the two may be that far apart
        self.done = 0

    def run(self, operations):
        """Compares the replies to so many random requests."""
        while self.done < operations:
            batch = self.requests.batch(self.chance.choice([1, 30, 300, 600]))
            self.compare(self.chance.choice(self.pairs), batch)
            self.done += len(batch)
            self.compare_state()

    def compare(self, pair, requests):
        """Sends requests to both servers; raises Disagreement with what led to it."""
        exchanges, taken = pair.exchange(requests)
        self.lag = max(self.lag, taken)
        for exchange in exchanges:
            self.since.append(exchange)
            different = pair.disagreement(exchange, self.lag)
            if different:
                raise Disagreement(self.report(different))
        return exchanges

    def compare_state(self):
        """Compares every key, its value and its deadline."""
        everything = [[b"PEXPIRETIME", key] for key in KEYS]
        everything += [[b"GET", key] for key in KEYS]
        everything += [[b"DBSIZE"], [b"RANDOMKEY"], [b"KEYS", b"*"]]
        exchanges = self.compare(self.checker, [Request(words) for words in everything])
        self.held = {e.request.words[1]: e.ours for e in exchanges if e.request.name() == b"GET"}
        self.since.clear()
        present, picked = value_of(exchanges[-1].ours), value_of(exchanges[-2].ours)
        assert picked in present or picked is None and not present, f"RANDOMKEY: {picked!r}"
        if self.chance.random() < 0.2:
            self.compare_scans()

    def compare_scans(self):
        """Compares what a whole iteration with SCAN finds; nothing changes meanwhile."""
        pattern = self.chance.choice([b"*", *self.requests.pattern()])
        options = [b"MATCH", pattern, b"COUNT", self.chance.choice([1, 3, 10, 1000])]
        if self.chance.random() < 0.2:
            options += [b"TYPE", self.chance.choice([b"string", b"list"])]
        ours, theirs = (scan(c, *options) for c in (self.checker.ours, self.checker.theirs))
        if is_stars(pattern):
            ours, theirs = set(without_empty(ours)), set(without_empty(theirs))
        if ours != theirs:
            raise Disagreement(
                f"SCAN with {options} found {ours - theirs}, which Redis did not find, "
                f"and did not find {theirs - ours}"
            )

    def report(self, different):
        """Puts together what is needed to understand a disagreement."""
        lines = [
            f"different replies after {self.done} operations:",
            f"  request {different.request!r}",
            f"  ours    {show(different.ours)}",
            f"  Redis   {show(different.theirs)}",
            "  what led to it since both held the same:",
        ]
        keys = sorted(different.request.keys() & self.held.keys())
        lines += [f"    {key!r} was {show(self.held[key])}" for key in keys]
        led = [e for e in self.since if is_related(e, different) and e is not different]
        return "\n".join(lines + [f"    {exchange}" for exchange in led[-20:]])


def is_related(exchange, different):
    """Tells whether an exchange may have led to a disagreement."""
    name, keys = exchange.request.name(), different.request.keys()
    if keys:
        has_run = name == b"EXEC" and (exchange.theirs or b"*")[:1] == b"*"
        return has_run or keys & exchange.request.keys() or name in (b"FLUSHALL", b"FLUSHDB")
    is_same_connection = exchange.connection == different.connection
    return name == different.request.name() or is_same_connection and name in OF_CONNECTION


def scan(client, *options):
    """Returns the set of keys that SCAN finds from the first cursor to the last."""
    found, cursor = set(), b"0"
    for _ in range(100000):
        cursor, keys = client.command("SCAN", cursor, *options)
        found.update(keys)
        if cursor == b"0":
            return found
    raise AssertionError("SCAN does not come to an end")


# The other server


def redis_server():
    """Returns the path of redis-server, or else None, and why it cannot be used."""
    path = shutil.which("redis-server")
    if path is None:
        return None, "NOT TESTED, as redis-server is missing: install Debian's redis-server"
    told = subprocess.run([path, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    version = re.search(r"v=([\d.]+)", told).group(1)
    if not version.startswith(VERSION):
        return None, f"NOT TESTED, as redis-server is {version}, and the replies are those of 7.0"
    return path, ""


class Redis:
    """A Redis process without persistence, with one database and as many clients as we allow."""

    def __init__(self, path, folder):
        self.port = free_port()
        self.clients = []
        settings = f"--port {self.port} --bind 127.0.0.1 --appendonly no --databases 1 " \
                   f"--maxclients 100 --dir {folder} --logfile redis.log"  # fmt: skip
        self.process = subprocess.Popen(
            [path, *settings.split(), "--save", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            eventually(self._serves, "an answer of redis-server")
        except BaseException:
            self.stop()
            raise

    def _serves(self):
        assert self.process.poll() is None, f"it ended with status {self.process.returncode}"
        try:
            with Client("127.0.0.1", self.port) as client:
                return client.command("PING") == b"PONG"
        except ConnectionRefusedError:
            return False

    def connect(self):
        """Opens a connection; it is closed with the server at the latest."""
        client = Client("127.0.0.1", self.port)
        self.clients.append(client)
        return client

    def stop(self):
        """Ends the process."""
        for client in self.clients:
            client.close()
        self.process.kill()
        self.process.wait()
