"""Runs tests on a learner's own program, in whatever language, and says what came of it.

A program gets its port in MEDUSA_PORT and, before stage 07, as its first argument too. What is
printed of the tests is in verdict.py, a plugin for pytest.
"""

import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_LIMIT = 10  # seconds until the program has to accept a connection
STOP_LIMIT = 5  # seconds until it has to end on SIGTERM
PORT_ARGUMENT_UNTIL = 6  # the last stage that may take its port as an argument


class Program:
    """A program under test, named by a path or by a command line such as 'python3 mine.py'."""

    def __init__(self, command, stage):
        self.words = shlex.split(command)
        self.stage = stage
        if not self.words:
            sys.exit("name your program, like SERVER=./mine or SERVER='python3 mine.py'")
        path = pathlib.Path(self.words[-1]).expanduser().resolve()
        if not path.is_file():
            sys.exit(f"there is no file {path}: SERVER is your program")
        self.words[-1] = str(path)
        if len(self.words) == 1 and not os.access(path, os.X_OK):
            sys.exit(f"{path} cannot be run: chmod +x it, or name what runs it: 'python3 {path}'")

    def run_tests(self, *arguments):
        """Runs tests on the program and prints the verdict; gives the exit status."""
        self.must_start()
        done = subprocess.run(
            [
                ROOT / "tests" / "run",
                f"--binary={self.words[-1]}",
                f"--wrapper={shlex.join(self.words[:-1])}",
                f"--stage={self.stage}",
                "--port-from-env",
                *("-p", "verdict"),
                *("-p", "no:cacheprovider"),
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT / "tools"), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return min(done.returncode, 1)

    def must_start(self):
        """Ends this program with an explanation where the other one cannot be tested at all."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        as_argument = self.stage[:2].isdigit() and int(self.stage[:2]) <= PORT_ARGUMENT_UNTIL
        process = subprocess.Popen(
            self.words + ([str(port)] if as_argument else []),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MEDUSA_PORT": str(port)},
        )
        try:
            problem = why_not_accepting(process, port)
        finally:
            stop(process)
        if problem:
            output = process.stdout.read().decode(errors="replace").strip()
            how = " and in the first argument" if as_argument else ""
            sys.exit(
                f"{problem}\n"
                f"  It was started as: {shlex.join(self.words)}\n"
                f"  It gets the port {port} in MEDUSA_PORT{how},\n"
                f"  and has to listen on 127.0.0.1. It printed:{indented(output)}\n"
                "  read again: 'The contract' in the chapter of stage 01\n"
                "0 passed, 1 failed"
            )


def why_not_accepting(process, port):
    """Waits until a connection is accepted, closing it at once; gives None, or what happened."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return f"The program ended at once, with status {process.returncode}."
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return None
        except OSError:
            time.sleep(0.02)
    return f"The program accepts no connection on 127.0.0.1:{port} after {START_LIMIT} s."


def stop(process):
    """Ends a program with SIGTERM, or by force where it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def indented(text):
    return "".join(f"\n    {line}" for line in text.splitlines()[-20:]) or " nothing"
