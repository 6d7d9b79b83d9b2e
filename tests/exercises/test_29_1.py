"""Exercise 29-1: COMMAND GETKEYS finds the keys in a request by the table."""

import pytest

from medusa import Error


def keys_of(client, *words):
    return client.command("COMMAND", "GETKEYS", *words)


def test_a_command_with_one_key(client):
    assert keys_of(client, "GET", "a") == [b"a"]
    assert keys_of(client, "set", "a", "b", "10") == [b"a"]
    assert keys_of(client, "Expire", "a", "10") == [b"a"]


def test_a_command_whose_arguments_are_all_keys(client):
    assert keys_of(client, "DELETE", "a", "b", "a") == [b"a", b"b", b"a"]
    assert keys_of(client, "exists", "a") == [b"a"]


def test_keys_may_be_any_bytes(client):
    assert keys_of(client, "DELETE", b"", b"\r\n\0") == [b"", b"\r\n\0"]


@pytest.mark.parametrize(
    "words, error",
    [
        (["nosuch", "a"], b"ERR Invalid command specified"),
        (["command|count"], b"ERR Invalid command specified"),
        (["PING", "a"], b"ERR The command has no key arguments"),
        (["COMMAND", "COUNT"], b"ERR The command has no key arguments"),
        (["KEYS"], b"ERR The command has no key arguments"),
        (["GET"], b"ERR Invalid number of arguments specified for command"),
        (["GET", "a", "b"], b"ERR Invalid number of arguments specified for command"),
        (["SET", "a"], b"ERR Invalid number of arguments specified for command"),
    ],
)
def test_what_has_no_keys_is_refused(client, words, error):
    reply = keys_of(client, *words)
    assert isinstance(reply, Error) and reply == error


def test_nothing_is_run(client):
    client.command("SET", "a", "1")
    keys_of(client, "DELETE", "a")
    assert client.command("GET", "a") == b"1"


def test_it_is_described_like_the_others(client):
    assert b"command|getkeys" in client.command("COMMAND", "LIST")
    assert b"GETKEYS" in client.command("COMMAND", "HELP")
    reply = client.command("COMMAND", "GETKEYS")
    assert reply == b"ERR wrong number of arguments for 'command|getkeys' command"
