"""What tools/compare lets servers do: each operation gives one figure of one server.

A figure is CPU time of the server wherever that can be: other programs on the machine hardly change
it. Operations with several requests send them all at once on one connection.
"""

import contextlib
import pathlib
import random
import re
import select
import shutil
import tempfile
import time

from figures import REDIS
from servers import LIMIT, Problem, Server, ping, receive, run_load

BATCH = 64  # keys that are added between two looks at the CPU time
VALUE = b"v" * 32
LEAST_PINGS = 200  # behind one command, so that its background work is seen as well
MANY = 1000  # connections
PATIENCE = 15  # seconds, in which memory that nobody needs may go back to the system
SILENCE = 4  # seconds, in which servers give back the buffers of connections that are silent
END = b"that was the last one"
LONG_VALUE = b"v" * 30000


def encode(*words):
    """Gives a request as a RESP array."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def name_of_key(number):
    return b"key:%012d" % number


def some_keys(keys, count):
    """Gives the names of `count` random keys, the same ones for every server."""
    chance = random.Random(count)
    return [name_of_key(chance.randrange(keys)) for _ in range(count)]


def exchange(sock, requests):
    """Sends requests and waits for the last reply; gives all replies as bytes."""
    sock.sendall(requests + encode(b"PING", END))
    return receive(sock, lambda data: data.endswith(END + b"\r\n"))


def used(server, action):
    """Gives the seconds of CPU time that a server takes for what `action` has it do."""
    before = server.cpu_seconds()
    action()
    return server.cpu_seconds() - before


def used_by(server, requests, count):
    """Gives the µs of CPU time for each of `count` parts of some requests."""
    with server.connect() as sock:
        return used(server, lambda: exchange(sock, b"".join(requests))) / count * 1e6


def connections(server, count=MANY):
    """Opens connections, each of which has been served once; close what this gives."""
    stack = contextlib.ExitStack()
    for _ in range(count):
        sock = stack.enter_context(server.connect())
        exchange(sock, b"")
    return stack


# Loads


def load(command, clients, pipeline, operations, *more):
    """Gives an operation: µs of CPU time of a request from the load generator."""
    words = ["-m", f"{command.lower()}=1", "-c", str(clients), "-P", str(pipeline), *more]

    def operation(server, keys):
        return run_load(server, keys, operations, "--no-prefill", *words)[0]

    return operation


def fill(server, keys):
    """Gives what the memory grows by for each key that is stored, in bytes."""
    before = server.resident_bytes()
    run_load(server, keys, 1, "--inline", "-P", "100", "-m", "get=1")
    return (server.resident_bytes() - before) / keys


def large(command, size, operations):
    """Gives an operation: µs of CPU time of a request with a value of some size."""
    few = (32 << 20) // size
    words = ["-d", str(size), "-c", "10"]

    def operation(server, _):
        run_load(server, few, 1, "-m", "get=1", *words)  # sets all of them first
        mix = ["-m", f"{command.lower()}=1", "--no-prefill"]
        return run_load(server, few, operations, *mix, *words)[0]

    return operation


def beside_silent(server, keys):
    """Gives the µs of CPU time of a GET while many other connections are silent."""
    with connections(server):
        return load("GET", 1, 1, 4000, "--inline")(server, keys)


# Many keys at once


def mset(server, keys):
    names = iter(some_keys(keys, 30000))
    requests = [
        encode(b"MSET", *(word for _ in range(100) for word in (next(names), VALUE)))
        for _ in range(300)
    ]
    return used_by(server, requests, 30000)


def mget(server, keys):
    names = some_keys(keys, 30000)
    requests = [encode(b"MGET", *names[at : at + 100]) for at in range(0, 30000, 100)]
    return used_by(server, requests, 30000)


def transaction(server, keys):
    """Gives the µs of CPU time of a GET in transactions of a thousand."""
    gets = [encode(b"GET", name) for name in some_keys(keys, 30000)]
    parts = [
        encode(b"MULTI") + b"".join(gets[at : at + 1000]) + encode(b"EXEC")
        for at in range(0, 30000, 1000)
    ]
    return used_by(server, parts, 30000)


def pieces(server, _):
    """Gives the ms of CPU time of a request of 200,000 words, which comes in many reads."""
    request = encode(b"EXISTS", *[b"k"] * 200000)
    return used_by(server, [request], 1) / 1000


# Values that change


def counters(server, _):
    requests = [encode(b"INCR", b"n:%d" % (n * 7 % 1000)) for n in range(50000)]
    return used_by(server, requests, 50000)


def append(server, _):
    requests = [encode(b"DEL", b"log"), *[encode(b"APPEND", b"log", b"v" * 100)] * 20000]
    return used_by(server, requests, 20000)


def deadlines(server, keys):
    requests = [encode(b"EXPIRE", name, b"100000") for name in some_keys(keys, 50000)]
    return used_by(server, requests, 50000)


# All keys


def keys_none(server, _):
    """Gives the ms of CPU time of a KEYS that finds nothing."""
    return used_by(server, [encode(b"KEYS", b"no such key")], 1) / 1000


def keys_all(server, _):
    return used_by(server, [encode(b"KEYS", b"*")], 1) / 1000


def scan(count, calls):
    """Gives an operation: µs of CPU time for each key that calls of SCAN answer with."""

    def operation(server, _):
        found = 0
        with server.connect() as sock:
            before, cursor = server.cpu_seconds(), b"0"
            for _ in range(calls):
                reply = exchange(sock, encode(b"SCAN", cursor, b"COUNT", b"%d" % count))
                head = reply.split(b"\r\n", 4)
                cursor, found = head[2], found + int(head[3][1:])
                if cursor == b"0":
                    break
            return (server.cpu_seconds() - before) / found * 1e6

    return operation


# Time that no request takes


def growing(server, keys):
    """Gives the ms of CPU time of the costliest 64 SETs while an empty server is filled."""
    costliest = 0
    with server.connect() as sock:
        for first in range(0, keys, BATCH):
            numbers = range(first, min(first + BATCH, keys))
            sets = b"".join(b"SET %s %s\r\n" % (name_of_key(n), VALUE) for n in numbers)
            before = server.cpu_seconds()
            sock.sendall(sets)
            receive(sock, lambda data: data.count(b"\r\n") == len(numbers))
            costliest = max(costliest, server.cpu_seconds() - before)
    return costliest * 1e3


def idle(server, _):
    """Gives the ms of CPU time that a server takes in a second without requests."""
    time.sleep(0.5)  # what the requests before have left to do
    return used(server, lambda: time.sleep(1)) * 1e3


def due(server, _):
    """Gives the µs of CPU time for each of many keys that expire within one second.

    Redis is content when no more than a tenth of the keys with a deadline are past it, so it ends
    when four of five are gone.
    """
    count = 100000
    at_ms = int(time.time() * 1000) + 2500
    requests = [
        encode(b"SET", b"due:%d" % n, VALUE, b"PXAT", b"%d" % (at_ms + n % 1000))
        for n in range(count)
    ]
    with server.connect() as sock:

        def size():
            return int(exchange(sock, encode(b"DBSIZE")).split()[0][1:])

        exchange(sock, b"".join(requests))
        full = size()
        time.sleep(max(0, at_ms / 1000 - 0.2 - time.time()))
        before, deadline = server.cpu_seconds(), time.monotonic() + LIMIT
        while (gone := full - size()) < 0.8 * count:
            if time.monotonic() > deadline:
                raise Problem(f"{server.name} has keys that should have expired")
            time.sleep(0.1)
        return (server.cpu_seconds() - before) / gone * 1e6


def storm(server, _):
    """Gives the µs of CPU time of a connection that sends a PING and is closed."""

    def come_and_go():
        for _ in range(MANY):
            with server.connect() as sock:
                exchange(sock, b"")

    return used(server, come_and_go) / MANY * 1e6


def queue(sock, count):
    """Opens a transaction with many requests."""
    sets = b"".join(encode(b"SET", name_of_key(n), VALUE) for n in range(count))
    sock.sendall(encode(b"MULTI") + sets)
    receive(sock, lambda data: data.count(b"QUEUED\r\n") == count)


def hold(*words, queued=0):
    """Gives an operation: the longest that a server computes before it answers a PING, in ms.

    The PINGs come from another client, one after the other, from when a request has been sent.
    """

    def operation(server, _):
        longest, pings, is_answered = 0, 0, False
        with server.connect() as sock, server.connect() as other:
            exchange(other, b"")
            if queued:
                queue(sock, queued)
            sock.sendall(encode(*words))
            while not is_answered or pings < LEAST_PINGS:
                longest = max(longest, used(server, lambda: ping(other)))
                pings += 1
                is_answered = is_answered or bool(select.select([sock], [], [], 0)[0])
        return longest * 1e3

    return operation


# Memory


def memory(size):
    """Gives an operation: bytes of memory for each key of 16 bytes with a value of some size."""

    def operation(server, keys):
        with server.connect() as sock:
            before = server.resident_bytes()
            for first in range(0, keys, 1000):
                numbers = range(first, first + 1000)
                exchange(
                    sock, b"".join(encode(b"SET", name_of_key(n), b"v" * size) for n in numbers)
                )
            return (server.resident_bytes() - before) / keys

    return operation


def kept(share):
    """Gives an operation: how much of the memory stays, in percent, when most keys go.

    Of the keys, in a random order, one in `share` stays; or only nine where that is None.
    """

    def operation(server, keys):
        names = [name_of_key(n) for n in range(keys)]
        random.Random(keys).shuffle(names)
        stay = keys // share if share else 9
        word = b"DEL" if server.name == REDIS else b"DELETE"
        full = server.resident_bytes()
        with server.connect() as sock:
            sock.sendall(b"".join(b"%s %s\r\n" % (word, name) for name in names[stay:]))
            receive(sock, lambda data: data.count(b"\n") == keys - stay)
        deadline = time.monotonic() + PATIENCE
        while server.resident_bytes() > full / 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        return server.resident_bytes() / full * 100

    return operation


def resident(server, _):
    """Gives the MiB that a server has resident."""
    return server.resident_bytes() / (1 << 20)


def per_connection(server, _):
    """Gives the KiB that a silent connection holds after a long value went both ways."""
    before = server.resident_bytes()
    with contextlib.ExitStack() as stack:
        for _ in range(MANY):
            sock = stack.enter_context(server.connect())
            exchange(sock, encode(b"SET", b"long", LONG_VALUE) + encode(b"GET", b"long"))
        time.sleep(SILENCE)
        return (server.resident_bytes() - before) / MANY / 1024


# System calls


def count_of_calls(folder, server, operations, words):
    """Gives how many system calls another server of the same kind makes under a load."""
    if not shutil.which("strace"):
        raise Problem("strace is not installed: on Debian, apt-get install strace")
    log = pathlib.Path(folder, "strace")
    log.write_text("")
    # -D: the server stays our child, so that the signal that ends it does not go to strace.
    wrapper = ("strace", "-D", "-f", "-c", "-o", log, "--")
    with Server(server.name, None, program=server.program, wrapper=wrapper) as traced:
        run_load(traced, 1000, operations, "-m", "set=1", "--no-prefill", *words)
    deadline = time.monotonic() + LIMIT
    while not (found := re.search(r"^100[.,]00 .*total$", log.read_text(), re.MULTILINE)):
        if time.monotonic() > deadline:
            raise Problem("strace has counted nothing: is it allowed to trace programs here?")
        time.sleep(0.02)
    return int(found[0].split()[3])


def calls(*words, few=5000):
    """Gives an operation: system calls for each SET, without those of the start."""

    def operation(server, _):
        with tempfile.TemporaryDirectory() as folder:
            counts = [count_of_calls(folder, server, n, words) for n in (few, 3 * few)]
        return (counts[1] - counts[0]) / (2 * few)

    return operation


# Memory that the kernel has to fetch first


def page_faults(server):
    """Gives how often a server has touched a page that was not there yet."""
    stat = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[7])


def faults(command, size, operations):
    """Gives an operation: page faults of a request with a value of some size."""
    words = ["-d", str(size), "-c", "10"]

    def operation(server, _):
        run_load(server, 32, 1, "-m", "get=1", *words)  # sets all of them first
        before = page_faults(server)
        run_load(server, 32, operations, "-m", f"{command.lower()}=1", "--no-prefill", *words)
        return (page_faults(server) - before) / operations

    return operation
