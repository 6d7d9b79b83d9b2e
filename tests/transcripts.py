"""Runs the transcripts that the chapters show: `console` and `wire` blocks.

A chapter shows what a reader sees, with the port that Medusa has by default. A run has a port of
its own: in commands the default is replaced by it, and in what they print it is put back.
"""

import os
import re
import signal
import subprocess
import tempfile
import time

from medusa import SLOWNESS, clean_environment, shorten

DEFAULT_PORT = "2312"
CONSOLE_LIMIT = 60 * SLOWNESS  # seconds for all commands of a block
QUIET = 0.3  # seconds without a byte that count as `(nothing)`
LEFT_OVER = 0.02  # seconds in which a reply that nobody expects would have come

MASKS = {
    "<n>": r"\d+",
    "<time>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?",
    "<port>": r"\d+",
    "...": r".*?",
}
MASK = re.compile("(" + "|".join(map(re.escape, MASKS)) + ")")
ANY_LINES = "..."  # alone on a line
SHORT_SLEEP = re.compile(r"(?<!do )\bsleep 0\.(\d)\b")

# What a `make` around the tests has put into the environment, and what changes a build.
OF_MAKE = "MAKEFLAGS MAKELEVEL MAKEOVERRIDES MFLAGS CC CFLAGS LDFLAGS SAN STAGE N T ARGS JOBS"


def outside_environment(env=None):
    """Returns the environment of a reader's shell, with `env` on top."""
    clean = clean_environment()
    for name in OF_MAKE.split():
        clean.pop(name, None)
    return {**clean, "NO_COLOR": "1", **(env or {})}


# Console


def commands(block):
    """Gives (line in the block, command, expected lines) for each command of a console block."""
    found, is_open = [], False
    for number, line in enumerate(block.lines, 1):
        if is_open:
            found[-1][1] += "\n" + line
        elif line.startswith("$ "):
            found.append([number, line[2:], []])
        elif found:
            found[-1][2].append(line)
        else:
            raise block.problem("a console block starts with a command: $ ...", number)
        is_open = (is_open or line.startswith("$ ")) and line.endswith("\\")
    return found


def as_pattern(lines):
    """Gives a regular expression for the expected lines, each with its end."""
    return "".join(
        r"(?:.*\n)*?" if line.strip() == ANY_LINES else as_line_pattern(line) + r"\n"
        for line in lines
    )


def as_line_pattern(line):
    return "".join(MASKS.get(part) or re.escape(part) for part in MASK.split(line.rstrip()))


def longer(sleep):
    """Gives a busy machine five times as long for what a short sleep waits for."""
    return f"sleep {5 * int(sleep[1]) / 10:g}"


def run_console(block, folder, port, env=None):
    """Runs a console block in a folder; raises Problem for the first line that differs."""
    steps = commands(block)
    mark = f"--- {os.urandom(8).hex()}"
    text = "".join(f"{command}\nprintf '%s\\n' '{mark}'\n" for _, command, _ in steps)
    text = SHORT_SLEEP.sub(longer, text)
    text = re.sub(rf"\b{DEFAULT_PORT}\b", str(port), text)
    shown, in_time = run_script(text, folder, outside_environment(env))
    parts = re.sub(rf"\b{port}\b", DEFAULT_PORT, shown).split(mark + "\n")
    before = ([], "")  # of a command in the background, which may speak a little later
    for (number, command, expected), part in zip(steps, parts[:-1]):
        expected, part = before[0] + expected, before[1] + part
        if command.endswith("&") and number != steps[-1][0]:
            before = (expected, part)
            continue
        before = ([], "")
        compare(block, number, command, expected, part)
    if len(parts) <= len(steps):
        number, command, _ = steps[len(parts) - 1]
        what = "ended the shell" if in_time else "took too long"
        raise block.problem(f"`{command}` {what}; it has shown\n{indented(parts[-1])}", number)


def run_script(text, folder, env):
    """Runs commands with all that they leave behind; gives what they show, and if they ended."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["bash", "-c", text],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(CONSOLE_LIMIT)
        except subprocess.TimeoutExpired:
            pass
        in_time = process.poll() is not None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        output.seek(0)
        shown = output.read().decode(errors="replace").replace("\r\n", "\n")
    # A shell that is typed into does not count lines.
    return re.sub(r"^bash: line \d+: ", "bash: ", shown, flags=re.MULTILINE), in_time


def indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


def compare(block, number, command, expected, shown):
    """Raises Problem unless a command has shown what was expected."""
    lines = [line.rstrip() for line in shown.splitlines()]
    text = "".join(line + "\n" for line in lines)
    if re.fullmatch(as_pattern(expected), text):
        return
    same = max(
        count for count in range(len(expected) + 1) if re.match(as_pattern(expected[:count]), text)
    )
    wanted = repr(expected[same]) if same < len(expected) else "no more lines"
    raise block.problem(
        f"`{command}` shows something else: here the chapter has {wanted}; what it shows is\n"
        + indented(text),
        number + 1 + same + command.count("\n"),
    )


# Wire

WIRE_LINE = re.compile(r"(\d*)(>>?|<<?)(?: (.*))?|~ ([\d.]+)s")
ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
ESCAPED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def unescape(block, number, text):
    """Gives the bytes that a text with escapes stands for."""

    def one(found):
        if found[1] in ESCAPED:
            return ESCAPED[found[1]]
        if len(found[1]) == 3:
            return bytes([int(found[1][1:], 16)])
        known = r"\r \n \t \xHH \\"
        raise block.problem(f"the escape {found[0].decode()} is none of {known}", number)

    return ESCAPE.sub(one, text.encode())


class Exchange:
    """One wire block under way: its connections, and the place that has been reached."""

    def __init__(self, block, server):
        self.block = block
        self.server = server
        self.clients = {}
        self.any_lines = set()  # connections on which lines may come before the expected one
        self.number = 0

    def client(self, name):
        if name not in self.clients:
            self.clients[name] = self.server.connect()
        return self.clients[name]

    def fail(self, message):
        wires = "".join(
            f"    connection {name or 1}: {line}\n"
            for name, client in self.clients.items()
            for line in client.transcript
        )
        raise self.block.problem(f"{message}\n{wires}", self.number)

    def run(self):
        for self.number, line in enumerate(self.block.lines, 1):
            found = WIRE_LINE.fullmatch(line)
            if not found:
                self.fail(f"not a line of an exchange (> >> < << ~): {line!r}")
            name, sign, text, seconds = found.groups()
            if seconds:
                time.sleep(float(seconds))
            elif sign[0] == ">":
                self.send(self.client(name), text or "", b"\r\n" if sign == ">" else b"")
            else:
                self.expect(name, text or "", sign == "<")
        for name, client in self.clients.items():
            if name not in self.any_lines and not client.ended:
                if not client.receives_nothing(LEFT_OVER):
                    rest = shorten(client.reader.pending())
                    self.fail(f"connection {name or 1} received more than the block shows: {rest}")

    def send(self, client, text, end):
        if text == "(end)":
            client.close_sending_side()
        else:
            client.send_raw(unescape(self.block, self.number, text) + end)

    def expect(self, name, text, is_line):
        client = self.client(name)
        if text == ANY_LINES:
            self.any_lines.add(name)
        elif text == "(closed)":
            rest = client.read_to_end()
            if rest and name not in self.any_lines:
                self.fail(f"expected the end, received {shorten(rest)}")
        elif text == "(nothing)":
            if not client.receives_nothing(QUIET):
                self.fail(f"expected nothing, received {shorten(client.reader.pending())}")
        elif is_line:
            self.expect_line(name, client, text)
        else:
            wanted = unescape(self.block, self.number, text)
            received = client.read_bytes(len(wanted))
            if received != wanted:
                self.fail(f"expected {wanted!r}, received {shorten(received)}")

    def expect_line(self, name, client, text):
        parts = [
            MASKS[part].encode()
            if part in MASKS
            else re.escape(unescape(self.block, self.number, part))
            for part in MASK.split(text)
        ]
        pattern = b"".join(parts)
        ends = 1 + unescape(self.block, self.number, text).count(b"\r\n")
        while True:
            line = self.read_line(client, ends)
            if line is not None and re.fullmatch(pattern, line, re.DOTALL):
                self.any_lines.discard(name)
                return
            if line is None or name not in self.any_lines:
                received = "nothing more" if line is None else shorten(line)
                self.fail(f"expected {text!r}, received {received}")

    @staticmethod
    def read_line(client, ends):
        """Waits for a line that has so many CRLF, and gives it without the last; None for none."""
        line = b""
        while not line.endswith(b"\r\n") or line.count(b"\r\n") < ends:
            byte = client.read_bytes(1)
            if not byte:
                return line or None
            line += byte
        return line[:-2]


def run_wire(block, server):
    """Runs a wire block on a fresh server; raises Problem for the first line that differs."""
    Exchange(block, server).run()
