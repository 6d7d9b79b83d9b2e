"""Exercise 14-2: without clients, the server sleeps until a key is due (Linux: reads /proc)."""

import pathlib
import re
import signal
import time

import pytest

from medusa import MEGABYTE, Error, eventually

QUIET = 1.5  # seconds: fifteen ticks


def sleeps(server):
    """Gives how often the process has gone to sleep."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])


def sleeps_in_quiet(server):
    before = sleeps(server)
    time.sleep(QUIET)
    return sleeps(server) - before


def run_and_leave(server, *requests):
    """Runs requests on a connection of their own."""
    with server.connect() as client:
        replies = client.pipeline(*requests)
    assert not [reply for reply in replies if isinstance(reply, Error)]


def test_it_sleeps_until_a_key_is_due(server):
    run_and_leave(server, ("SET", "a", "v"), ("SET", "b", "v", 1000), ("EXPIRE", "a", 10**15))
    assert sleeps_in_quiet(server) <= 4


def test_a_key_that_was_due_first_and_is_gone_does_not_keep_it_awake(server):
    run_and_leave(server, ("SET", "a", "v", 1), ("SET", "b", "v", 1000), ("DELETE", "a"))
    assert sleeps_in_quiet(server) <= 4


@pytest.mark.plain_build
def test_a_key_is_removed_at_its_time_while_nobody_is_there(server):
    before = server.memory()
    run_and_leave(server, ("SET", "a", "v", 1000), ("SET", "k", b"v" * 64 * MEGABYTE, 2))
    assert server.memory() > before + 50 * MEGABYTE
    eventually(lambda: server.memory() < before + 16 * MEGABYTE, "the memory of the key")


@pytest.mark.env(MEDUSA_TIMEOUT="1")
def test_a_silent_client_is_still_closed(client):
    assert client.command("PING") == b"PONG"
    assert client.read_to_end() == b""


def test_a_client_and_a_stop_signal_end_the_sleep(server):
    assert sleeps_in_quiet(server) <= 4
    run_and_leave(server, ("SET", "k", "v", 1000))
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
