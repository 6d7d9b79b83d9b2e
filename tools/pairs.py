"""The pairs of servers that tools/compare compares, and what each pair is compared in."""

import dataclasses
import shutil
import typing

import operations as do
from figures import REDIS
from lessons import FINAL, ROOT, find
from servers import Problem, make


class Operation(typing.NamedTuple):
    """What both servers of a pair do, and in what it is counted."""

    name: str  # none for a preparation, of which nothing is kept
    unit: str
    run: typing.Callable  # of a server and a number of keys; gives the figure
    is_longest: bool = False  # of many times: other programs can only make it longer


class Side(typing.NamedTuple):
    """One of the two servers."""

    server: str  # a stage, final or redis-server
    settings: dict = {}  # variables
    flags: str = ""  # for the compiler, of a copy that is built apart
    edits: tuple = ()  # of that copy: file, what stands there once, what stands there instead


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two servers and what they are compared in, in this order."""

    name: str
    before: Side
    after: Side
    operations: tuple
    keys: int = 150_000


US, MS = "µs", "ms"
GET_50_16 = Operation("GET, 50 clients, depth 16", US, do.load("GET", 50, 16, 100_000))
AS_LINE = do.load("GET", 50, 16, 100_000, "--inline")
GET_1 = Operation("GET, one at a time", US, do.load("GET", 1, 1, 4_000))
SET_1 = Operation("SET, one at a time", US, do.load("SET", 1, 1, 4_000))
BESIDE = Operation(f"GET beside {do.MANY:,} silent clients", US, do.beside_silent)
PREPARE = Operation("", "", do.fill)
FILL = Operation("memory for each key", "bytes", do.fill)
GROWING = Operation("costliest 64 SETs while filling", MS, do.growing, True)
NO_KEYS = Operation("KEYS that finds nothing", MS, do.keys_none)
IDLE = Operation("a second without requests", MS, do.idle)
KEPT = Operation("memory kept when 9 keys of 10 go", "%", do.kept(10))
GONE = Operation("memory kept when all keys but 9 go", "%", do.kept(None))
HELD = Operation("memory of a silent client", "KiB", do.per_connection)
PIECES = Operation("EXISTS with 200,000 words", MS, do.pieces)
BEHIND_KEYS = Operation("wait of others behind KEYS", MS, do.hold(b"KEYS", b"no such key"), True)
BEHIND_FLUSHALL = Operation("wait of others behind FLUSHALL", MS, do.hold(b"FLUSHALL"), True)
ROOM = {"MEDUSA_MAX_CONNECTIONS": str(do.MANY + 200), "MEDUSA_TIMEOUT": "0"}


def step(name, number, *operations, **more):
    """Gives the pair of a step of the book: its server, and the one before."""
    before, after = (find(str(n)).name for n in (number - 1, number))
    settings = ROOM if number > 7 else {}
    sides = Side(before, settings), Side(after, settings)
    return Pair(name, *sides, operations, **more)


STEPS = [
    step(
        "one wait", 6,
        Operation("system calls for a request", "", do.calls("--inline")),
        Operation("the same at depth 16", "", do.calls("--inline", "-P", "16")),
        keys=1000,
    ),
    step("resumed parsing", 9, PIECES, keys=1000),
    step("keyed hash", 10, PREPARE, GET_50_16, NO_KEYS, keys=600_000),
    step("segments", 11, GROWING, PREPARE, GET_50_16, keys=600_000),
    step("memory of segments", 11, FILL),
    step("packed entries", 12, FILL, GET_50_16),
    step("slabs", 13, FILL, GET_50_16, GONE),
    step("expiry index", 14, PREPARE, IDLE),
    step("sliced clear", 15, PREPARE, BEHIND_FLUSHALL, keys=600_000),
    step("epoll", 16, PREPARE, BESIDE, GET_1),
    step("shared buffer", 17, PREPARE, GET_50_16, HELD),
    step("batches", 18, PREPARE, GET_50_16, GET_1, NO_KEYS),
    Pair(
        "everything since", Side(find("18").name, ROOM), Side(FINAL, ROOM),
        (PREPARE, GET_50_16, GET_1, NO_KEYS),
    ),
]  # fmt: skip

PEERS = [
    Pair(
        "peers", Side(REDIS), Side(FINAL, ROOM),
        (
            Operation("memory of an empty server", "MiB", do.resident),
            GROWING,
            PREPARE,
            GET_1,
            SET_1,
            Operation("GET, 50 clients", US, do.load("GET", 50, 1, 20_000)),
            GET_50_16,
            Operation("SET, 50 clients, depth 16", US, do.load("SET", 50, 16, 100_000)),
            Operation("GET of a line, 50 clients, depth 16", US, AS_LINE),
            BESIDE,
            Operation("MGET of 100 keys, each", US, do.mget),
            Operation("MSET of 100 keys, each", US, do.mset),
            Operation("GET in a transaction of 1,000", US, do.transaction),
            PIECES,
            Operation("INCR", US, do.counters),
            Operation("APPEND of 100 bytes, up to 2 MB", US, do.append),
            Operation("a key that expires", US, do.due),
            Operation("EXPIRE", US, do.deadlines),
            Operation("GET of 16 KiB", US, do.large("GET", 16 << 10, 5_000)),
            Operation("SET of 16 KiB", US, do.large("SET", 16 << 10, 5_000)),
            Operation("GET of 1 MiB", US, do.large("GET", 1 << 20, 200)),
            Operation("SET of 1 MiB", US, do.large("SET", 1 << 20, 200)),
            NO_KEYS,
            Operation("KEYS that finds all", MS, do.keys_all),
            BEHIND_KEYS,  # while the memory of both is warm
            Operation("SCAN with COUNT 10, each key", US, do.scan(10, 1000)),
            Operation("SCAN with COUNT 1000, each key", US, do.scan(1000, 200)),
            Operation("connect, PING, close", US, do.storm),
            HELD,
            IDLE,
            Operation(
                "wait of others behind an EXEC of 50,000", MS, do.hold(b"EXEC", queued=50_000), True
            ),
            BEHIND_FLUSHALL,
        ),
        600_000,
    ),
    *(
        Pair(
            f"memory, values of {size}", Side(REDIS), Side(FINAL),
            (Operation(f"memory of a key and {size} bytes", "bytes", do.memory(size)),)
            + {32: (KEPT,), 200: (GONE,)}.get(size, ()),
            150_000 if size < 500 else 30_000,
        )
        for size in (8, 32, 200, 1000)
    ),
    Pair(
        "system calls", Side(REDIS), Side(FINAL),
        (
            Operation("system calls, one at a time", "", do.calls()),
            Operation("system calls, 50 clients, depth 16", "", do.calls("-c", "50", "-P", "16")),
            Operation("system calls, SET of 1 MiB", "", do.calls("-d", "1m", "-r", "10", few=50)),
            Operation("page faults, SET of 1 MiB", "", do.faults("SET", 1 << 20, 200)),
            Operation("page faults, GET of 1 MiB", "", do.faults("GET", 1 << 20, 200)),
        ),
        1000,
    ),
]  # fmt: skip


# Attempts: the complete server against a copy in which one thing is changed

FLAGS = "-O2 -g"


def attempt(name, *operations, edits=(), flags=FLAGS, settings=None):
    before = Side(FINAL, ROOM, FLAGS)
    after = Side(FINAL, ROOM | (settings or {}), flags, edits)
    return Pair(name, before, after, (PREPARE, *operations))


def batches_of(number):
    """Gives the edit for another number of requests that are run together."""
    return (("client.h", "#define BATCH_SIZE 16 ", f"#define BATCH_SIZE {number} "),)


DEEP = Operation("GET, one client, depth 1000", US, do.load("GET", 1, 1000, 100_000))

ATTEMPTS = [
    attempt("batches of 1", GET_50_16, edits=batches_of(1)),
    attempt("batches of 32", GET_50_16, edits=batches_of(32)),
    attempt(
        "no prefetching", GET_50_16, NO_KEYS,
        edits=(("table.c", "    __builtin_prefetch(p);\n", "    (void)p;\n"),),
    ),
    attempt(
        "a hash with two rounds for each word", GET_50_16,
        edits=(("hash.c", "        sip_round(v);\n", "        sip_round(v), sip_round(v);\n"),),
    ),
    attempt(
        "reads of 256 KiB", DEEP,
        edits=(("client.c", "READ_BYTES ((size_t)32 *", "READ_BYTES ((size_t)256 *"),),
    ),
    attempt("`-O3` for the compiler", GET_50_16, flags="-O3 -g"),
    attempt("`poll` instead of `epoll`", GET_1, BESIDE, settings={"MEDUSA_EVENT_LOOP": "poll"}),
    attempt(
        "metrics turned on", GET_50_16,
        settings={"MEDUSA_METRICS": "true", "MEDUSA_METRICS_PORT": "0"},
    ),
]  # fmt: skip


def edited(folder, edits):
    """Gives path -> text of the files of a folder that edits change."""
    texts = {}
    for name, old, new in edits:
        path = folder / name
        text = texts.get(path, path.read_text())
        if text.count(old) != 1:
            raise Problem(f"{name} has {old!r} {text.count(old)} times: correct tools/pairs.py")
        texts[path] = text.replace(old, new)
    return texts


def program_of(side, built):
    """Gives the program of a side, or None for the usual one; copies are built in a folder."""
    if not side.flags:
        return None
    folder = built / f"{side.flags} {hash(side.edits)}".replace(" ", "_")
    if not folder.exists():
        unchanged = side.edits and program_of(side._replace(edits=()), built).parent
        shutil.copytree(unchanged or ROOT / FINAL, folder)
        if not unchanged:
            make(folder, "clean")
        for path, text in edited(folder, side.edits).items():
            path.write_text(text)
        make(folder, f"CFLAGS={side.flags}")
    return folder / "medusa"


GROUPS = {"steps": STEPS, "attempts": ATTEMPTS, "peers": PEERS}
