"""What a running server tells about itself, and the frame of text that tools/watch makes of it.

All figures come from replies of the server: to INFO; to CLIENT LIST, where there are few clients;
and, for the shape of the table, to SCAN. A cursor is opaque to everybody else, but this looks at
Medusa from the inside: it scans one slot at each of 64 places, spread over all hashes, and reads in
the cursors that come back how many bits of a hash the segment there stands for, which is its depth
(see table_scan() in final/table.c). Where a server does not tell something, there is a '-'.

What the view itself sends and receives is known exactly, and taken off: an idle server shows 0.
"""

import collections
import contextlib
import math
import re
import socket
import time

PATIENCE = 5  # seconds for a reply
MOST_BYTES = 16 << 20  # of replies at once: more is no server of this kind
MOST_CLIENTS = 200  # that are listed: each of them costs the server some microseconds
MOST_MARKS = 400  # of history

SEGMENT_SLOTS = 512
PLACES = 64
HASH_BITS = 28  # of a hash in a cursor; then come the home of an entry, 9 bits, and the depth, 5

LABEL, VALUE, LEGEND = 14, 11, 28  # columns
HEIGHT = 24  # lines of a frame; a taller window has clients below it
MARKS = "▁▂▃▄▅▆▇█"
PLAIN_MARKS = "_.-~=+*#"  # for terminals that know no others


class Problem(Exception):
    """Why the server cannot be asked, in one line, and what can be done about it."""

    def __init__(self, what, advice=""):
        super().__init__(f"{what}: {advice}" if advice else what)
        self.what = what


class Gone(Problem):
    """The connection has ended."""


class Refusal(str):
    """The text of an error reply."""


# Asking


class Connection:
    """Sends requests as lines, which every server knows, and reads the replies."""

    def __init__(self, host, port, wait, own):
        self.name = address(host, port)
        self.wait = wait  # wait(seconds, sock) returns whether there is something to read
        self.own = own  # counts what goes over the wire
        self.buffer = b""
        try:
            self.sock = socket.create_connection((host, port), PATIENCE)
        except OSError as error:
            raise Problem(
                f"no server at {self.name} ({error.strerror or error})",
                "start one with `make run`, or name another with --host and --port",
            ) from None
        self.address = address(*self.sock.getsockname()[:2])

    def ask(self, *requests):
        """Sends all requests at once; returns their replies."""
        data = b"".join(request.encode() + b"\r\n" for request in requests)
        self.own["requests"] += len(requests)
        self.own["sent"] += len(data)
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone(f"{self.name} has closed the connection ({error.strerror})") from None
        return [self._reply() for _ in requests]

    def close(self):
        self.sock.close()

    def _more(self):
        if not self.wait(PATIENCE, self.sock):
            raise Problem(
                f"{self.name} does not answer",
                "before chapter 06, a server answers others only when its client has gone",
            )
        try:
            data = self.sock.recv(1 << 16)
        except OSError as error:
            raise Gone(f"{self.name} has closed the connection ({error.strerror})") from None
        if not data:
            raise Gone(f"{self.name} has closed the connection")
        self.own["received"] += len(data)
        self.buffer += data
        if len(self.buffer) > MOST_BYTES:
            raise self.stranger()

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken.decode(errors="replace")

    def _line(self):
        while b"\n" not in self.buffer:
            self._more()
        return self._take(self.buffer.index(b"\n") + 1).rstrip("\r\n")

    def _reply(self):
        line = self._line()
        kind, text = line[:1], line[1:]
        if kind == "-":
            return Refusal(text)
        if kind in ("+", ":"):
            return text
        try:
            if kind == "$":
                return self._take(int(text) + 2)[:-2] if int(text) >= 0 else ""
            if kind == "*":
                return [self._reply() for _ in range(int(text))]
        except ValueError:
            pass
        raise self.stranger()

    def stranger(self):
        """Gives the Problem of a reply that no server of this kind gives."""
        return Problem(
            f"{self.name} does not answer INFO as Medusa or Redis would",
            "Medusa has it from chapter 03 on",
        )


def address(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def quoted(word):
    """Gives a word of any characters as it may stand in a line."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"'


def problem_of(refusal):
    """Gives the Problem that the error reply to AUTH or INFO means."""
    if refusal.startswith("NOAUTH"):
        return Problem("the server wants a password", "set MEDUSA_PASSWORD to it")
    if refusal.startswith("WRONGPASS"):
        return Problem("the password is wrong", "set MEDUSA_PASSWORD to the server's")
    if "unknown command" in refusal:
        return Problem("the server has no INFO", "Medusa has it from chapter 03 on")
    return Problem(f"the server answers: {refusal}")


def fields_of(text):
    """Gives the lines of INFO by their names, the headings too."""
    return dict(line.partition(":")[::2] for line in text.splitlines() if line)


def probes():
    """Gives the requests that look for the depths: one slot at each place, and no keys."""
    shift = HASH_BITS - PLACES.bit_length() + 1 + 14
    return [f"SCAN {place << shift} COUNT 1 TYPE none" for place in range(PLACES)]


def depths_of(replies):
    """Gives the depth at each place; None where it is not known, or for a cursor of another kind.

    The scan of a segment that has fewer than two keys goes past it, and says nothing of its
    depth. Still, the place may be in the same segment as the one before.
    """
    depths = []
    for place, reply in enumerate(replies):
        cursor = int(reply[0])
        first, home, depth = cursor >> 14, cursor >> 5 & 511, cursor & 31
        if home == depth == 0:
            depth = 0 if place == cursor == 0 else None
            before = depths[-1] if depths else None
            if before is not None and place % max(1, PLACES >> before) > 0:
                depth = before
        elif home == 0 or depth > HASH_BITS or first * PLACES != place << HASH_BITS:
            return None
        depths.append(depth)
    return depths


class Sample(collections.namedtuple("Sample", "seconds fields clients depths own")):
    """What the server told at one moment; `own` is what this view had caused before."""

    def number(self, name):
        """Gives a figure of INFO, or None."""
        return number(self.fields.get(name))

    def keyspace(self, name):
        """Gives a figure of the keys, all databases together, or None."""
        lines = [text for db, text in self.fields.items() if re.fullmatch(r"db\d+", db)]
        found = [number(value) for text in lines for value in re.findall(rf"\b{name}=(\d+)", text)]
        if "# Keyspace" not in self.fields or len(found) < len(lines) or None in found:
            return None
        return sum(found)

    def process(self):
        return self.fields.get("process_id")


def number(text):
    """Gives the number that a text is, or None."""
    if not re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", text or ""):
        return None
    return float(text) if "." in text else int(text)


class Watch:
    """Looks at one server again and again, and remembers what it has seen."""

    def __init__(self, host, port, password, wait):
        self.host, self.port, self.password = host, port, password
        self.wait = wait
        self.connection = None
        self.lacking = set()  # what this server refuses to tell
        self.own = collections.Counter()
        self.sample = None
        self.seen_at = None  # time of day of the sample
        self.problem = None  # if the last look has failed
        self.figures = {}
        self.history = collections.defaultdict(lambda: collections.deque(maxlen=MOST_MARKS))

    def look(self):
        """Asks the server once. Where that fails, keeps what was seen before, with the problem."""
        try:
            sample = self._ask()
        except Problem as problem:
            self.problem = problem
            for marks in self.history.values():
                marks.append(None)
            return
        self.problem = None
        self.figures = figures_of(sample, self.sample)
        self.sample, self.seen_at = sample, time.strftime("%H:%M:%S")
        for name, value in self.figures.items():
            self.history[name].append(value)

    def _ask(self):
        was_open = self.connection is not None
        try:
            return self._ask_once()
        except Gone:  # the server may be a new one, or have closed what was idle
            if not was_open:
                raise
        return self._ask_once()

    def _ask_once(self):
        try:
            if self.connection is None:
                self._connect()
            own = dict(self.own)
            info = self.connection.ask("INFO")[0]
            if isinstance(info, Refusal):
                raise problem_of(info)
            if not isinstance(info, str) or ":" not in info:
                raise self.connection.stranger()
            sample = Sample(time.monotonic(), fields_of(info), None, None, own)
            clients = sample.number("connected_clients")
            if clients is None:  # it serves one at a time: the others get their turn
                self._close()
                return sample
            if clients <= MOST_CLIENTS:
                sample = sample._replace(clients=self._tell("CLIENT LIST", parse=self._others))
            if "medusa_version" in sample.fields:
                sample = sample._replace(depths=self._tell(*probes(), parse=depths_of))
            return sample
        except BaseException:
            self._close()
            raise

    def _connect(self):
        self.connection = Connection(self.host, self.port, self.wait, self.own)
        self.lacking.clear()
        if self.password:
            reply = self.connection.ask(f"AUTH {quoted(self.password)}")[0]
            if reply.startswith("WRONGPASS"):
                raise problem_of(reply)

    def _others(self, text):
        """Gives the lines of CLIENT LIST, each as a dict, but for the one of this connection."""
        lines = [line.split() for line in text.splitlines()]
        clients = [dict(word.partition("=")[::2] for word in words) for words in lines]
        return [client for client in clients if client.get("addr") != self.connection.address]

    def _close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _tell(self, *requests, parse):
        """Gives what the server answers, or None if it did not know the first request of these."""
        if requests[0] in self.lacking:
            return None
        replies = self.connection.ask(*requests)
        if not any(isinstance(reply, Refusal) for reply in replies):
            with contextlib.suppress(AttributeError, LookupError, TypeError, ValueError):
                return parse(replies if len(replies) > 1 else replies[0])
        self.lacking.add(requests[0])
        return None


# Figures

COUNTERS = {  # by name: the field of INFO, and what of it is the view's own
    "expired": ("expired_keys", None),
    "evicted": ("evicted_keys", None),
    "commands": ("total_commands_processed", "requests"),
    "hits": ("keyspace_hits", None),
    "misses": ("keyspace_misses", None),
    "received": ("total_net_input_bytes", "sent"),
    "sent": ("total_net_output_bytes", "received"),
}


def figures_of(sample, before):
    """Gives each figure of a frame by its name; None for what is not known."""
    keys = sample.keyspace("keys")
    found = {
        "keys": keys,
        "deadlines": sample.keyspace("expires"),
        "memory": sample.number("used_memory"),
        "clients": sample.number("connected_clients"),
        "buffers": sample.number("client_buffer_bytes"),
        "input": waiting(sample.clients, "qbuf"),
        "output": waiting(sample.clients, "obl", "omem"),
    }
    found["segments"] = segments = segments_of(sample.depths)
    found["filled"] = segments and keys and keys / (segments * SEGMENT_SLOTS)
    seconds = passed(sample, before)
    for name, (field, own) in COUNTERS.items():
        found[name] = rate(sample, before, seconds, field, own)
    parts = [rate(sample, before, seconds, f"used_cpu_{mode}") for mode in ("sys", "user")]
    found["processor"] = None if None in parts else sum(parts)
    return found


def segments_of(depths):
    """Gives the number of segments, or None.

    A segment of depth d is found at one place in 2^d, so the mean of 2^d over all places is the
    number of segments. If there are more of them than places, it is near that number.
    """
    known = [depth for depth in depths or [] if depth is not None]
    return sum(2**depth for depth in known) / len(known) if known else None


def waiting(clients, *names):
    """Gives the bytes in the buffers of all clients."""
    if clients is None:
        return None
    return sum(number(client.get(name)) or 0 for client in clients for name in names)


def passed(sample, before):
    """Gives the seconds between two samples, or None if the server was another one before."""
    if before is None or sample.process() != before.process():
        return None
    uptimes = [one.number("uptime_in_seconds") or 0 for one in (before, sample)]
    return sample.seconds - before.seconds if uptimes[0] <= uptimes[1] else None


def rate(sample, before, seconds, field, own=None):
    """Gives by how much a counter grows in a second, or None."""
    if seconds is None or sample.number(field) is None or before.number(field) is None:
        return None
    grown = sample.number(field) - before.number(field)
    if grown < 0:  # set back to 0 by CONFIG RESETSTAT
        return None
    return max(0, grown - sample.own.get(own, 0) + before.own.get(own, 0)) / seconds


# Text


def count(value):
    return f"{value:,.1f}" if 0 < value < 10 and value % 1 else f"{value:,.0f}"


def percent(value):
    return f"{value:.0%}"


def size(value):
    """Gives a number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1024


def duration(seconds):
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


ROWS = {  # a heading with what it is about, or a figure with its label and its form
    "TABLE": "a key's hash leads to a place in the directory, that to a segment",
    "keys": ("keys", count),
    "deadlines": ("with deadline", count),
    "memory": ("memory", size),
    "segments": ("segments", count),
    "filled": ("filled", percent),
    "depths": (),
    "EXPIRY": "keys go at their deadline (expired), or to make room (evicted)",
    "expired": ("expired/s", count),
    "evicted": ("evicted/s", count),
    "CLIENTS": "half requests wait in input, replies not taken yet in output",
    "clients": ("connected", count),
    "buffers": ("buffers", size),
    "input": ("input", size),
    "output": ("output", size),
    "REQUESTS": "without those of this view",
    "commands": ("commands/s", count),
    "hits": ("hits/s", count),
    "misses": ("misses/s", count),
    "received": ("received/s", size),
    "sent": ("sent/s", size),
    "processor": ("processor", percent),
}


def legends(watch):
    """Gives the words at the end of each row."""
    sample, now = watch.sample, watch.figures
    ttl_ms, limit = sample.keyspace("avg_ttl"), sample.number("maxmemory")
    memory = []
    if now["memory"] and now["keys"]:
        memory.append(f"{size(now['memory'] / now['keys'])}/key")
    if limit:
        memory.append(f"limit {size(limit)}")
    lookups = (now["hits"] or 0) + (now["misses"] or 0)
    most = sample.number("maxclients")
    return {
        "keys": "stored now",
        "deadlines": f"on average {ttl_ms / 1000:.1f} s left" if ttl_ms else "that will expire",
        "memory": ", ".join(memory) or "keys, values and table",
        "segments": f"of {SEGMENT_SLOTS} slots each",
        "filled": "of the slots; at 88% a split",
        "depths": "tall ones were split once more",
        "expired": in_all(sample, "expired_keys"),
        "evicted": in_all(sample, "evicted_keys"),
        "clients": (f"of {most:,}; " if most else "") + "this view is one",
        "buffers": "allocated for them",
        "input": fullest(sample, "qbuf"),
        "output": fullest(sample, "obl", "omem"),
        "commands": "requests answered",
        "hits": f"{now['hits'] / lookups:.0%} of lookups" if lookups else "lookups that found one",
        "misses": "lookups that found none",
        "received": "from clients",
        "sent": "to clients",
        "processor": "of one core",
    }


def in_all(sample, field):
    total = sample.number(field)
    return "" if total is None else f"{total:,} in all"


def fullest(sample, *names):
    """Tells which client has the most in its buffer."""
    if sample.clients is None:
        is_crowded = (sample.number("connected_clients") or 0) > MOST_CLIENTS
        return f"over {MOST_CLIENTS} clients: not asked" if is_crowded else ""
    most = max(sample.clients, key=lambda client: waiting([client], *names), default=None)
    if most is None or not waiting([most], *names):
        return "nothing waits"
    return f"most of it: client {most.get('id')}"


def marks(values, columns, style, top=None):
    """Draws the last of some values; the highest mark is `top`, or the most of them."""
    shown = list(values)[-columns:] if columns > 0 else []
    top = top or max((value for value in shown if value), default=1)
    line = ""
    for value in shown:
        if value is None:
            line += " "
        else:
            line += style[max(0, min(7, math.ceil(7 * value / top)))]
    return line.ljust(columns)


def row(watch, name, columns, style, legend):
    """Gives the line of a figure: its label, its value, its history, and what it is."""
    label, form = ROWS[name]
    value = watch.figures.get(name)
    text = "-" if value is None else form(value)
    if name == "segments" and any(2 ** (d or 0) > PLACES for d in watch.sample.depths or []):
        text = "~" + text
    width = max(0, columns - LABEL - VALUE - LEGEND - 4)
    top = 1 if form is percent else None
    history = marks(watch.history[name], width, style, top)
    return f"{label:{LABEL}}{text:>{VALUE}}  {history}  {legend}"


def directory(watch, columns, style, legend):
    """Gives the line of the directory: how deep the segments at its places are."""
    depths = watch.sample.depths
    known = [depth for depth in depths or [] if depth is not None]
    if not known:
        return f"{'depth':{LABEL}}{'-':>{VALUE}}"
    least, most = min(known), max(known)
    label = f"depth {least}" if least == most else f"depth {least}-{most}"
    heights = [" " if d is None else style[min(7, 2 + 3 * (d - least))] for d in depths]
    line = f"{label:{LABEL}} {''.join(heights)}"
    return f"{line}  {legend}" if len(line) + 2 + LEGEND <= columns else line


def title(watch):
    """Gives who this is."""
    fields = watch.sample.fields
    name = "a server"
    for product in ("medusa", "valkey", "redis"):
        if f"{product}_version" in fields:
            name = f"{product.capitalize()} {fields[product + '_version']}"
            break
    words = [f"{name} at {address(watch.host, watch.port)}"]
    if "multiplexing_api" in fields:
        words.append(fields["multiplexing_api"])
    if "uptime_in_seconds" in fields:
        words.append(f"up {duration(watch.sample.number('uptime_in_seconds') or 0)}")
    return ", ".join(words)


def client_lines(watch, most):
    """Gives lines about the clients that have the most in their buffers."""
    if most < 2 or not watch.sample.clients:
        return []

    def fill(client):
        return waiting([client], "qbuf", "obl", "omem")

    lines = [f"{'FULLEST':{LABEL}}{'input':>{VALUE}}{'output':>{VALUE}}  idle  last command"]
    for client in sorted(watch.sample.clients, key=fill, reverse=True)[: most - 1]:
        words = [client.get("cmd", ""), client.get("addr", ""), client.get("name", "")]
        label = f"client {client.get('id', '')}"
        lines.append(
            f"{label:{LABEL}}{size(waiting([client], 'qbuf')):>{VALUE}}"
            f"{size(waiting([client], 'obl', 'omem')):>{VALUE}}"
            f"{client.get('idle', ''):>4} s  {' '.join(words)}"
        )
    return lines


def status(watch, interval):
    """Gives the last line of a frame."""
    if watch.problem:
        return f"{watch.problem.what}; seen last at {watch.seen_at}, trying again"
    return f"Each mark is {interval:g} s; the highest is the most of its row. Press q to end."


def frame(watch, columns, rows, interval, style=MARKS):
    """Gives the lines of a frame, cut to the window's size, the status not among them."""
    lines = [title(watch)]
    words = legends(watch)
    for name, about in ROWS.items():
        if name.isupper():
            lines.append(f"{name:{LABEL}}{about}")
        elif name == "depths":
            lines.append(directory(watch, columns, style, words[name]))
        else:
            lines.append(row(watch, name, columns, style, words[name]))
    lines += client_lines(watch, rows - HEIGHT)
    lines = lines[: rows - 1]
    return [printable(line)[:columns].rstrip() for line in lines]


def printable(line):
    """Gives a line without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in line)
