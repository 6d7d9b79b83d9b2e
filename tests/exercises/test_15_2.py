"""Exercise 15-2: FLUSHALL SYNC frees the memory before it answers."""

import pathlib
import re

from medusa import eventually

KEYS = 200_000
VALUE = b"v" * 100


def resident_kib(server):
    """Gives the memory of the server's process; Linux only."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def fill(client):
    for start in range(0, KEYS, 20_000):
        client.pipeline(*(("SET", f"key:{n}", VALUE) for n in range(start, start + 20_000)))


def test_the_memory_is_back_when_flushall_sync_answers(server, client):
    empty = resident_kib(server)
    for _ in range(2):  # the background may be quick once, but not every time
        fill(client)
        full = resident_kib(server)
        assert client.command("FLUSHALL", "SYNC") == b"OK"
        assert resident_kib(server) < (empty + full) / 2


def test_flushall_sync_frees_what_clear_left(server, client):
    fill(client)
    full = resident_kib(server)
    client.pipeline(("CLEAR",), ("FLUSHALL", "sync"))
    assert resident_kib(server) < full / 2


def test_flushall_without_sync_still_frees_in_the_background(server, client):
    fill(client)
    full = resident_kib(server)
    assert client.command("FLUSHALL", "ASYNC") == b"OK"
    eventually(lambda: resident_kib(server) < full / 2, "the memory of the removed keys")


def test_another_word_is_a_syntax_error(client):
    assert client.command("FLUSHALL", "NOW") == b"ERR syntax error"
