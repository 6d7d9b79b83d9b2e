"""Exercise 16-2: after input, the server stays awake for a while (Linux: reads /proc)."""

import pathlib
import re
import time

import pytest

from medusa import eventually, run_once

REQUESTS = 20


def sleeps(server):
    """Gives how often the process has gone to sleep."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])


def sleeps_between_requests(server, client):
    """Gives how often the server slept while a request came now and then."""
    client.command("PING")
    before = sleeps(server)
    for _ in range(REQUESTS):
        time.sleep(0.03)
        assert client.command("PING") == b"PONG"
    return sleeps(server) - before


@pytest.mark.env(MEDUSA_SPIN="1000000")
def test_the_next_request_finds_the_server_awake(server, client):
    assert sleeps_between_requests(server, client) < REQUESTS / 2


@pytest.mark.args("--spin", "100000")
def test_it_sleeps_when_nothing_has_come_for_long_enough(server, client):
    assert client.command("PING") == b"PONG"
    awake = sleeps(server)
    eventually(lambda: sleeps(server) >= awake + 5, "a server that sleeps between its ticks")
    before = server.cpu_seconds()
    time.sleep(1)
    assert server.cpu_seconds() - before < 0.5


def test_without_the_setting_it_sleeps_at_once(server, client):
    assert sleeps_between_requests(server, client) >= REQUESTS / 2


@pytest.mark.parametrize("value", ["-1", "1000001", "long"])
def test_a_value_that_cannot_be_used_stops_the_start(binary, wrapper, value):
    # An address that cannot be bound: a server that knows no such setting ends as well.
    env = {"MEDUSA_SPIN": value, "MEDUSA_HOST": "192.0.2.1"}
    done = run_once(binary, env=env, wrapper=wrapper)
    assert done.returncode == 2
    assert "MEDUSA_SPIN" in done.stderr and "1000000" in done.stderr
