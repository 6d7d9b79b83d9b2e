"""Exercise 29-3: an unknown command is answered with the nearest one."""

import pytest

UNKNOWN = "ERR unknown command '{}', with args beginning with: {}"


def answer(client, *words):
    return client.command(*words).decode()


@pytest.mark.parametrize(
    "word, meant",
    [
        ("DELTE", "delete"), ("EXISTED", "exists"), ("GTE", "get"), ("gett", "get"),
        ("SXAN", "scan"), ("Epxire", "expire"), ("COMAND", "command"), ("PIGN", "ping"),
        ("RANDOMKEYS", "randomkey"), ("flushal", "flushall"), ("ET", "get"), ("exot", "exit"),
        ("discardxx", "discard"), ("SST", "set"),
    ],
)  # fmt: skip
def test_the_nearest_command_is_named(client, word, meant):
    assert answer(client, word, "k") == UNKNOWN.format(word, f"'k' Did you mean '{meant}'?")


def test_without_arguments_it_is_named_as_well(client):
    assert answer(client, "DELTE") == UNKNOWN.format("DELTE", "Did you mean 'delete'?")


@pytest.mark.parametrize("word", ["nosuch", "GXX", "TXXL", "x", "", "discardxxx", "HGETALL"])
def test_what_is_near_to_nothing_gets_the_error_as_before(client, word):
    assert answer(client, word, "k") == UNKNOWN.format(word, "'k' ")


def test_of_two_that_are_as_near_the_first_in_the_table_wins(client):
    names = [name.decode() for name in client.command("COMMAND", "LIST")]
    assert names.index("get") < names.index("set")
    assert answer(client, "VET", "k").endswith(" Did you mean 'get'?")


def test_subcommands_are_guessed_among_their_own(client):
    start = "ERR unknown subcommand '{}'. Try COMMAND HELP."
    assert answer(client, "COMMAND", "DCOS") == start.format("DCOS") + " Did you mean 'docs'?"
    assert answer(client, "COMMAND", "lits", "x") == start.format("lits") + " Did you mean 'list'?"
    assert answer(client, "COMMAND", "DELTE") == start.format("DELTE")


def test_no_part_of_a_command_is_guessed_as_a_whole_one(client):
    assert "command|" not in answer(client, "COMMAND|COUN", "x")


def test_long_words_and_strange_bytes_do_no_harm(client):
    for word in (b"DELETE" * 100, b"x" * 1_000_000, bytes(range(1, 256)), b"\0\0\0"):
        for _ in range(20):
            assert client.command(word, "k").startswith(b"ERR unknown command ")
    assert client.command(b"D\0LETE", "k").endswith(b"Did you mean 'delete'?")
    assert client.command("PING") == b"PONG"
