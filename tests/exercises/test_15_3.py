"""Exercise 15-3: UNCLEAR brings back what the last CLEAR removed."""

import os
import pathlib
import time

from medusa import eventually


def cpu_seconds(server):
    """Gives the CPU time of the server's process; Linux only."""
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_unclear_brings_the_keys_back(client):
    client.pipeline(("SET", "a", "1"), ("SET", "b", "2"), ("CLEAR",))
    assert client.command("COUNT") == 0
    assert client.command("UNCLEAR") == 1
    assert client.command("GET", "a") == b"1"
    assert client.command("COUNT") == 2


def test_keys_written_since_the_clear_are_dropped(client):
    client.pipeline(("SET", "a", "1"), ("CLEAR",), ("SET", "b", "2"))
    assert client.command("UNCLEAR") == 1
    assert sorted(client.command("LIST")) == [b"a"]


def test_only_the_last_clear_can_be_taken_back_and_only_once(client):
    client.pipeline(("SET", "a", "1"), ("CLEAR",), ("SET", "b", "2"), ("CLEAR",))
    assert client.command("UNCLEAR") == 1
    assert client.command("LIST") == [b"b"]
    assert client.command("UNCLEAR") == 0
    assert client.command("LIST") == [b"b"]


def test_there_is_nothing_to_bring_back_at_the_start(client):
    assert client.command("UNCLEAR") == 0


def test_a_key_that_came_back_expires_without_being_touched(client):
    client.pipeline(("SET", "a", "1", "1"), ("SET", "b", "2"), ("CLEAR",))
    assert client.command("UNCLEAR") == 1
    eventually(lambda: client.command("COUNT") == 1, "the expiry of a key that came back")
    assert client.info("stats")["expired_keys"] == "1"


def test_the_server_sleeps_meanwhile_and_gives_up_the_table_after_two_seconds(server, client):
    client.pipeline(("SET", "a", "1"), ("CLEAR",))
    before = cpu_seconds(server)
    time.sleep(1)
    assert cpu_seconds(server) - before < 0.3
    time.sleep(1.5)
    assert client.command("UNCLEAR") == 0
