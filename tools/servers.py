"""Servers under measurement: started, pinned to a core, asked for their CPU time and memory."""

import contextlib
import ctypes
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import subprocess
import time

import lessons
from figures import REDIS

ROOT = lessons.ROOT
BENCHMARK = ROOT / "bench" / "medusa-benchmark"
LIBC = ctypes.CDLL(None)
LIMIT = 60  # seconds that any one step may take


class Problem(Exception):
    """Why nothing can be measured; the text says what to do."""


def pin(core):
    """Keeps this process, and what it starts, on one core."""
    os.sched_setaffinity(0, {core})


def two_cores():
    """Gives a core for the servers and one for everything else, or None where that cannot be."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


class Server:
    """A server under measurement; use it in a with statement.

    `name` is that of a stage, final or redis-server. `program` takes the place of what is built in
    the stage's folder, `settings` are variables for it, and `wrapper` are words to start it with.
    """

    def __init__(self, name, core, program=None, settings=(), wrapper=()):
        self.name = name
        self.program = program or (None if name == REDIS else lessons.find(name) / "medusa")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [*wrapper, *self.command()],
            env={**os.environ, "MEDUSA_PORT": str(self.port), **dict(settings)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=None if core is None else lambda: pin(core),
        )

    def command(self):
        if self.name == REDIS:
            return [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        return [self.program]

    def __enter__(self):
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                self.connect().close()
                return self
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise Problem(f"{self.name} does not start: {error}") from None
                time.sleep(0.01)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def cpu_seconds(self):
        """Gives the CPU time of the process, or None on a system that does not tell."""
        clock = ctypes.c_int()
        with contextlib.suppress(AttributeError, OSError):
            if LIBC.clock_getcpuclockid(self.process.pid, ctypes.byref(clock)) == 0:
                return time.clock_gettime(clock.value)
        return None

    def resident_bytes(self):
        """Gives the memory that the process has resident, or None."""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


# Requests


def receive(sock, until):
    """Reads until until(bytes) is true."""
    data = b""
    while not until(data):
        chunk = sock.recv(1 << 20)
        if not chunk:
            raise Problem("the server closed a connection while it was measured")
        data += chunk
    return data


def ping(sock):
    """Gives the seconds until a PING is answered."""
    start = time.perf_counter()
    sock.sendall(b"PING\r\n")
    receive(sock, lambda data: data.endswith(b"\r\n"))
    return time.perf_counter() - start


def run_load(server, keys, operations, *arguments):
    """Runs the load generator; gives (µs of the server's CPU per operation, operations/s)."""
    before = server.cpu_seconds()
    done = subprocess.run(
        [BENCHMARK, "--json", "-q", *("-p", str(server.port)), *("-r", str(keys))]
        + ["-n", str(operations), *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    after = server.cpu_seconds()
    if done.returncode != 0:
        raise Problem(f"{server.name}, {' '.join(arguments)}: {done.stderr.strip()}")
    speed = json.loads(done.stdout)["runs"][0]["operations_per_second"]
    return None if before is None else (after - before) / operations * 1e6, speed


# The machine, and what is built on it


def version_of(*command):
    """Gives the version number that a program prints, or None where it is not there."""
    if not shutil.which(command[0]):
        return None
    out = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    found = re.search(r"\d+\.\d+(\.\d+)?", re.sub(r"\(.*?\)", "", out))
    return found and found[0]


def machine():
    """Gives what a reader has to know of this machine."""
    system = re.match(r"[\d.]*\d|", platform.release())[0]
    macros = subprocess.run(
        ["cc", "-dM", "-E", "-"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    ).stdout
    compiler = "clang" if "__clang__" in macros else "gcc"
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {system} on {platform.machine()}",
        "compiler": f"{compiler} {version_of('cc', '--version')}",
        "redis": version_of(REDIS, "--version"),
    }


def make(folder, *words):
    """Builds what a folder is for."""
    # An outer make must not hand its own flags and targets down to this one.
    env = {key: text for key, text in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-s", "-C", folder, *words], env=env, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Problem(f"{folder.name} does not build:\n{done.stdout}{done.stderr}")


def build(names):
    """Builds the load generator and the servers of these names."""
    for folder in [BENCHMARK.parent, *(lessons.find(name) for name in names if name != REDIS)]:
        make(folder)
