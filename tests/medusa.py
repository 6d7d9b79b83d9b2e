"""Process and wire helpers for the test suite: Server, Client, encode() and a reply reader.

Everything here is bytes in, bytes out: no client library stands between a test and the wire.
Every wait has a limit; MEDUSA_TEST_SLOWNESS=5 multiplies all of them, for sanitizers and valgrind.
"""

import collections
import contextlib
import errno
import os
import pathlib
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import threading
import time

SLOWNESS = float(os.environ.get("MEDUSA_TEST_SLOWNESS") or 1)
LIMIT = 10 * SLOWNESS  # seconds that any one wait may take
SOON = LIMIT / 5  # what one small request may take on a busy machine
BUILD_LIMIT = 600 * SLOWNESS  # seconds for building the programs of a folder
MEGABYTE = 1048576
FINAL = 99  # the stage number of everything in final/

LISTENING = re.compile(r"^medusa: listening on (\S+):(\d+)$")
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:")


def stage_number(name):
    """Gives the number of a stage name: 4 for "04-ttl", FINAL for "final"."""
    if name == "final":
        return FINAL
    match = re.fullmatch(r"(\d\d)-[a-z0-9-]+", name)
    if not match:
        raise ValueError(f"not a stage: {name!r} (allowed: NN-name, like 04-ttl, or final)")
    return int(match.group(1))


def stage_of(binary):
    """Gives the stage number of a server from its path: .../stages/NN-name/... or FINAL."""
    parts = pathlib.Path(binary).parts
    for parent, folder in zip(parts, parts[1:]):
        if parent == "stages" and re.fullmatch(r"\d\d-[a-z0-9-]+", folder):
            return stage_number(folder)
    return FINAL


def to_bytes(word):
    """Turns a word of a request into bytes: bytes stay, text is UTF-8, numbers are decimal."""
    if isinstance(word, (bytes, bytearray)):
        return bytes(word)
    return str(word).encode()


def encode(*words):
    """Encodes one request as a RESP array of bulk strings."""
    pieces = [b"*%d\r\n" % len(words)]
    for word in map(to_bytes, words):
        pieces += (b"$%d\r\n" % len(word), word, b"\r\n")  # so that a large word is copied once
    return b"".join(pieces)


def encode_inline(*words):
    """Encodes one request as a line, with quotes only around the words that need them."""
    return b" ".join(quote(to_bytes(word)) for word in words) + b"\r\n"


def quote(word):
    """Quotes a word for a line, if it holds anything that a plain word cannot."""
    if re.fullmatch(rb"[!#-&(-~\x80-\xff]+", word):
        return word
    escape = {0x22: rb"\"", 0x5C: rb"\\"}
    plain = range(0x20, 0x7F)
    return b'"%s"' % b"".join(
        escape.get(c) or (bytes([c]) if c in plain else b"\\x%02x" % c) for c in word
    )


def eventually(probe, what, limit=LIMIT):
    """Calls `probe` until it returns something true, and returns that; fails after the limit."""
    deadline = time.monotonic() + limit
    while True:
        result = probe()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:g} s: {what}")
        time.sleep(0.005)


def free_port(host="127.0.0.1"):
    """Returns a port that was free a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def outside_address():
    """Returns an IPv4 address of this machine that is not a loopback one, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; only picks a route
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith(("127.", "0.")) else address


def clean_environment(env=None):
    """Returns this process's environment without any MEDUSA_ variable, and with `env` on top."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MEDUSA_")}
    clean.update(env or {})
    return clean


def shorten(data, most=300):
    """Shows bytes as a literal, with the middle left out if there are many."""
    data = bytes(data)
    if len(data) <= most:
        return repr(data)
    return f"{data[: most // 2]!r} ... {data[-most // 2 :]!r} ({len(data)} bytes)"


# Replies


class Closed(AssertionError):
    """The server closed the connection where a reply was expected."""


class Simple(bytes):
    """A simple string, `+text`: equal to the same bytes."""


class Error(bytes):
    """An error reply, without its leading '-': equal to the same bytes."""


class ReplyReader:
    """Cuts a byte stream into replies of RESP2 and RESP3, and keeps the raw bytes of each."""

    def __init__(self):
        self.buffer = bytearray()
        self.start = 0  # where the next reply begins in `buffer`
        self.needed = 0  # the length of `buffer` below which it cannot be whole

    def feed(self, data):
        """Takes bytes in, dropping those of earlier replies."""
        if self.start > 65536:
            del self.buffer[: self.start]
            self.needed -= self.start
            self.start = 0
        self.buffer += data

    def next(self):
        """Returns (value, raw bytes) of the next whole reply, or None while it is incomplete."""
        if len(self.buffer) < self.needed:
            return None
        parsed = self._parse(self.start)
        if parsed is None:
            return None
        value, end = parsed
        raw = self._copy(self.start, end)
        self.start = end
        return value, raw

    def pending(self):
        """Returns the bytes that have arrived and were not read yet."""
        return bytes(self.buffer[self.start :])

    def take(self, count):
        """Takes up to `count` bytes as they are."""
        raw = bytes(self.buffer[self.start : self.start + count])
        self.start += len(raw)
        return raw

    def _copy(self, start, end):
        with memoryview(self.buffer) as view:  # a slice of the buffer itself is a copy already
            return bytes(view[start:end])

    def _parse(self, at):
        end = self.buffer.find(b"\r\n", at)
        if end == -1:
            return None
        kind, text, at = self.buffer[at : at + 1], bytes(self.buffer[at + 1 : end]), end + 2
        if kind == b"+":
            return Simple(text), at
        if kind == b"-":
            return Error(text), at
        if kind in b":(":
            return int(text), at
        if kind == b"_":
            return None, at
        if kind == b"#":
            return text == b"t", at
        if kind == b",":
            return float(text), at
        if kind in b"$=!":
            return self._parse_bulk(int(text), at)
        if kind in b"*~>":
            return self._parse_array(int(text), at)
        if kind == b"%":
            parsed = self._parse_array(2 * int(text), at)
            return parsed and (dict(zip(parsed[0][::2], parsed[0][1::2])), parsed[1])
        raise AssertionError(f"not a reply: {shorten(self.buffer[self.start:])}")

    def _parse_bulk(self, length, at):
        if length == -1:
            return None, at
        self.needed = at + length + 2
        if len(self.buffer) < self.needed:
            return None
        end = bytes(self.buffer[at + length : at + length + 2])
        assert end == b"\r\n", f"bulk string of {length} bytes is followed by {end!r}"
        return self._copy(at, at + length), at + length + 2

    def _parse_array(self, length, at):
        if length == -1:
            return None, at
        items = []
        for _ in range(length):
            parsed = self._parse(at)
            if parsed is None:
                return None
            item, at = parsed
            items.append(item)
        return items, at


# Connections


def wait_for(sock, seconds, read=True, write=False):
    """Waits for a socket; gives whether it can be read, and whether it can be written to."""
    watched = select.poll()  # select() takes no descriptor above 1023
    watched.register(sock, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
    events = dict(watched.poll(max(0, seconds) * 1000)).get(sock.fileno(), 0)
    broken = events & (select.POLLERR | select.POLLHUP)
    return (
        read and bool(events & select.POLLIN or broken),
        write and bool(events & select.POLLOUT or broken),
    )


class Client:
    """One connection. Remembers the last bytes in both directions, for the report of a failure."""

    def __init__(self, host, port, stage=FINAL, receive_buffer=None):
        self.stage = stage
        self.transcript = collections.deque(maxlen=40)
        self.reader = ReplyReader()
        self.ended = False  # the server has closed its side
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family)
        try:
            if receive_buffer:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.sock.settimeout(LIMIT)
            self.sock.connect((host, port))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.sock.close()
            raise
        self.sock.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connection; calling it again does nothing."""
        self.sock.close()

    def reset(self):
        """Closes the connection with an RST, as a crashed peer would."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close_sending_side(self):
        """Says that no more requests will come; replies can still be read.

        Where the server has cut the connection off already, the replies tell.
        """
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as problem:
            if problem.errno != errno.ENOTCONN:
                raise
        self._note("sent", b"", "end of stream")

    # Sending

    def encode(self, *words):
        """Encodes a request in the form that this stage understands."""
        if self.stage >= stage_number("08-binary-protocol"):
            return encode(*words)
        if self.stage >= stage_number("03-commands"):
            return encode_inline(*words)
        return b" ".join(to_bytes(word) for word in words) + b"\r\n"

    def send_raw(self, data):
        """Sends all of `data`; takes in replies meanwhile, so that neither side can block.

        Where the server closes before it has taken everything, the rest is dropped: the
        replies tell.
        """
        self._note("sent", data)
        deadline = time.monotonic() + LIMIT
        rest = memoryview(data)
        while rest:
            left = deadline - time.monotonic()
            assert left > 0, f"the server did not take the last {len(rest)} bytes in time"
            readable, writable = wait_for(self.sock, left, read=not self.ended, write=True)
            if readable:
                self._receive()
            if writable:
                try:
                    rest = rest[self.sock.send(rest[:MEGABYTE]) :]
                    deadline = time.monotonic() + LIMIT
                except BlockingIOError:
                    continue
                except OSError:  # EPIPE or ECONNRESET
                    return

    def send_bytewise(self, data, size=1):
        """Sends `data` in pieces of `size` bytes, each in a packet of its own where it can be."""
        for at in range(0, len(data), size):
            self.send_raw(data[at : at + size])

    def send(self, *words):
        """Sends one request and does not wait for the reply."""
        self.send_raw(self.encode(*words))

    # Receiving

    def read(self, limit=LIMIT):
        """Waits for the next reply and returns its value."""
        return self._next(limit)[0]

    def read_raw(self, limit=LIMIT):
        """Waits for the next reply and returns its raw bytes."""
        return self._next(limit)[1]

    def read_many(self, count, limit=LIMIT):
        """Waits for `count` replies and returns their values."""
        return [self.read(limit) for _ in range(count)]

    def read_bytes(self, count, limit=LIMIT):
        """Waits for exactly `count` bytes; returns fewer if the server closes before."""
        deadline = time.monotonic() + limit
        while len(self.reader.buffer) - self.reader.start < count and not self.ended:
            if not self._wait(deadline):
                break
        return self.reader.take(count)

    def read_to_end(self, limit=LIMIT):
        """Returns every byte until the server closes; fails if it does not close in time."""
        deadline = time.monotonic() + limit
        while not self.ended:
            if not self._wait(deadline):
                raise AssertionError(
                    f"the connection was still open after {limit:g} s; "
                    f"received {shorten(self.reader.pending())}"
                )
        return self.reader.take(len(self.reader.buffer))

    def receives_nothing(self, seconds):
        """Tells whether nothing at all arrives for that long, an end of stream included."""
        deadline = time.monotonic() + seconds
        if self.reader.pending() or self.ended:
            return False
        return not self._wait(deadline)

    # Both

    def command(self, *words, limit=LIMIT):
        """Sends one request and returns the value of its reply."""
        self.send(*words)
        return self.read(limit)

    def pipeline(self, *requests, limit=LIMIT):
        """Sends all requests at once and returns the list of their replies."""
        self.send_raw(b"".join(self.encode(*words) for words in requests))
        return self.read_many(len(requests), limit)

    def check(self, sent, expected):
        """Sends raw bytes and fails unless exactly the expected bytes come back."""
        self.send_raw(sent)
        deadline = time.monotonic() + LIMIT
        received = self.reader.pending()
        while len(received) < len(expected) and expected.startswith(received):
            if self.ended or not self._wait(deadline):
                break
            received = self.reader.pending()
        self.reader.take(len(received))
        assert received == expected, (
            f"\n  sent     {shorten(sent)}"
            f"\n  expected {shorten(expected)}"
            f"\n  received {shorten(received)}"
        )

    def check_closed(self, sent, expected):
        """Like check(), where the server must close the connection after its answer."""
        self.send_raw(sent)
        received = self.read_to_end()
        assert received == expected, (
            f"\n  sent     {shorten(sent)}"
            f"\n  expected {shorten(expected)} and then the end"
            f"\n  received {shorten(received)}"
        )

    def info(self, *section):
        """Returns INFO as a dict of text."""
        text = self.command("INFO", *section).decode()
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return dict(line.split(":", 1) for line in lines)

    def text_transcript(self):
        """Returns the last bytes in both directions, one line per event."""
        return "\n".join(self.transcript)

    def _note(self, direction, data, words=None):
        self.transcript.append(f"{direction:8} {words or shorten(data)}")

    def _next(self, limit):
        deadline = time.monotonic() + limit
        while True:
            reply = self.reader.next()
            if reply is not None:
                return reply
            if self.ended:
                raise Closed(
                    f"the server closed the connection; received {shorten(self.reader.pending())}"
                )
            if not self._wait(deadline):
                raise AssertionError(
                    f"no reply within {limit:g} s; received {shorten(self.reader.pending())}"
                )

    def _wait(self, deadline):
        """Waits for bytes or the end of the stream; False if neither came in time."""
        left = max(0, deadline - time.monotonic())
        readable, _ = wait_for(self.sock, left)
        if readable:
            self._receive()
        return readable

    def _receive(self):
        try:
            data = self.sock.recv(MEGABYTE)
        except BlockingIOError:
            return
        except OSError as error:
            self.ended = True
            self._note("received", b"", os.strerror(error.errno))
            return
        if data:
            self._note("received", data)
            self.reader.feed(data)
        else:
            self.ended = True
            self._note("received", b"", "end of stream")


def pump(client, block, stop):
    """Keeps a connection full of requests and reads the replies, until told to stop."""
    client.sock.setblocking(False)
    at = 0
    while not stop.is_set():
        readable, writable = wait_for(client.sock, 0.1, write=True)
        try:
            if readable and not client.sock.recv(MEGABYTE):
                return
            if writable:
                at = (at + client.sock.send(block[at:])) % len(block)
        except BlockingIOError:
            continue
        except OSError:
            return


@contextlib.contextmanager
def pumping(client, block):
    """Keeps a connection full of requests as long as a with statement lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=pump, args=(client, block, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def check_nobody_starves(server, client, block):
    """Fails unless old and new clients are served soon while another sends the block endlessly."""
    with pumping(server.connect(), block):
        for n in range(30):
            assert client.command("PING", n, limit=SOON) == b"%d" % n
        assert server.connect().command("PING", limit=SOON) == b"PONG"


def most_in_a_turn(server, requests):
    """Returns how many commands of one client are run between two or three turns of another.

    The one sends the requests endlessly. The other has a pipeline of INFO and RESET: its turn ends
    with each RESET, and may end with INFO. So how far the count of commands goes up until its next
    INFO is no question of time.
    """
    own = 2
    with pumping(server.connect(), requests * 5000):
        client = server.connect()

        def most():
            replies = client.pipeline(*[["INFO", "stats"], ["RESET"]] * 50)[::2]
            counts = [int(re.search(rb"commands_processed:(\d+)", text)[1]) for text in replies]
            return max(end - start for start, end in zip(counts, counts[1:])) - own

        return eventually(most, "a turn of each client")


# Processes


def told_address(args, settings):
    """Returns where a server with these flags and variables should listen."""
    host, port = settings.get("MEDUSA_HOST") or "127.0.0.1", settings["MEDUSA_PORT"]
    words = [word for arg in args for word in arg.split("=", 1)]
    for name, value in zip(words, words[1:]):
        if name in ("--port", "-p"):
            port = value
        elif name == "--host":
            host = value
    return "127.0.0.1" if host == "0.0.0.0" else host, int(port)


class Server:
    """One server process, ready for connections once the constructor returns."""

    def __init__(
        self,
        binary,
        log_path,
        *args,
        env=None,
        stage=None,
        preexec_fn=None,
        port_from_env=False,
        wrapper="",
    ):
        self.stage = stage_of(binary) if stage is None else stage
        self.log_path = pathlib.Path(log_path)
        self.out_path = self.log_path.with_suffix(".out")
        self.clients = []
        self.expected_status = 0
        settings = {"MEDUSA_PORT": "0", **(env or {})}
        args = [str(arg) for arg in args]
        if port_from_env:
            if settings["MEDUSA_PORT"] == "0":
                settings["MEDUSA_PORT"] = str(free_port())
            if self.stage < stage_number("07-config"):
                args.insert(0, settings["MEDUSA_PORT"])
        with open(self.out_path, "wb") as out, open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                shlex.split(wrapper) + [str(binary)] + args,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=clean_environment(settings),
                preexec_fn=preexec_fn,
            )
        self.pid = self.process.pid
        try:
            if port_from_env:
                self.host, self.port = told_address(args, settings)
                eventually(self._accepts, f"a connection to port {self.port}")
            else:
                eventually(self._has_first_line, "the line `medusa: listening on HOST:PORT`")
        except BaseException as failure:
            self.kill()
            if isinstance(failure, AssertionError):
                raise AssertionError(f"the server did not start: {failure}\n{self.log_text()}")
            raise

    def _has_first_line(self):
        line, newline, _ = self.out_path.read_text().partition("\n")
        if newline:
            match = LISTENING.match(line)
            assert match, f"the first line on stdout is {line!r}"
            self.host, self.port = match.group(1).strip("[]"), int(match.group(2))
            return True
        assert self.process.poll() is None, f"it ended with status {self.process.returncode}"
        return False

    def _accepts(self):
        assert self.process.poll() is None, f"it ended with status {self.process.returncode}"
        try:
            with socket.create_connection((self.host, self.port), LIMIT) as probe:
                probe.shutdown(socket.SHUT_WR)
                probe.recv(1)  # until the server has closed it too, and counts it no more
        except ConnectionRefusedError:
            return False
        return True

    def connect(self, **options):
        """Opens a connection; it is closed with the server at the latest."""
        client = Client(self.host, self.port, stage=self.stage, **options)
        self.clients.append(client)
        return client

    def serves_newcomers(self):
        """Tells whether a new connection is served; each call makes one of its own."""
        with Client(self.host, self.port, stage=self.stage) as client:
            client.send_raw(b"PING\r\n")
            return client.read_bytes(7, limit=LIMIT / 20) == b"+PONG\r\n"

    def log_text(self):
        """Returns what the server has written to stdout and stderr so far."""
        texts = [p.read_text(errors="replace") for p in (self.out_path, self.log_path)]
        return "".join(texts)

    def is_running(self):
        """Tells whether the process is alive."""
        return self.process.poll() is None

    def signal(self, number):
        """Sends the process a signal."""
        self.process.send_signal(number)

    def wait(self, limit=LIMIT):
        """Waits for the process to end and returns its exit status."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server was still running after {limit:g} s") from None

    def kill(self):
        """Ends the process at once, whatever state it is in."""
        for client in self.clients:
            client.close()
        if self.is_running():
            self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the server with SIGTERM; fails unless it exits cleanly and left a clean log."""
        if self.is_running():
            self.signal(signal.SIGTERM)
        for client in self.clients:
            client.close()
        try:
            status = self.wait()
        finally:
            self.kill()
        assert status == self.expected_status, (
            f"the server ended with status {status}, expected {self.expected_status}\n"
            + self.log_text()
        )
        assert not SANITIZER.search(self.log_text()), self.log_text()

    # What the system says of the process (Linux only).

    def memory(self):
        """Returns the bytes of memory that the process has resident."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        """Returns the CPU time that the process has used."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_once(binary, *args, env=None, wrapper="", limit=LIMIT, **options):
    """Runs a program that is expected to end by itself; returns the CompletedProcess, as text."""
    return subprocess.run(
        shlex.split(wrapper) + [str(binary)] + [str(arg) for arg in args],
        env=clean_environment(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=limit,
        check=False,
        **options,
    )


def output_of(*words, limit=LIMIT, **options):
    """Runs a program without input; gives its status and all that it prints, as text."""
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=limit,
        check=False,
        **options,
    )
    return done.returncode, done.stdout


def make(folder, sanitized):
    """Builds the programs of a folder with its Makefile; gives the folder where they are."""
    # An outer make must not hand its own flags and targets down to this one.
    env = {key: text for key, text in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    words = ["make", "-C", folder, "-j2", "SAN=1" if sanitized else "SAN="]
    status, output = output_of(*words, limit=BUILD_LIMIT, env=env)
    assert status == 0, output
    return folder / "build" / ("san" if sanitized else "plain")
