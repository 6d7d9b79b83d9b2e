"""Floods: ways to press a server hard, and a witness that tells how others are served meanwhile.

A flood is a function of a target, a size and what its preparation returned. It checks what the
server owes to the clients of the flood itself, and raises AssertionError where that is not kept.
tools/floods compares servers with it, tools/soak mixes floods with everything else, and
tests/test_floods.py runs each in a small size.
"""

import contextlib
import gc
import multiprocessing
import os
import pathlib
import resource
import select
import signal
import socket
import struct
import sys
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from medusa import LIMIT, Client, encode, eventually  # found through the line above

PERIOD = 0.001  # seconds from one PING of the witness to the next
TOO_MANY = b"-ERR max number of clients reached\r\n"
PING, PONG = encode("PING"), b"+PONG\r\n"
MEGABYTE = 1 << 20
CHUNK = 10000  # keys set at once
TOUCHED = 32 * MEGABYTE  # that announced lengths may cost in all: buffers, and the kernel's noise


class Target:
    """A running server, as far as a flood has to know it."""

    def __init__(self, port, pid, metrics_port=None):
        self.port = port
        self.pid = pid
        self.metrics_port = metrics_port

    def connect(self, port=None, receive_buffer=None):
        """Opens a plain socket."""
        sock = socket.socket()
        sock.settimeout(LIMIT)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(("127.0.0.1", port or self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def client(self):
        """Opens a connection that reads replies."""
        return Client("127.0.0.1", self.port)

    def memory(self):
        """Gives the bytes that the server has resident."""
        pages = pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @contextlib.contextmanager
    def connections(self, count, **options):
        """Opens `count` sockets, and closes them in the end."""
        socks = []
        try:
            socks.extend(self.connect(**options) for _ in range(count))
            yield socks
        finally:
            for sock in socks:
                sock.close()


# The witness


class Latencies:
    """How long the PINGs of a witness took, in milliseconds, counted from when each was due."""

    def __init__(self, seconds):
        self.ms = sorted(1000 * s for s in seconds)

    def at(self, share):
        return self.ms[min(len(self.ms) - 1, int(len(self.ms) * share))]

    def row(self):
        """Gives the median, p99, p99.9 and the longest."""
        return [self.at(0.5), self.at(0.99), self.at(0.999), self.ms[-1]]


def be_first(cpu, is_realtime):
    """Pins this process, and lets it run before others where the system allows that."""
    with contextlib.suppress(OSError):
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError):
        if is_realtime:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def watch(port, pipe, cpu, is_realtime):
    """Sends one PING per millisecond until the pipe says stop, then sends what each took.

    A PING that could not be sent in time, because the one before was not answered yet, has waited
    as well: its time counts from the moment it was due.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    be_first(cpu, is_realtime)
    gc.disable()
    took = []
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            due = time.monotonic()
            while len(took) % 16 or not pipe.poll():
                due += PERIOD
                time.sleep(max(0, due - time.monotonic()))
                sock.sendall(PING)
                reply = sock.recv(64)
                took.append(time.monotonic() - due)
                if reply != PONG:
                    pipe.send(f"the witness got {reply!r} for a PING")
                    return
                if len(took) == 1:
                    pipe.send("started")
        pipe.send(took)
    except OSError as error:
        pipe.send(f"the witness was not served: {error}")


class Witness:
    """One PING per millisecond in a process of its own, while the with statement lasts."""

    def __init__(self, port, cpu=None, is_realtime=False):
        self.pipe, far_end = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=watch, args=(port, far_end, cpu, is_realtime), daemon=True
        )
        self.latencies = None

    def __enter__(self):
        self.process.start()
        if not self.pipe.poll(2 * LIMIT):
            raise AssertionError("the witness did not start")
        if (word := self.pipe.recv()) != "started":
            raise AssertionError(word)
        return self

    def __exit__(self, kind, *_):
        with contextlib.suppress(OSError):
            self.pipe.send("stop")
        came = self.pipe.poll(2 * LIMIT)
        result = self.pipe.recv() if came else "the witness did not end"
        self.process.kill()
        self.process.join()
        if isinstance(result, list):
            self.latencies = Latencies(result)
        elif kind is None:
            raise AssertionError(result)


# Helpers of floods


def read_to_end(sock):
    """Reads until the server closes; what an RST cuts off is an error."""
    parts = []
    while data := sock.recv(MEGABYTE):
        parts.append(data)
    return b"".join(parts)


def expect(received, wanted, what):
    if received != wanted:
        raise AssertionError(f"{what}: {received[:80]!r} instead of {wanted[:80]!r}")


def reset(sock):
    """Closes a connection with an RST, as a crashed peer would."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def fill(target, keys, options=lambda n: ()):
    """Sets `keys` keys of 32 bytes; `options` gives the words behind the value."""
    with target.connect() as sock, sock.makefile("rb") as replies:
        for low in range(0, keys, CHUNK):
            some = range(low, min(keys, low + CHUNK))
            sock.sendall(
                b"".join(encode("SET", f"flood:{n:08d}", "v" * 32, *options(n)) for n in some)
            )
            expect(replies.read(5 * len(some)), b"+OK\r\n" * len(some), "SET")


def pour(socks, data, seconds):
    """Sends `data` on all sockets again and again, and reads whatever comes back."""
    end = time.monotonic() + seconds
    rests = {sock: memoryview(data) for sock in socks}
    for sock in socks:
        sock.setblocking(False)
    while time.monotonic() < end:
        readable, writable, _ = select.select(socks, socks, [], 0.1)
        for sock in readable:
            if not sock.recv(MEGABYTE):
                raise AssertionError("the server closed a connection that only sent requests")
        for sock in writable:
            with contextlib.suppress(BlockingIOError):
                rests[sock] = rests[sock][sock.send(rests[sock][:65536]) :] or memoryview(data)


# The floods


def callers(target, count, _):
    """Takes all places, and calls `count` times more: each call is answered and closed."""
    with contextlib.ExitStack() as stack:
        while True:
            sock = stack.enter_context(target.connect())
            sock.sendall(PING)
            if sock.recv(64) != PONG:
                break
        for _ in range(count):
            with target.connect() as sock:
                expect(read_to_end(sock), TOO_MANY, "a client too many")


def descriptors(target, count, _):
    """Leaves the server four descriptors, and calls `count` times."""
    before = resource.prlimit(target.pid, resource.RLIMIT_NOFILE)
    few = target.descriptors() + 4
    resource.prlimit(target.pid, resource.RLIMIT_NOFILE, (few, before[1]))
    try:
        with target.connections(count) as socks:
            for sock in socks:
                sock.sendall(PING)
            time.sleep(1)
            answered, _, _ = select.select(socks, [], [], 0)
            assert answered and all(sock.recv(64) == PONG for sock in answered)
    finally:
        resource.prlimit(target.pid, resource.RLIMIT_NOFILE, before)


def slow_requests(target, count, _):
    """Sends a request on each of `count` connections, all of them byte by byte."""
    requests = [encode("SET", "slow", "v" * 20), b"SET slow " + b"v" * 20 + b"\r\n"]
    with target.connections(count) as socks:
        for at in range(max(map(len, requests))):
            for n, sock in enumerate(socks):
                sock.sendall(requests[n % 2][at : at + 1])
            time.sleep(0.01)
        for sock in socks:
            expect(sock.recv(64), b"+OK\r\n", "a request that came byte by byte")


def slow_scrapers(target, count, _):
    """Asks for the metrics byte by byte, on `count` connections; most wait for a place."""
    request = b"GET /metrics HTTP/1.1\r\n" + b"Header: slow\r\n" * 5
    with target.connections(count, port=target.metrics_port) as socks:
        for byte in request:
            for sock in socks:
                sock.sendall(bytes([byte]))
            time.sleep(0.01)


def idle(target, count, _):
    """Opens `count` connections that say a word and then nothing; they all go at once."""
    with target.connections(count) as socks:
        for sock in socks:
            sock.sendall(PING)
        for sock in socks:
            expect(sock.recv(64), PONG, "PING")
        time.sleep(0.5)


def unread(target, megabytes, _):
    """Asks for `megabytes` in replies of 1 MB, and reads none."""
    with target.client() as client:
        client.command("SET", "flood:unread", b"v" * MEGABYTE)
    with target.connect(receive_buffer=4096) as sock:
        sock.sendall(encode("GET", "flood:unread") * megabytes)
        time.sleep(1)
        reset(sock)


def unread_reply(target, megabytes, _):
    """Asks for one reply of `megabytes`, and does not read it."""
    with target.client() as client:
        client.command("SET", "flood:unread", b"v" * MEGABYTE)
    with target.connect(receive_buffer=4096) as sock:
        sock.sendall(encode("MGET", *["flood:unread"] * megabytes))
        time.sleep(1)
        reset(sock)


def slow_reply(target, megabytes, _):
    """Reads one reply of `megabytes`, a little at a time at first, and finds it whole."""
    with target.client() as client:
        client.command("SET", "flood:slow", b"v" * MEGABYTE)
    reply = b"*%d\r\n" % megabytes + (b"$%d\r\n%s\r\n" % (MEGABYTE, b"v" * MEGABYTE)) * megabytes
    with target.connect(receive_buffer=65536) as sock:
        sock.sendall(encode("MGET", *["flood:slow"] * megabytes))
        received = 0
        while received < len(reply):
            data = sock.recv(65536 if received < MEGABYTE else 4 * MEGABYTE)
            assert data, f"the reply ends after {received} bytes"
            expect(data, reply[received : received + len(data)], f"byte {received} of a reply")
            received += len(data)


def pipeline(target, seconds, _):
    """Four connections send requests without a pause."""
    words = ((encode("SET", f"pipe:{n}", "v" * 32), encode("GET", "pipe:0")) for n in range(999))
    request = b"".join(b"".join(pair) for pair in words)
    with target.connections(4) as socks:
        pour(socks, request, seconds)


def half_closed(target, count, _):
    """Sends 1,000 requests on each of `count` connections, ends them, and reads all replies."""
    request = b"".join(encode("PING", n) for n in range(1000))
    wanted = b"".join(b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(1000))
    with target.connections(count) as socks:
        for sock in socks:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        for sock in socks:
            expect(read_to_end(sock), wanted, "replies to a client that has ended")


def resets(target, count, _):
    """Resets `count` connections, each at the next byte of three requests."""
    requests = encode("SET", "reset", "v") + encode("GET", "reset") + b"PING\r\n"
    for n in range(count):
        sock = target.connect()
        sock.sendall(requests[: n % (len(requests) + 1)])
        if n % 3 == 0 and n % (len(requests) + 1) == len(requests):
            sock.recv(64)
        reset(sock)


def lengths(target, count, _):
    """Announces much on `count` connections and sends nothing of it: no memory is taken."""
    starts = [
        b"*1048576\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n",
        b"*1048576\r\n$536870912\r\n",
        b"*2\r\n$536870912\r\nx",
    ]
    before = target.memory()
    with target.connections(count) as socks:
        for n, sock in enumerate(socks):
            sock.sendall(starts[n % len(starts)])
        time.sleep(0.5)
        grown = target.memory() - before
        assert grown < TOUCHED, f"announced lengths have cost {grown >> 20} MiB"


def keys_with_a_deadline(target, keys):
    """Sets keys that all expire within one second, soon."""
    at_ms = int(1000 * (time.time() + 1 + keys / 150000))
    fill(target, keys, lambda n: ("PXAT", at_ms + n % 1000))
    return at_ms


def expire(target, _, at_ms):
    """Waits until all keys have expired."""
    wait = max(0, at_ms / 1000 - time.time())
    time.sleep(max(0, wait - 0.2))
    with target.client() as client:

        def is_empty():
            time.sleep(0.05)
            return client.command("DBSIZE") == 0

        eventually(is_empty, "the end of all keys that have expired", wait + 6 * LIMIT)


def flushall(target, _, __):
    """Removes all keys at once."""
    with target.client() as client:
        expect(client.command("FLUSHALL", limit=6 * LIMIT), b"OK", "FLUSHALL")
        assert client.command("DBSIZE") == 0
        time.sleep(1)


def keys(target, _, __):
    """Looks through all keys in one command."""
    with target.client() as client:
        assert client.command("KEYS", "no such key", limit=6 * LIMIT) == []


def evict(target, seconds, _):
    """Two connections set new keys without a pause, at the memory limit."""
    request = b"".join(encode("SET", f"evict:{n}", "v" * 64) for n in range(200000))

    def has_evicted():
        with target.connections(2) as socks:
            pour(socks, request, seconds)
        with target.client() as client:
            return client.info()["evicted_keys"] != "0"

    eventually(has_evicted, "keys that are evicted", 6 * LIMIT)


def transaction(target, megabytes, _):
    """Queues `megabytes` in MULTI, and runs them."""
    count = megabytes * 1000
    request = b"".join(encode("SET", f"multi:{n}", "v" * 950) for n in range(count))
    with target.client() as client:
        client.send("MULTI")
        client.send_raw(request)
        assert client.read() == b"OK"
        assert client.read_many(count) == [b"QUEUED"] * count
        assert client.command("EXEC", limit=6 * LIMIT) == [b"OK"] * count


def silent_clients(target, count):
    """Opens `count` connections whose last word is read at the same moment."""
    socks = []
    while len(socks) < count:
        socks.append(target.connect())
        if len(socks) % 100 == 0:  # a listener whose queue is full would let us wait for seconds
            socks[-1].sendall(PING)
            expect(socks[-1].recv(64), PONG, "PING")
    os.kill(target.pid, signal.SIGSTOP)
    for sock in socks:
        sock.sendall(PING)
    os.kill(target.pid, signal.SIGCONT)
    for sock in socks:
        expect(sock.recv(64), PONG, "PING")
    return socks


def timeouts(_, __, socks):
    """Waits until the server has closed all clients that said nothing for too long."""
    try:
        for sock in socks:
            with contextlib.suppress(ConnectionResetError):
                expect(sock.recv(64), b"", "a client that said nothing")
    finally:
        for sock in socks:
            sock.close()


class Flood(typing.NamedTuple):
    """A row of the table below."""

    run: typing.Callable
    full: int  # its size in tools/floods
    quick: int  # and with --quick
    small: int  # in tests and in tools/soak
    prepare: typing.Callable = lambda target, size: None
    medusa: tuple = ()  # arguments of the server
    redis: tuple = ()
    is_background: bool = False  # no command pays for what the server does: 5 ms at most
    is_medusa_only: bool = False
    is_endless: bool = False  # keeps the server busy: the system stops realtime programs that are
    is_harmless: bool = True  # to the keys of others, so that tools/soak may run it any time

    def name(self):
        return self.run.__name__.replace("_", " ")


FEW_PLACES = dict(medusa=("--max-connections=100",), redis=("--maxclients", "100"))
KEYS = dict(prepare=fill, is_harmless=False)
SMALL_STORE = dict(
    medusa=("--max-memory=10mb", "--eviction=allkeys-lru"),
    redis=("--maxmemory", "15mb", "--maxmemory-policy", "allkeys-lru"),
)
SHORT_TIMEOUT = dict(medusa=("--timeout=3",), redis=("--timeout", "3"))

FLOODS = {
    flood.name(): flood
    for flood in [
        Flood(callers, 2000, 500, 50, is_harmless=False, **FEW_PLACES),
        Flood(descriptors, 500, 200, 50, is_harmless=False),
        Flood(slow_requests, 500, 200, 40),
        Flood(slow_scrapers, 100, 50, 20, medusa=("--metrics=on",), is_medusa_only=True),
        Flood(idle, 10000, 2000, 200),
        Flood(unread, 1000, 300, 120),
        Flood(unread_reply, 256, 64, 20),
        Flood(slow_reply, 256, 64, 20),
        Flood(pipeline, 5, 2, 1, is_endless=True),
        Flood(half_closed, 200, 100, 20),
        Flood(resets, 5000, 1000, 100),
        Flood(lengths, 400, 200, 100),
        Flood(
            expire, 1000000, 200000, 20000, keys_with_a_deadline,
            is_background=True, is_harmless=False,
        ),
        Flood(flushall, 10000000, 500000, 50000, is_background=True, **KEYS),
        Flood(keys, 10000000, 500000, 50000, **KEYS),
        Flood(evict, 5, 2, 1, is_endless=True, is_harmless=False, **SMALL_STORE),
        Flood(transaction, 60, 20, 3),
        Flood(
            timeouts, 10000, 2000, 200, silent_clients,
            is_background=True, is_harmless=False, **SHORT_TIMEOUT,
        ),
    ]
}  # fmt: skip


def run(flood, target, size, **witness):
    """Runs a flood with a witness beside it; gives the witness's latencies."""
    state = flood.prepare(target, size)
    with Witness(target.port, **witness) as beside:
        flood.run(target, size, state)
    return beside.latencies
