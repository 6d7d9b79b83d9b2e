"""Exercise 27-2: a command that takes long is named in the log."""

import re

import pytest

from medusa import eventually, run_once

SLOW = re.compile(r" warn slow: ([a-z]+) took (\d+) us\n")
ONE = pytest.mark.args("--slow-us=1")


def slow_commands(server):
    return SLOW.findall(server.log_text())


def fill(client, count=20000):
    """Sets so many keys that KEYS takes longer than a microsecond for certain."""
    for start in range(0, count, 5000):
        client.pipeline(*(["SET", f"secret:{n}", "v"] for n in range(start, start + 5000)))


@ONE
def test_a_slow_command_is_named_with_its_time(server, client):
    fill(client)
    client.command("KEYS", "none*")
    found = eventually(
        lambda: [us for name, us in slow_commands(server) if name == "keys"], "a line about KEYS"
    )
    assert len(found) == 1 and int(found[0]) >= 1


@ONE
@pytest.mark.env(MEDUSA_PASSWORD="sesame-secret")
def test_arguments_are_not_in_the_log(server, client):
    assert client.command("AUTH", "sesame-secret") == b"OK"
    fill(client)
    client.command("KEYS", "secret:1999?")
    eventually(lambda: "keys" in dict(slow_commands(server)), "a line about KEYS")
    assert "secret" not in server.log_text()


@ONE
def test_a_transaction_is_named_as_a_whole(server, client):
    fill(client)
    client.pipeline(["MULTI"], ["KEYS", "none*"], ["EXEC"])
    eventually(lambda: "exec" in dict(slow_commands(server)), "a line about EXEC")


@ONE
def test_an_unknown_command_is_no_reason_to_stumble(server, client):
    client.pipeline(*[["NOSUCH", "x" * 10000]] * 50)
    assert client.command("PING") == b"PONG"
    assert "nosuch" not in dict(slow_commands(server))


@pytest.mark.args("--slow-us=1000000000")
def test_what_is_quicker_than_the_bound_is_not_named(server, client):
    fill(client)
    client.command("KEYS", "none*")
    assert slow_commands(server) == []


def test_it_is_off_by_default(server, client):
    fill(client)
    client.command("KEYS", "none*")
    assert slow_commands(server) == []


@pytest.mark.env(MEDUSA_SLOW_US="1", MEDUSA_METRICS="true", MEDUSA_METRICS_PORT="0")
def test_it_works_beside_the_metrics(server, client):
    fill(client)
    client.command("KEYS", "none*")
    eventually(lambda: "keys" in dict(slow_commands(server)), "a line about KEYS")
    assert client.info("commandstats")["cmdstat_keys"].startswith("calls=1,")


@pytest.mark.parametrize("value", ["-1", "soon", "1000000001"])
def test_a_bound_that_cannot_be_used_stops_the_start(binary, wrapper, value):
    done = run_once(binary, "--port=0", f"--slow-us={value}", wrapper=wrapper)
    assert done.returncode == 2
    assert value in done.stderr and "microseconds" in done.stderr
