"""A server whose system calls fail on request, and the requests that are sent to it meanwhile.

The server is final/ with tests/faults/faults.c in front of its system calls; that file tells how
the two sides talk. Here are the test's side of it, a scenario with every command of the table, and
what must be so after a run in which something has failed.
"""

import ctypes
import errno
import mmap
import pathlib
import re
import socket
import tempfile
import time

from medusa import LIMIT, SLOWNESS, Client, Closed, Error, Server, eventually, make

FOLDER = pathlib.Path(__file__).resolve().parent / "faults"
CALLS = re.findall(r"^    [A-Z_0-9]+, // (\w+)$", (FOLDER / "faults.c").read_text(), re.MULTILINE)
SHORT = 0  # instead of an errno: read() and write() move a single byte
MEMORY = ("mmap", "malloc", "calloc", "realloc")

# How many calls in a row fail where one is not enough. Errors that only mean "not now" would
# stop the server if they never ended, and without a descriptor it waits for its next tick.
FOREVER = 10**9
IN_A_ROW = {"SHORT": 300, "EINTR": 20, "EAGAIN": 20, "ECONNABORTED": 20}
ACCEPTS_IN_A_ROW = 2

# Nobody may notice these: "not now", or something that is only nice to have.
UNNOTICED = ("accept", "poll", "epoll_wait", "setsockopt", "getsockname", "getpeername")
UNNOTICED += ("getnameinfo", "shutdown", "close", "fopen")

# What each call may say while clients are served, as its manual page has it.
ERRORS = {
    "accept": "EINTR EAGAIN ECONNABORTED EMFILE ENFILE ENOBUFS ENOMEM".split(),
    "read": "SHORT EINTR EAGAIN ECONNRESET ETIMEDOUT ENOBUFS ENOMEM".split(),
    "write": "SHORT EINTR EAGAIN ECONNRESET EPIPE ENOBUFS ENOMEM".split(),
    "poll": "EINTR EAGAIN ENOMEM".split(),
    "epoll_wait": ["EINTR"],
    "epoll_ctl": "ENOMEM ENOSPC".split(),
    "setsockopt": "ENOBUFS EINVAL".split(),
    "fcntl": ["EINVAL"],
    "getsockname": ["ENOBUFS"],
    "getpeername": "ENOTCONN ENOBUFS".split(),
    "getnameinfo": ["EAGAIN"],
    "shutdown": ["ENOTCONN"],
    "close": "EINTR EIO".split(),
    "fopen": "EMFILE ENOMEM".split(),
    "mmap": ["ENOMEM"],
    "malloc": ["ENOMEM"],
    "calloc": ["ENOMEM"],
    "realloc": ["ENOMEM"],
}
START_ERRORS = {
    "socket": "EMFILE ENFILE ENOBUFS".split(),
    "bind": "EADDRINUSE EACCES".split(),
    "listen": ["EADDRINUSE"],
    "getaddrinfo": "EMFILE ENOMEM".split(),
    "epoll_create1": "EMFILE ENOMEM".split(),
    "epoll_ctl": ["ENOMEM"],
    "open": "EMFILE ENOENT".split(),
    "read": "EIO EINTR".split(),
    "fcntl": ["EINVAL"],
    "setsockopt": ["ENOBUFS"],
    "getrlimit": ["EPERM"],
    "setrlimit": ["EPERM"],
    "mmap": ["ENOMEM"],
    "malloc": ["ENOMEM"],
    "calloc": ["ENOMEM"],
    "realloc": ["ENOMEM"],
}


def number_of(name):
    """Gives the errno of a name; SHORT is none."""
    return SHORT if name == "SHORT" else getattr(errno, name)


def is_unnoticed(call, error):
    """Tells whether every client must get all of its replies although this fails."""
    return call in UNNOTICED or error in IN_A_ROW


def build(sanitized):
    """Builds the server and gives its path."""
    return make(FOLDER, sanitized) / "medusa-faults"


class Control(ctypes.Structure):
    """struct control of faults.c."""

    _fields_ = [(name, ctypes.c_int64) for name in "call countdown count error failures".split()]
    _fields_ += [("calls", ctypes.c_int64 * len(CALLS))]


class Faults:
    """Says which call of a server is to fail. Give FAULTS_FILE=faults.path to the server."""

    def __init__(self):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(bytes(ctypes.sizeof(Control)))
            self.path = file.name
        with open(self.path, "r+b") as file:
            self.control = Control.from_buffer(mmap.mmap(file.fileno(), 0))

    def remove(self):
        """Removes the file; a server that has it goes on."""
        pathlib.Path(self.path).unlink()

    def arm(self, call, error, at=1, count=1):
        """Lets the at-th `call` from now on fail, and as many after it as `count` says."""
        self.control.call = 0
        self.control.countdown, self.control.count = at, count
        self.control.error, self.control.failures = number_of(error), 0
        self.control.call = 1 + CALLS.index(call)

    def disarm(self):
        """Lets nothing fail any more; returns how many have failed."""
        self.control.call = 0
        return self.control.failures

    def count(self, call):
        """Returns how often the server has made this call."""
        return self.control.calls[CALLS.index(call)]


# The scenario

LONG = "x" * 5000  # too long for a slab
STORED = {f"stored:{n}".encode(): (f"{n}" * (n % 40 + 1)).encode() for n in range(400)}
STORED[b"stored:large"] = b"0123456789" * 30000


class Group:
    """Requests of one connection, about keys that no other group uses."""

    def __init__(self, *lines, keys="", varies=False, closes=False):
        self.requests = [line.replace("LONG", LONG).split() for line in lines]
        self.keys = keys.split()
        self.varies = varies  # only the types of the replies are the same in every run
        self.closes = closes  # the server closes the connection after the last one
        self.replies = []  # what is answered while nothing fails
        self.states = []  # of the keys, before the first request and after some
        # Which: in a long group, all requests of one half do the same.
        count = len(self.requests)
        self.marks = range(count) if count < 50 else (count // 2 - 1, count - 1)


def scenario():
    """Returns the groups; all commands but CLEAR and its like are in them."""
    return [
        Group("SET a 1 EX 1000", "GET a", "EXISTS a", "TTL a", "EXPIRE a 500", "DEL a", keys="a"),
        Group(
            "SET b LONG", "GETSET b 2", "SET b 3 GET", "GETEX b EXAT 2000000000", "GETDEL b",
            "SETNX b 4", "SETEX b 900 5", "PSETEX b 900000 6", "GETEX b PERSIST", keys="b",
        ),
        Group(
            "MSET c1 1 c2 2", "MGET c1 c2 c3", "MSETNX c1 1 c4 4", "MSETNX c4 4 c5 5",
            "DELETE c1 c2", "UNLINK c4", "TOUCH c5", "TYPE c5", keys="c1 c2 c3 c4 c5",
        ),
        Group(
            "APPEND d x", "APPEND d LONG", "APPEND d LONG", "STRLEN d", "GETRANGE d 0 9",
            "SETRANGE d 20000 y", "SETRANGE d 0 z", keys="d",
        ),
        Group("INCR e", "INCRBY e 41", "DECR e", "DECRBY e 1", "INCRBYFLOAT e 1.5", keys="e"),
        Group("SET f1 1", "RENAME f1 f2", "RENAMENX f2 f3", "GET f3", keys="f1 f2 f3"),
        Group(
            "SET g 1", "PEXPIRE g 90000", "EXPIREAT g 1900000000", "EXPIRETIME g",
            "PEXPIREAT g 1900000000123", "PEXPIRETIME g", "PERSIST g", "PTTL g", "EXPIRE g 0",
            keys="g",
        ),
        Group(
            "MULTI", "SET h1 1", "INCR h1", "SET h2 LONG", "MGET h1 h2", "EXEC", "GET h1",
            "MULTI", "SET h1 LONG", "DISCARD", "GET h1", keys="h1 h2",
        ),
        Group(
            "HELLO 3 SETNAME me", "GET none", "CONFIG GET max*", "COMMAND DOCS GET",
            "CLIENT GETNAME", "RESET", "CLIENT GETNAME", varies=True,
        ),
        Group(
            "CLIENT ID", "CLIENT SETNAME you", "CLIENT SETINFO LIB-NAME l", "CLIENT INFO",
            "CLIENT LIST", "CLIENT KILL ID 999999", "CLIENT HELP", "AUTH no", "ECHO LONG",
            "SELECT 0", varies=True,
        ),
        Group(
            "LIST", "KEYS *1*", "SCAN 0 COUNT 1000", "RANDOMKEY", "COUNT", "DBSIZE", "TIME",
            "PING", "PING LONG", "GET stored:large", varies=True,
        ),
        Group(
            "INFO", "INFO ALL", "MEMORY USAGE stored:1", "MEMORY HELP", "CONFIG SET timeout 0",
            "CONFIG RESETSTAT", "CONFIG HELP", varies=True,
        ),
        Group(
            "COMMAND", "COMMAND COUNT", "COMMAND LIST", "COMMAND INFO GET", "COMMAND HELP",
            varies=True,
        ),
        Group("PING", "QUIT", closes=True),
        Group("PING", "EXIT", closes=True),
    ]  # fmt: skip


def large_scenario():
    """Returns groups that make the table grow and shrink, and replies pile up."""
    grow, shrink = ([f"{name}:{n}" for n in range(300)] for name in ("grow", "shrink"))
    sets = [f"SET {key} {key * 100}" for key in shrink]
    return [
        Group(*(f"SET {key} {key * 100}" for key in grow), keys=" ".join(grow)),
        Group(*["GET stored:large", "LIST"] * 20, varies=True),
        Group(*sets, *(f"DEL {key}" for key in shrink), keys=" ".join(shrink)),
    ]


def clear_scenario():
    """Returns the groups that remove everything."""
    return [Group(line, closes=False) for line in ("CLEAR", "FLUSHALL", "FLUSHDB ASYNC")]


def shorten(thing, most=200):
    """Shows any value; the middle of a long one is left out."""
    text = repr(thing)
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"


def is_oom(reply):
    """Tells whether a reply says that there is no memory, or holds one that does."""
    if isinstance(reply, list):
        return any(is_oom(item) for item in reply)
    return isinstance(reply, Error) and reply.startswith(b"OOM ")


class Bench:
    """A server, a witness that was connected and keys that were stored before anything failed."""

    def __init__(self, binary, log_path, *args, groups=None):
        self.faults = Faults()
        env = {"FAULTS_FILE": self.faults.path, "MEDUSA_METRICS": "yes"}
        args = ["--timeout=0", "--metrics-port=0", *args]
        self.server = Server(binary, log_path, *args, env=env)
        self.witness = self.server.connect()
        self.groups = scenario() if groups is None else groups
        self.store()
        self.record()

    def stop(self):
        """Ends the server, which must be alive and well and have nothing to do."""
        self.faults.disarm()
        try:
            if self.server.is_running():
                eventually(self.is_quiet, "a server that waits while it has nothing to do")
        finally:
            self.faults.remove()
            self.server.stop()

    def is_quiet(self):
        """Tells whether the server waits, but for its ten ticks a second."""
        before = self.faults.count("epoll_wait") + self.faults.count("poll")
        time.sleep(0.1)
        return self.faults.count("epoll_wait") + self.faults.count("poll") - before < 6

    def metrics_port(self):
        """Returns the port of the metrics, which the log names."""
        return int(re.search(r"http://127.0.0.1:(\d+)/metrics", self.server.log_text()).group(1))

    def store(self):
        """Removes everything and stores the keys that must survive."""
        words = [word for pair in STORED.items() for word in pair]
        assert self.witness.pipeline(["FLUSHALL"], ["MSET", *words]) == [b"OK", b"OK"]

    def state(self, group):
        """Returns the values of a group's keys, and which of them have a deadline."""
        if not group.keys:
            return []
        values, *times = self.witness.pipeline(
            ["MGET", *group.keys], *(["TTL", key] for key in group.keys)
        )
        return [(value, seconds >= 0) for value, seconds in zip(values, times)]

    def record(self):
        """Notes replies and states of every group while nothing fails."""
        for group in self.groups:
            with self.connect() as client:
                group.states.append(self.state(group))
                for number, words in enumerate(group.requests):
                    group.replies.append(client.command(*words))
                    if number in group.marks:
                        group.states.append(self.state(group))
        self.store()

    def connect(self):
        """Opens a connection that the caller closes."""
        return Client(self.server.host, self.server.port)

    # One run

    def check_replies(self, group, replies):
        """Holds replies against those recorded; returns whether one of them is an OOM.

        After an OOM the rest of the group may be about a key that is not as it should be.
        """
        had_oom = False
        for words, got, right in zip(group.requests, replies, group.replies):
            had_oom = had_oom or is_oom(got)
            if had_oom:
                continue
            same = isinstance(got, type(right)) if group.varies else got == right
            assert same, f"{shorten(words)}: {shorten(got)} is not {shorten(right)}"
        return had_oom

    def run_group(self, group):
        """Sends a group on a connection of its own; tells whether all was answered as it should."""
        replies = []
        try:
            with self.connect() as client:
                client.send_raw(b"".join(client.encode(*words) for words in group.requests))
                for _ in group.requests:
                    replies.append(client.read())
                if group.closes:
                    client.read_to_end()
        except (Closed, ConnectionError):
            pass
        had_oom = self.check_replies(group, replies)
        return len(replies) == len(group.requests) and not had_oom

    def run(self, call, error, at, count):
        """Sends all groups, and something fails meanwhile; returns how many calls have failed."""
        closed = self.faults.count("close")
        self.faults.arm(call, error, at, count)
        was_right = [self.run_group(group) for group in self.groups]
        end = time.monotonic() + 0.05 * SLOWNESS
        while self.faults.count("close") < closed + len(self.groups) and time.monotonic() < end:
            time.sleep(0.0005)
        failures = self.faults.disarm()
        assert all(was_right) or (failures and not is_unnoticed(call, error))
        return failures, was_right

    def check(self, was_right, had_memory):
        """Looks whether the server lives and has what it had, then removes what a run has left."""
        assert self.server.is_running(), self.server.log_text()
        assert self.witness.command("MGET", *STORED) == list(STORED.values())
        for group, right in zip(self.groups, was_right):
            if right or had_memory:
                self.check_group(group, right)
        eventually(self.server.serves_newcomers, "a reply for a new client")
        used = sorted({key for group in self.groups for key in group.keys})
        self.witness.command("DEL", *used, "none")
        assert self.witness.command("DBSIZE") == len(STORED)

    def check_group(self, group, was_right):
        """Looks at the keys of a group: all of it was done, or a part that ends at a request."""
        state = self.state(group)
        if was_right:
            assert state == group.states[-1], f"after {shorten(group.requests)}"
            return
        for number, key in enumerate(group.keys):
            allowed = [known[number] for known in group.states]
            assert state[number] in allowed, f"{key} after {shorten(group.requests)}"

    # Many runs

    def fail_each(self, call, error, count=1, dense=10**9):
        """Lets the n-th call fail, for n = 1, 2, 3 and so on, until none does; returns that n.

        Late calls of a run are much alike: from n = dense on, ever more of them are left out.
        """
        at = 1
        while True:
            try:
                failures, was_right = self.run(call, error, at, count)
                self.check(was_right, call not in MEMORY)
            except AssertionError as problem:
                raise AssertionError(f"{call} {at} fails with {error}: {problem}") from problem
            if not failures:
                return at
            at += 1 + at // dense


def scrape(port):
    """Asks for the metrics; returns the whole answer, or None if the connection was closed."""
    request = b"GET /metrics HTTP/1.1\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
            sock.sendall(request)
            answer = b""
            while chunk := sock.recv(65536):
                answer += chunk
    except ConnectionError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return body if length and int(length.group(1)) == len(body) else None
