"""Every system call fails in turn, and every allocation: the server lives and loses nothing.

At each n the n-th call of a kind fails, once for each error that its manual page names, while
every command is sent over connections of their own. Each of them is answered right, or with an
error that says so, or is closed, and only where something has failed. What was stored before and
the client that was connected before are there afterwards, and the server neither spins nor leaks.
"""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import faulty
from conftest import absolute, is_sanitized
from medusa import LIMIT, clean_environment

pytestmark = pytest.mark.since("final")

if not sys.platform.startswith("linux"):
    pytest.skip("the linker there has no --wrap", allow_module_level=True)

FULL = ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM")  # of accept(): it is tried again at a tick
KINDS = ("SHORT", "EAGAIN", "ECONNRESET", "ENOMEM", "EMFILE")  # others are taken for one of these
OTHER_LOOP = ("accept", "read", "write", "poll", "realloc")
WHILE_ENDING = ("read", "write", "epoll_wait", "epoll_ctl", "shutdown", "realloc")
SCRAPED = ("accept", "read", "write", "epoll_ctl", "fcntl", "malloc", "calloc", "realloc")


@pytest.fixture(scope="module")
def sanitized(request):
    """Whether the server under test was built with sanitizers: then this one is, too."""
    return is_sanitized(absolute(request.config, "--binary"))


@pytest.fixture(scope="module")
def faulty_server(sanitized):
    """The path of the server whose calls can fail."""
    return faulty.build(sanitized)


@pytest.fixture
def bench(request, faulty_server, tmp_path):
    """Starts a server with its witness: bench(*flags, groups=...); checked at the end."""
    benches = []

    def start(*args, **options):
        benches.append(faulty.Bench(faulty_server, tmp_path / "server.log", *args, **options))
        request.node.medusa_servers = [bench.server for bench in benches]
        return benches[-1]

    yield start
    for started in benches:
        started.stop()


@pytest.fixture
def dense(sanitized):
    """How many of the first calls fail without one left out: sanitizers make each run slow."""
    return 4 if sanitized else 10**9


def test_the_scenarios_have_every_command(bench):
    groups = faulty.scenario() + faulty.clear_scenario()
    sent = [" ".join(words).upper() + " " for group in groups for words in group.requests]
    names = bench(groups=[]).witness.command("COMMAND", "LIST")
    missing = [name for name in names if not any(
        line.startswith(name.decode().upper().replace("|", " ") + " ") for line in sent
    )]  # fmt: skip
    assert missing == [b"shutdown"]


# While clients are served


def kinds(call):
    """Returns the errors of a call that the server tells apart."""
    return [error for error in faulty.ERRORS[call] if error in KINDS]


@pytest.mark.parametrize("call", faulty.ERRORS)
def test_a_call_that_fails_harms_its_connection_at_most(bench, dense, call):
    started = bench()
    for error in faulty.ERRORS[call]:
        slow = call == "accept" and error in FULL
        started.fail_each(call, error, dense=2 if slow else dense)


@pytest.mark.parametrize("call", faulty.ERRORS)
def test_calls_that_go_on_failing_harm_nothing_that_was_stored(bench, call):
    started = bench()
    for error in faulty.ERRORS[call]:
        count = faulty.IN_A_ROW.get(error, faulty.FOREVER)
        slow = call == "accept" and error in FULL
        started.fail_each(
            call, error, faulty.ACCEPTS_IN_A_ROW if slow else count, dense=1 if slow else 4
        )


@pytest.mark.parametrize("call", ["read", "write", "epoll_ctl", *faulty.MEMORY])
def test_a_failure_while_the_table_grows_and_replies_pile_up_loses_nothing(bench, dense, call):
    started = bench(groups=faulty.large_scenario())
    for error in kinds(call):
        started.fail_each(call, error, dense=min(dense // 2, 4))
        started.fail_each(call, error, faulty.IN_A_ROW.get(error, faulty.FOREVER), dense=1)


@pytest.mark.parametrize("call", OTHER_LOOP)
def test_the_poll_loop_stands_it_as_well(bench, dense, call):
    started = bench("--event-loop=poll")
    for error in kinds(call):
        started.fail_each(call, error, dense=2 if error in FULL else min(dense, 8))


@pytest.mark.parametrize("call", ["read", "write", "malloc", "calloc", "realloc"])
def test_clear_removes_everything_or_nothing(bench, call):
    started = bench(groups=faulty.clear_scenario())
    for error in faulty.ERRORS[call]:
        for group in started.groups:
            at, failures = 1, 1
            while failures:
                started.faults.arm(call, error, at)
                was_right = started.run_group(group)
                failures, at = started.faults.disarm(), at + 1
                assert was_right or failures
                count = started.witness.command("DBSIZE")
                assert count in ((0,) if was_right else (0, len(faulty.STORED)))
                started.store()


@pytest.mark.parametrize("call", SCRAPED)
def test_a_scraper_gets_all_metrics_or_is_closed(bench, call):
    started = bench(groups=[])
    port = started.metrics_port()
    assert faulty.scrape(port).startswith(b"# HELP")
    for error in faulty.ERRORS[call]:
        at, failures = 1, 1
        while failures:
            started.faults.arm(call, error, at)
            body = faulty.scrape(port)
            failures, at = started.faults.disarm(), at + 1
            assert failures or body
            assert faulty.scrape(port), f"the scrape after {call} {at - 1} has failed with {error}"
    started.check([], True)


# When the server starts and when it ends


def start_once(program, path):
    """Starts a server; returns its status, its lines on standard error and whether it served."""
    process = subprocess.Popen(
        [program, "--port=0", "--metrics=yes", "--metrics-port=0", "--log-level=error"],
        env=clean_environment({"FAULTS_FILE": path}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        served = bool(re.fullmatch(r"medusa: listening on 127\.0\.0\.1:\d+\n", line))
        assert served or line == ""
        if served:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
        process.wait()
    return process.returncode, errors.splitlines(), served


@pytest.mark.parametrize("call", faulty.START_ERRORS)
def test_a_server_that_cannot_start_says_so_in_one_line(faulty_server, call):
    for error in faulty.START_ERRORS[call]:
        at, failures = 1, 1
        while failures:
            faults = faulty.Faults()
            faults.arm(call, error, at)
            status, lines, served = start_once(faulty_server, faults.path)
            failures = faults.disarm()
            faults.remove()
            what = f"{call} {at} fails with {error}: {lines}"
            assert failures or served, what
            assert status == (0 if served else 1), what
            assert served or (len(lines) == 1 and lines[0].startswith("medusa: ")), what
            assert not lines or not served, what
            at += 1


@pytest.mark.parametrize("call", WHILE_ENDING)
def test_a_server_that_is_told_to_end_ends_whatever_fails(bench, faulty_server, tmp_path, call):
    for error in faulty.ERRORS[call]:
        for at in (1, 2, 3):
            log_path = tmp_path / f"{error}-{at}.log"
            started = faulty.Bench(faulty_server, log_path, groups=[])
            os.kill(started.server.pid, signal.SIGSTOP)
            started.witness.send_raw(b"PING\r\n" * 100 + b"GET stored:large\r\n" * 10)
            started.faults.arm(call, error, at)
            start = time.monotonic()
            started.server.signal(signal.SIGTERM)
            started.server.signal(signal.SIGCONT)
            received = started.witness.read_to_end()
            assert received[:7] in (b"", b"+PONG\r\n", b"-OOM ou"), received[:100]
            assert started.server.wait() == 0
            assert time.monotonic() - start < LIMIT / 2
            started.stop()
