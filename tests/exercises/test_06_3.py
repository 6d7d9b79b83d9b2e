"""Exercise 06-3: an empty server sleeps until somebody wants something (Linux: reads /proc)."""

import pathlib
import re
import signal
import time

QUIET = 1.2  # seconds: a dozen ticks


def sleeps(server):
    """Gives how often the process has gone to sleep."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])


def wakes_in_quiet(server):
    before = sleeps(server)
    time.sleep(QUIET)
    return sleeps(server) - before


def test_an_empty_server_does_not_wake_up(server, client):
    assert client.command("PING") == b"PONG"
    assert wakes_in_quiet(server) <= 2


def test_a_stop_signal_ends_the_sleep(server, client):
    assert client.command("PING") == b"PONG"
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_expired_keys_still_go_without_a_command(client):
    assert client.command("SET", "k", "v", "1") == b"OK"
    time.sleep(QUIET + 0.3)
    assert client.info("stats")["expired_keys"] == "1"
