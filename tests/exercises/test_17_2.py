"""Exercise 17-2: an own buffer is not much larger than what is in it (Linux: reads /proc)."""

import pathlib
import re

import pytest

from medusa import MEGABYTE, encode, eventually

PING = encode("PING")
CLIENTS = 400


def reserved(server):
    """Gives the bytes of memory that the process has asked the system for, used or not."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^VmData:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


def take_turn(client, sent):
    """Sends the end of a request and perhaps the beginning of another in one packet."""
    client.send_raw(sent)
    assert client.read() == b"PONG"


@pytest.mark.plain_build
def test_the_beginning_of_a_request_does_not_keep_the_room_of_a_long_one(server):
    client, asking = server.connect(), server.connect()
    asking.command("PING")
    before = server.memory()
    request = encode("EXISTS", b"k" * 64 * MEGABYTE)
    client.send_raw(request[:-10])
    eventually(
        lambda: int(asking.info("stats")["total_net_input_bytes"]) > len(request), "all is read"
    )
    client.send_raw(request[-10:] + PING[:3])
    assert client.read() == 0
    assert server.memory() - before < 16 * MEGABYTE
    take_turn(client, PING[3:])


@pytest.mark.plain_build
@pytest.mark.env(MEDUSA_MAX_CONNECTIONS=str(CLIENTS))
def test_a_byte_behind_a_byte_does_not_take_room_for_a_whole_read(server):
    clients = [server.connect() for _ in range(CLIENTS)]
    for client in clients:
        take_turn(client, PING + PING[:1])
    before = reserved(server)
    for client in clients:
        take_turn(client, PING[1:] + PING[:1])
    assert reserved(server) - before < CLIENTS * 16384
    for client in clients:
        take_turn(client, PING[1:])


def test_requests_come_out_whole_wherever_they_are_cut(client):
    values = [bytes([65 + n % 26]) * 7**n for n in range(8)] * 2
    stream = b"".join(encode("SET", "k", value) + encode("GET", "k") for value in values)
    client.send_bytewise(stream, 40_001)
    for value in values:
        assert client.read_many(2) == [b"OK", value]
