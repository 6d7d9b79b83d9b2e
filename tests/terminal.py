"""A program in a pseudo-terminal, and a small model of the screen that it draws on.

The model knows what the client sends (its source lists the sequences) and fails on anything else,
so that a sequence that real terminals may not know cannot slip in.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

from medusa import LIMIT, clean_environment

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
PASTE_BEGIN, PASTE_END = "\x1b[200~", "\x1b[201~"
ENTER, ESCAPE, TAB, BACKSPACE = "\r", "\x1b", "\t", "\x7f"


def ctrl(letter):
    """Gives the character of a control key: ctrl("a") is Ctrl-A."""
    return chr(ord(letter.upper()) & 0x1F)


def width(char):
    """Gives the columns that a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    """Rows of characters and a cursor; rows that scroll off the top are kept in `above`."""

    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.above = []
        self.row = self.column = 0
        self.bells = 0
        self.marks_pastes = False
        self.styles = set()  # every parameter of ^[[m that came
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""

    def feed(self, data):
        """Takes in bytes as a terminal would."""
        text = self._pending + self._decoder.decode(data)
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._character(text[at])
                at += 1
                continue
            match = re.compile(r"\x1b\[([?0-9;]*)([@-~])").match(text, at)
            if match is None:
                break
            self._sequence(match[1], match[2])
            at = match.end()
        self._pending = text[at:]
        assert len(self._pending) < 16, f"not an escape sequence: {self._pending!r}"

    def lines(self):
        """Returns all lines, those above the screen too, without blanks at their ends."""
        rows = self.above + self.cells[: self.row + 1]
        return ["".join(row).rstrip() for row in rows]

    def flat(self):
        """Returns all rows in one piece, so that text is found where it wraps."""
        return "".join("".join(row) for row in self.above + self.cells)

    def line(self):
        """Returns the line with the cursor, without blanks at its end."""
        return "".join(self.cells[self.row]).rstrip()

    def resize(self, rows, columns):
        """Changes the size; text is cut off or kept where it is."""
        fitted = [(row + [" "] * columns)[:columns] for row in self.cells[:rows]]
        self.cells = fitted + [[" "] * columns for _ in range(rows - len(fitted))]
        self.rows, self.columns = rows, columns
        self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)

    def _character(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self._next_row()
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char == "\a":
            self.bells += 1
        elif char == "\t":
            self.column = min(self.column // 8 * 8 + 8, self.columns - 1)
        else:
            assert char >= " ", f"a control character on the screen: {char!r}"
            self._put(char)

    def _put(self, char):
        columns = width(char)
        if columns == 0:
            self.cells[self.row][max(0, self.column - 1)] += char
            return
        if self.column + columns > self.columns:
            self.column = 0
            self._next_row()
        self.cells[self.row][self.column] = char
        for extra in range(1, columns):
            self.cells[self.row][self.column + extra] = ""
        self.column += columns

    def _next_row(self):
        if self.row + 1 < self.rows:
            self.row += 1
            return
        self.above.append(self.cells.pop(0))
        self.cells.append([" "] * self.columns)

    def _sequence(self, parameters, letter):
        if letter == "J" and parameters in ("", "2"):
            first = 0 if parameters else self.row
            start = 0 if parameters else self.column
            for row in range(first, self.rows):
                self.cells[row][start:] = [" "] * (self.columns - start)
                start = 0
        elif letter == "C":
            self.column = min(self.column + int(parameters or 1), self.columns - 1)
        elif letter == "H" and parameters == "":
            self.row = self.column = 0
        elif letter == "m":
            self.styles.add(parameters)
        elif letter in "hl" and parameters == "?2004":
            self.marks_pastes = letter == "h"
        else:
            raise AssertionError(f"an unexpected escape sequence: ^[[{parameters}{letter}")


class Terminal:
    """A program in a terminal of its own: type at it, and wait for what it shows."""

    def __init__(self, *command, env=None, rows=24, columns=80):
        self.screen = Screen(rows, columns)
        self.transcript = b""
        self._status = None
        environment = clean_environment({"TERM": "xterm", **(env or {})})
        environment.pop("NO_COLOR", None)
        environment.update(env or {})
        words = [os.fspath(word) for word in command]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                self._set_size(0, rows, columns)
                os.execvpe(words[0], words, environment)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _set_size(fd, rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        """Changes the size of the window; the program gets SIGWINCH."""
        self.screen.resize(rows, columns)
        self._set_size(self.fd, rows, columns)

    def type(self, *keys):
        """Types keys, all at once."""
        data = "".join(keys).encode(errors="surrogateescape")
        deadline = time.monotonic() + LIMIT
        while data:
            assert time.monotonic() < deadline, "the program does not read what is typed"
            self._pump(0)
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                select.select([self.fd], [self.fd], [], 0.1)

    def wait_for(self, condition, what, limit=LIMIT):
        """Waits until condition() holds; shows the screen if it does not in time."""
        deadline = time.monotonic() + limit
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or not self._pump(min(left, 0.05)) and self._status is not None:
                shown = "\n".join(self.screen.lines())
                raise AssertionError(f"not on the screen: {what}\n{shown}\n{self.transcript!r}")

    def settle(self, quiet=0.3):
        """Waits until nothing has been written for that long, where nothing certain is expected."""
        deadline = time.monotonic() + LIMIT
        while self._pump(quiet):
            assert time.monotonic() < deadline, "the program does not stop to write"

    def wait_for_line(self, text):
        """Waits until the line with the cursor is `text`, blanks at its end aside."""
        self.wait_for(lambda: self.screen.line() == text.rstrip(), f"the line {text!r}")

    def wait_for_lines(self, *texts):
        """Waits until the last lines, that of the cursor included, are `texts`."""
        expected = [text.rstrip() for text in texts]
        self.wait_for(
            lambda: self.screen.lines()[-len(expected) :] == expected, f"the lines {expected!r}"
        )

    def wait_for_text(self, text):
        """Waits until `text` is anywhere on the screen."""
        self.wait_for(lambda: text in self.screen.flat(), repr(text))

    def wait_for_end(self, limit=LIMIT):
        """Waits for the program to end; returns its exit status, or minus its signal."""
        deadline = time.monotonic() + limit
        while self._status is None:
            shown = "\n".join(self.screen.lines())
            assert time.monotonic() < deadline, f"the program has not ended\n{shown}"
            self._pump(0.02)
            self._reap(os.WNOHANG)
        while self._pump(0):
            pass
        return self._status

    def signal(self, number):
        """Sends the program a signal."""
        os.kill(self.pid, number)

    def is_cooked(self):
        """Tells whether the terminal is in its normal mode: lines, echo, Ctrl-C a signal."""
        flags = termios.tcgetattr(self.fd)[3]
        normal = termios.ICANON | termios.ECHO | termios.ISIG
        return flags & normal == normal

    def close(self):
        """Ends the program, if it still runs, and the terminal."""
        self._reap(os.WNOHANG)
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)
        os.close(self.fd)

    def _reap(self, flags):
        if self._status is not None:
            return
        pid, status = os.waitpid(self.pid, flags)
        if pid == self.pid:
            killed = os.WIFSIGNALED(status)
            self._status = -os.WTERMSIG(status) if killed else os.WEXITSTATUS(status)

    def _pump(self, seconds):
        """Shows what the program has written, waiting that long for it; False if nothing came."""
        readable, _, _ = select.select([self.fd], [], [], seconds)
        if not readable:
            return False
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the program has closed its side
            self._reap(os.WNOHANG)
            return False
        self.transcript = (self.transcript + data)[-20000:]
        self.screen.feed(data)
        return bool(data)
