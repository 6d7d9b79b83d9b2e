"""Exercise 26-2: after CLIENT NO-TOUCH ON, what a connection reads is no use of the key."""

import pytest

from medusa import Error

pytestmark = pytest.mark.args("--max-memory=100kb", "--eviction=allkeys-lru")

KEYS = [f"key:{k}" for k in range(100)]


def set_many(client, names):
    replies = client.pipeline(*(["SET", name, "v" * 50] for name in names))
    assert replies == [b"OK"] * len(replies)


def survivors(server, reader, request=lambda name: ["GET", name]):
    """Says how many keys are left that `reader` reads all the time while others are written."""
    writer = server.connect()
    set_many(writer, KEYS)
    for n in range(60):
        reader.pipeline(*(request(name) for name in KEYS))
        set_many(writer, [f"other:{n}:{k}" for k in range(100)])
    return writer.command("EXISTS", *KEYS)


def test_what_a_silent_reader_reads_goes_like_any_other(server, client):
    assert client.command("CLIENT", "NO-TOUCH", "ON") == b"OK"
    assert survivors(server, client) < 20


def test_it_gets_the_values_all_the_same(client):
    assert client.pipeline(["SET", "k", "v"], ["CLIENT", "no-touch", "on"]) == [b"OK", b"OK"]
    assert client.pipeline(["GET", "k"], ["GET", "none"]) == [b"v", None]


@pytest.mark.parametrize("words", [["CLIENT", "NO-TOUCH", "off"], ["RESET"]], ids=["off", "reset"])
def test_it_can_be_taken_back(server, client, words):
    assert client.command("CLIENT", "NO-TOUCH", "ON") == b"OK"
    assert client.command(*words) in (b"OK", b"RESET")
    assert survivors(server, client) == 100


def test_other_connections_are_not_concerned(server, client):
    assert client.command("CLIENT", "NO-TOUCH", "ON") == b"OK"
    assert survivors(server, server.connect()) == 100


def test_writing_is_a_use(server, client):
    assert client.command("CLIENT", "NO-TOUCH", "ON") == b"OK"
    assert survivors(server, client, lambda name: ["SET", name, "v" * 50]) == 100


def test_it_holds_within_a_transaction(server, client):
    assert client.command("CLIENT", "NO-TOUCH", "ON") == b"OK"
    writer = server.connect()
    set_many(writer, KEYS)
    for n in range(60):
        client.pipeline(["MULTI"], *(["GET", name] for name in KEYS), ["EXEC"])
        set_many(writer, [f"other:{n}:{k}" for k in range(100)])
    assert writer.command("EXISTS", *KEYS) < 20


@pytest.mark.parametrize(
    "words", [["NO-TOUCH"], ["NO-TOUCH", "perhaps"], ["NO-TOUCH", "ON", "ON"], ["NO-EVICT", "ON"]]
)
def test_anything_else_is_a_syntax_error(client, words):
    reply = client.command("CLIENT", *words)
    assert isinstance(reply, Error) and reply == b"ERR syntax error"
