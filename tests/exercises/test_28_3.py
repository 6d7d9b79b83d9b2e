"""Exercise 28-3: PRUNE goes through the keys like SCAN, and removes those that match."""

import pytest

from medusa import Error


def store(client, names):
    for at in range(0, len(names), 4000):
        client.pipeline(*[("SET", name, "v") for name in names[at : at + 4000]])


def names_of(prefix, count):
    return [f"{prefix}:{n}".encode() for n in range(count)]


def prune(client, *options, between=lambda: None):
    """Makes a whole run; gives how many keys were removed, and the number of calls."""
    cursor, removed, calls = b"0", 0, 0
    while not calls or cursor != b"0":
        cursor, count = client.command("PRUNE", cursor, *options)
        removed, calls = removed + count, calls + 1
        assert calls < 20_000, "the run comes to no end"
        between()
    return removed, calls


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 10**9])
def test_a_run_removes_all_that_match_and_nothing_else(client, count):
    jobs, users = names_of("job", 3000), names_of("user", 3000)
    store(client, jobs + users)
    removed, _ = prune(client, "MATCH", "job:*", "COUNT", count)
    assert removed == 3000
    assert sorted(client.command("LIST")) == sorted(users)


def test_a_run_goes_on_while_other_keys_come_and_go(client):
    jobs, others = names_of("job", 4000), names_of("other", 8000)
    store(client, jobs)
    todo = list(others)

    def change():
        store(client, todo[-300:])
        if len(todo) % 900 == 0:
            client.command("DELETE", *others[4000:])
        del todo[-300:]

    removed, _ = prune(client, "MATCH", "job:*", "COUNT", "50", between=change)
    assert removed == 4000
    assert client.command("KEYS", "job:*") == []


def test_a_call_does_about_as_much_as_it_is_asked_for(client):
    store(client, names_of("key", 5000))
    assert 100 < prune(client)[1] < 2000
    store(client, names_of("key", 5000))
    assert 5 < prune(client, "COUNT", "500")[1] < 50


def test_without_a_pattern_everything_goes(client):
    store(client, names_of("key", 2000))
    assert prune(client)[0] == 2000
    assert client.command("COUNT") == 0
    client.check(b"PRUNE 0\r\n", b"*2\r\n$1\r\n0\r\n:0\r\n")


def test_keys_may_be_any_bytes(client):
    names = [b"", b"\0", b"\r\n", bytes(range(256)), b"x" * 100_000]
    store(client, names)
    assert prune(client, "MATCH", "*")[0] == len(names)


def test_what_has_no_sense_removes_nothing(client):
    store(client, [b"key"])
    for words in (["x"], ["0", "COUNT", "0"], ["0", "MATCH"], ["0", "COUNT", "x"], []):
        assert isinstance(client.command("PRUNE", *words), Error)
    assert client.command("COUNT") == 1
