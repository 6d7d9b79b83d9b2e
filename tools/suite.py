#!/usr/bin/env python3
"""Runs the test suite on one server or on several, for `make test`.

    tools/suite.py [--sanitized] [--jobs N] [--file test_store] FOLDER ... [-- pytest arguments]
    tools/suite.py --jobs N final -- tests/test_store.py tests/test_scan.py

A FOLDER is final or stages/NN-name, already built. One folder: the run is pytest's own, to its
last line. Several: each run is announced, and the last line sums them all up. With --jobs 2 or
more, that many run at a time, and the output of each appears when it has ended. final/ has by far
the most tests: it is divided into several runs then, also where it is the only folder.
"""

import argparse
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

from counts import counts

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN = str(ROOT / "tests" / "run")
RUN_LIMIT = 900  # seconds that one run may take before it counts as hanging
SHARES = 8  # into which the tests of final/ are divided
NO_TESTS = 5  # exit status of pytest when no test was left to run


def parse_arguments(words):
    """Splits the command line into options, folders, and what goes to pytest."""
    extra = []
    if "--" in words:
        mark = words.index("--")
        words, extra = words[:mark], words[mark + 1 :]
    parser = argparse.ArgumentParser(description="Runs the test suite on the servers named.")
    parser.add_argument("--sanitized", action="store_true", help="test the builds of SAN=1")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--file", default="", help="one test file, like test_store")
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args(words)
    options.extra = [word for word in extra if not word.startswith("tests/")]
    options.files = [ROOT / word for word in extra if word not in options.extra]
    return options


def pieces(folder, options):
    """Gives the runs that a folder needs: (folder, test files), where no files are all of them."""
    if pathlib.Path(folder).name != "final" or options.file or options.jobs <= 1:
        return [(folder, options.files)]
    files = options.files
    if not files:
        ignored = [ROOT / word.removeprefix("--ignore=") for word in options.extra]
        files = set((ROOT / "tests").glob("test_*.py")) - set(ignored)
        files = sorted(files, key=lambda path: path.stat().st_size)
    return [(folder, files[share::SHARES]) for share in range(min(SHARES, len(files)))]


def command(folder, files, options):
    """Gives the command that runs the suite on the server of one folder."""
    suffix = "-san" if options.sanitized else ""
    words = [
        RUN,
        f"--binary={ROOT / folder / 'medusa'}{suffix}",
        f"--client={ROOT / 'client' / 'medusa-client'}{suffix}",
        f"--benchmark={ROOT / 'bench' / 'medusa-benchmark'}{suffix}",
        "-q",
    ]
    if options.file:
        words.append(str(test_file(options.file)))
    return words + options.extra + [str(path) for path in files]


def test_file(name):
    """Finds a test file from its name, with or without folder, test_ and .py."""
    stem = pathlib.Path(name).stem
    for candidate in (f"{stem}.py", f"test_{stem}.py"):
        if (ROOT / "tests" / candidate).is_file():
            return ROOT / "tests" / candidate
    known = ", ".join(sorted(path.stem for path in (ROOT / "tests").glob("test_*.py")))
    sys.exit(f"suite.py: there is no tests/{stem}.py; T is one of {known}")


class Runs:
    """The runs under way, so that an interrupt can end them all."""

    def __init__(self, options):
        self.options = options
        self.live = options.jobs <= 1  # output appears as it comes, not when the run has ended
        self.processes = set()
        self.interrupted = False

    def run(self, piece):
        """Runs the suite on one server; gives the passed and the failed tests."""
        folder, files = piece
        if self.interrupted:
            return 0, 0
        start = time.monotonic()
        if self.live:
            print(f"=== {folder}", flush=True)
        text, status = self.run_pytest(folder, files)
        if not self.live:
            print(f"=== {folder} ({time.monotonic() - start:.0f} s)\n{text}", end="", flush=True)
        print(flush=True)
        return self.verdict(text, status)

    def run_pytest(self, folder, files):
        """Runs pytest to its end; gives its output and its exit status."""
        # Runs side by side keep no common cache, and a session of its own makes it possible to
        # end a run together with every server that it has started.
        process = subprocess.Popen(
            [*command(folder, files, self.options), "-p", "no:cacheprovider"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.add(process)
        guard = threading.Timer(RUN_LIMIT, kill, [process])
        guard.start()
        output = b""
        while chunk := process.stdout.read1():
            output += chunk
            if self.live:
                sys.stdout.buffer.write(chunk)
                sys.stdout.flush()
        status = process.wait()
        guard.cancel()
        self.processes.discard(process)
        return output.decode(errors="replace"), status

    def verdict(self, text, status):
        """Gives the passed and the failed tests of a run; one that broke off has failed."""
        narrowed = self.options.file or self.options.extra
        if status == NO_TESTS and narrowed:
            return 0, 0
        passed, failed = counts(text) or (0, 1)
        return passed, failed or int(status != 0)

    def interrupt(self):
        self.interrupted = True
        for process in list(self.processes):
            kill(process)


def kill(process):
    """Ends a run and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_several(options, runs_needed):
    """Runs the suite on every server; gives the exit status."""
    runs = Runs(options)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        try:
            results = list(pool.map(runs.run, runs_needed))
        except KeyboardInterrupt:
            runs.interrupt()
            return 130
    passed = sum(result[0] for result in results)
    failed = sum(result[1] for result in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def run_one(options, piece):
    """Becomes pytest, so that its output and its keys are its own."""
    words = command(*piece, options)
    os.execv(words[0], words)


def main():
    options = parse_arguments(sys.argv[1:])
    # Later stages have more tests: begun first, they keep no one waiting at the end.
    folders = options.folders if options.jobs <= 1 else options.folders[::-1]
    runs_needed = [piece for folder in folders for piece in pieces(folder, options)]
    if len(runs_needed) == 1:
        run_one(options, runs_needed[0])
    sys.exit(run_several(options, runs_needed))


if __name__ == "__main__":
    main()
