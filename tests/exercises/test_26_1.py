"""Exercise 26-1: allkeys-random evicts any key, whether it is in use or not."""

import pytest

from medusa import Error, run_once

ANY = pytest.mark.args("--max-memory=100kb", "--eviction=allkeys-random")
LRU = pytest.mark.args("--max-memory=100kb", "--eviction=allkeys-lru")
HOT = [f"hot:{k}" for k in range(100)]


def set_many(client, names):
    replies = client.pipeline(*(["SET", name, "v" * 50] for name in names))
    assert replies == [b"OK"] * len(replies)


def survivors(client):
    """Says how many keys are left of those that were read again and again."""
    set_many(client, HOT)
    for n in range(60):
        client.pipeline(*(["GET", name] for name in HOT))
        set_many(client, [f"cold:{n}:{k}" for k in range(100)])
    return client.command("EXISTS", *HOT)


@ANY
def test_every_write_is_taken_and_the_limit_holds(client):
    for start in range(0, 10000, 500):
        set_many(client, [f"key:{n}" for n in range(start, start + 500)])
    facts = client.info()
    assert int(facts["used_memory"]) <= int(facts["maxmemory"])
    assert client.command("COUNT") + int(facts["evicted_keys"]) == 10000
    assert client.command("COUNT") > 800


@ANY
def test_the_policy_is_shown_by_info(client):
    assert client.info("memory")["maxmemory_policy"] == "allkeys-random"


@ANY
def test_keys_that_are_read_go_like_any_other(client):
    assert survivors(client) < 20


@LRU
def test_with_allkeys_lru_they_stay(client):
    assert survivors(client) == 100


@ANY
def test_it_is_not_the_oldest_that_go(client):
    set_many(client, [f"key:{n}" for n in range(900)])
    assert client.info("stats")["evicted_keys"] == "0"
    set_many(client, [f"new:{n}" for n in range(1000)])
    old = client.command("EXISTS", *(f"key:{n}" for n in range(450)))
    new = client.command("EXISTS", *(f"key:{n}" for n in range(450, 900)))
    assert 50 < old < 430 and 50 < new < 430


@ANY
def test_what_is_larger_than_the_limit_is_refused_and_nothing_is_lost(client):
    set_many(client, [f"key:{n}" for n in range(3000)])
    count = client.command("COUNT")
    reply = client.command("SET", "big", "v" * 102400)
    assert isinstance(reply, Error) and reply.startswith(b"OOM ")
    assert client.command("COUNT") == count


def test_an_unknown_policy_names_all_that_there_are(binary, wrapper):
    done = run_once(binary, "--port=0", "--eviction=perhaps", wrapper=wrapper)
    assert done.returncode == 2
    for word in ("noeviction", "allkeys-lru", "allkeys-random"):
        assert word in done.stderr
