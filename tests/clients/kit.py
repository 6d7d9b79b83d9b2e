"""What the tests with real clients share: which programs there are, and what was run with them.

A test says with @exercises what it runs, and for what. Where that program is not installed, the
test is skipped and names the package. MEDUSA_CLIENT_RECORD names a file that gets a line of JSON
for each test that passed; tools/client-table makes the table in docs/clients.md of them.
"""

import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from medusa import LIMIT, clean_environment

CLIENTS = pathlib.Path(__file__).resolve().parent
BUILD = CLIENTS / "build"  # like every folder of that name, no part of the project
LEAST_NODE = 20
PASSWORD = "open sesame"  # of the servers that have one


def run(*words, text=None, stdin=subprocess.DEVNULL, env=None, status=0, limit=2 * LIMIT):
    """Runs a program to its end, with `text` or a file as its input; gives all that it printed.

    Fails where it exits with another status than `status`, or takes longer than `limit` seconds.
    """
    done = subprocess.run(
        [str(word) for word in words],
        env=clean_environment(env),
        input=text,
        stdin=stdin if text is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=limit,
        check=False,
    )
    assert done.returncode == status, f"{words[0]} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def check(*words, **options):
    """Runs a program that finds out by itself whether all is right; fails unless it says ok."""
    said = run(*words, **options)
    assert said == "ok\n", said


def check_with_and_without_password(start_server, *words):
    """Checks a program that takes a port, then one with a password behind it."""
    check(*words, start_server().port)
    check(*words, start_server(env={"MEDUSA_PASSWORD": PASSWORD}).port, PASSWORD)


class Background:
    """A program that runs beside a test; use it in a with statement."""

    def __init__(self, *words, env=None, cwd=None):
        self.output = ""
        self.process = subprocess.Popen(
            [str(word) for word in words],
            env=clean_environment(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def wait_for(self, pattern):
        """Waits until the program has printed what matches, and gives the match."""
        deadline = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.output, re.MULTILINE)
            if found:
                return found
            left = deadline - time.monotonic()
            assert left > 0, f"not printed in time: {pattern}\n{self.output}"
            if select.select([self.process.stdout], [], [], left)[0]:
                data = os.read(self.process.stdout.fileno(), 65536)
                assert data, f"it ended without printing {pattern}\n{self.output}"
                self.output += data.decode(errors="replace")

    def port(self):
        """Gives the port that the program listens on, once it says so."""
        return int(self.wait_for(r"^listening on (\d+)$")[1])

    def drain(self):
        """Waits for the end of the program, and takes in what it still prints."""
        self.output += self.process.communicate(timeout=LIMIT)[0].decode(errors="replace")


# What is installed


def printed(*words):
    """Gives the version number that a program prints, or None where it is not there."""
    if not shutil.which(words[0]):
        return None
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return found and found[0]


def python_package(name):
    """Gives the version of a package of this Python, or None."""
    script = f"import importlib.metadata as m; print(m.version({name!r}))"
    return printed(sys.executable, "-c", script)


def hiredis():
    """Gives the version of hiredis that a C program would be built with, or None."""
    source = "#include <hiredis/hiredis.h>\n"
    done = subprocess.run(["cc", "-E", "-dM", "-"], input=source, capture_output=True, text=True)
    found = dict(re.findall(r"#define HIREDIS_(MAJOR|MINOR|PATCH) (\d+)", done.stdout))
    return "{MAJOR}.{MINOR}.{PATCH}".format(**found) if found else None


@functools.lru_cache(maxsize=None)
def node_modules():
    """Gives the folder with the npm packages, installing them once; None where that cannot be."""
    version = printed("node", "--version")
    if not version or int(version.split(".")[0]) < LEAST_NODE or not shutil.which("npm"):
        return None
    lock = CLIENTS / "package-lock.json"
    there = BUILD / "npm"
    if (there / lock.name).is_file() and (there / lock.name).read_bytes() == lock.read_bytes():
        return there / "node_modules"
    work = BUILD / f"npm.{os.getpid()}"
    work.mkdir(parents=True)
    for name in ("package.json", lock.name):
        shutil.copy(CLIENTS / name, work)
    words = ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    installed = subprocess.run(words, cwd=work, stdin=subprocess.DEVNULL, timeout=6 * LIMIT)
    if installed.returncode == 0:
        shutil.rmtree(there, ignore_errors=True)
        with contextlib.suppress(OSError):  # another run of the tests was faster
            work.rename(there)
    shutil.rmtree(work, ignore_errors=True)
    return there / "node_modules" if installed.returncode == 0 else None


def npm_package(name):
    """Gives the version of an installed npm package, or None."""
    folder = node_modules()
    return folder and json.loads((folder / name / "package.json").read_text())["version"]


def check_with_node(script, *words):
    """Checks a program of this folder, with Node.js and the npm packages."""
    check("node", CLIENTS / script, *words, env={"NODE_PATH": str(node_modules())})


def node_application(script, *words):
    """Starts a program of this folder with Node.js beside a test; use it in a with statement."""
    return Background("node", CLIENTS / script, *words, env={"NODE_PATH": str(node_modules())})


NPM = f"nodejs of version {LEAST_NODE} or later and npm, then `npm ci` must work in tests/clients"

# name: how to find its version, and what to install where there is none
PROGRAMS = {
    "redis-cli": (lambda: printed("redis-cli", "--version"), "redis-tools"),
    "redis-benchmark": (lambda: printed("redis-benchmark", "--version"), "redis-tools"),
    "redis-py": (lambda: python_package("redis"), "python3-redis"),
    "hiredis": (hiredis, "libhiredis-dev"),
    "ioredis": (lambda: npm_package("ioredis"), NPM),
    "node-redis": (lambda: npm_package("redis"), NPM),
    "connect-redis": (lambda: npm_package("connect-redis"), NPM),
    "prometheus-redis-exporter": (
        lambda: printed("prometheus-redis-exporter", "--version"),
        "prometheus-redis-exporter",
    ),
    "Flask-Caching": (lambda: python_package("Flask-Caching"), "python3-flask-caching"),
    "django-redis": (lambda: python_package("django-redis"), "python3-django-redis"),
    "PhpRedis": (lambda: printed("php", "-r", "echo phpversion('redis');"), "php-cli php-redis"),
    "ccache": (lambda: printed("ccache", "--version"), "ccache"),
}


@functools.lru_cache(maxsize=None)
def version_of(name):
    """Gives the version of a program, or None where it is not installed."""
    return PROGRAMS[name][0]()


def record(name, what):
    """Notes that a program did what it should, where somebody wants to know."""
    path = os.environ.get("MEDUSA_CLIENT_RECORD")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"program": name, "version": version_of(name), "what": what}))
            file.write("\n")


def exercises(name, what):
    """Says which program a test runs, and what it does with it; tools/client-table reads this."""

    def decorate(test):
        @functools.wraps(test)
        def checked(*args, **kwargs):
            if not version_of(name):
                pytest.skip(f"{name} is not installed: install {PROGRAMS[name][1]}")
            test(*args, **kwargs)
            record(name, what)

        return checked

    return decorate
