"""Exercise 23-3: WATCH makes EXEC run nothing if a key was changed in the meantime."""

import threading
import time

import pytest

from medusa import encode, eventually

CHANGES = {
    "set": ["SET", "k", "w"],
    "the same value": ["SET", "k", "v"],
    "delete": ["DELETE", "k"],
    "expire": ["EXPIRE", "k", "100"],
    "expire at once": ["EXPIRE", "k", "0"],
    "clear": ["CLEAR"],
}


@pytest.fixture
def other(server):
    return server.connect()


def watch(client, *keys):
    """Watches keys, and opens a transaction with one SET."""
    assert client.command("WATCH", *keys) == b"OK"
    assert client.pipeline(["MULTI"], ["SET", "result", "done"]) == [b"OK", b"QUEUED"]


def test_without_a_change_the_transaction_runs(client, other):
    client.command("SET", "k", "v")
    watch(client, "k", "none")
    assert other.pipeline(["GET", "k"], ["TTL", "k"], ["EXISTS", "none"]) == [b"v", -1, 0]
    assert client.command("EXEC") == [b"OK"]
    assert client.command("GET", "result") == b"done"


@pytest.mark.parametrize("change", CHANGES.values(), ids=[name.split()[-1] for name in CHANGES])
def test_after_a_change_nothing_is_run(client, other, change):
    client.command("SET", "k", "v")
    watch(client, "other", "k")
    other.command(*change)
    client.check(encode("EXEC"), b"*-1\r\n")
    assert client.command("EXISTS", "result") == 0
    assert client.pipeline(["MULTI"], ["PING"], ["EXEC"])[-1] == [b"PONG"]


def test_a_key_that_comes_into_being_is_a_change(client, other):
    watch(client, "k")
    other.command("SET", "k", "v")
    assert client.command("EXEC") is None


def test_a_key_that_has_expired_is_a_change(client):
    client.command("SET", "k", "v", 1)
    start = time.monotonic()
    watch(client, "k")
    eventually(lambda: time.monotonic() > start + 1.1, "the deadline")
    assert client.command("EXEC") is None


def test_a_client_disturbs_itself_only_before_multi(client):
    client.command("WATCH", "k")
    client.command("SET", "k", "v")
    assert client.pipeline(["MULTI"], ["SET", "k", "w"], ["EXEC"])[-1] is None
    watch(client, "k")
    assert client.pipeline(["SET", "k", "w"], ["EXEC"])[-1] == [b"OK", b"OK"]


def test_watching_ends_with_exec_discard_and_unwatch(client, other):
    for ends in (["EXEC"], ["DISCARD"]):
        client.pipeline(["WATCH", "k"], ["MULTI"], ends)
        other.command("SET", "k", "v")
        assert client.pipeline(["MULTI"], ["PING"], ["EXEC"])[-1] == [b"PONG"]
    assert client.pipeline(["WATCH", "k"], ["UNWATCH"]) == [b"OK", b"OK"]
    other.command("SET", "k", "v")
    assert client.pipeline(["MULTI"], ["PING"], ["EXEC"])[-1] == [b"PONG"]


def test_inside_of_a_transaction_it_is_refused_and_aborts_nothing(client):
    replies = client.pipeline(["MULTI"], ["WATCH", "k"], ["PING"], ["EXEC"])
    assert replies == [b"OK", b"ERR WATCH inside MULTI is not allowed", b"QUEUED", [b"PONG"]]


def test_an_error_while_queueing_comes_first(client, other):
    watch(client, "k")
    other.command("SET", "k", "v")
    assert client.command("NOSUCH").startswith(b"ERR unknown command")
    assert client.command("EXEC").startswith(b"EXECABORT")


def test_a_change_of_another_key_is_seldom_an_alarm(client, other):
    alarms = 0
    for n in range(50):
        watch(client, f"watched:{n}")
        other.command("SET", f"other:{n}", "v")
        alarms += client.command("EXEC") is None
    assert alarms <= 5


def test_no_addition_is_lost(server, client):
    client.command("SET", "n", 0)

    def add(own):
        done = 0
        while done < 30:
            own.command("WATCH", "n")
            value = int(own.command("GET", "n")) + 1
            done += own.pipeline(["MULTI"], ["SET", "n", value], ["EXEC"])[-1] == [b"OK"]

    threads = [threading.Thread(target=add, args=(server.connect(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.command("GET", "n") == b"90"


def test_what_is_watched_is_counted_and_given_back(server, client):
    def buffers():
        return int(client.info("clients")["client_buffer_bytes"])

    watcher = server.connect()
    assert watcher.command("WATCH", *range(5000)) == b"OK"
    eventually(lambda: buffers() >= 5000, "the bytes of what is watched")
    watcher.close()
    eventually(lambda: buffers() < 5000, "the bytes to be freed")
