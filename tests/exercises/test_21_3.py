"""Exercise 21-3: at its limit a cache removes what nobody has asked for lately."""

import pytest

from medusa import Error, run_once

LIMIT = 200 * 1024
CACHE = {"MEDUSA_MAX_MEMORY": "200kb", "MEDUSA_EVICTION": "allkeys-lru"}
cache = pytest.mark.env(**CACHE)


def used(client):
    return int(client.info("memory")["used_memory"])


def fill(client, count=300, size=2000):
    """Writes more than fits."""
    assert client.pipeline(*(["SET", f"fill:{n}", "v" * size] for n in range(count))) == (
        [b"OK"] * count
    )


@cache
def test_no_write_that_can_fit_is_refused_and_the_limit_holds(client):
    fill(client)
    assert LIMIT - 10000 < used(client) <= LIMIT
    assert client.command("GET", "fill:299") == b"v" * 2000
    evicted = int(client.info("stats")["evicted_keys"])
    assert evicted == 300 - client.command("COUNT")
    assert client.info("memory")["maxmemory_policy"] == "allkeys-lru"


@cache
def test_keys_that_are_read_again_and_again_stay(client):
    hot = [["GET", f"hot:{n}"] for n in range(10)]
    for n in range(10):
        client.command("SET", f"hot:{n}", n)
    for n in range(300):
        assert client.pipeline(*hot, ["SET", f"fill:{n}", "v" * 2000]) == (
            [b"%d" % i for i in range(10)] + [b"OK"]
        )
    assert client.command("COUNT") < 150


@cache
def test_many_small_keys_make_room_for_each_other(client):
    for start in range(0, 20000, 5000):
        client.pipeline(*(["SET", n, "v"] for n in range(start, start + 5000)))
    assert used(client) <= LIMIT
    assert client.command("COUNT") > 1000
    assert client.command("GET", 19999) == b"v"


@cache
def test_keys_that_are_all_read_make_room_as_well(client):
    fill(client, 90)
    for n in range(200):
        client.pipeline(*(["GET", f"fill:{i}"] for i in range(90)))
        assert client.command("SET", f"new:{n}", "v" * 2000) == b"OK"
    assert used(client) <= LIMIT


@cache
def test_a_value_that_can_never_fit_costs_nobody_a_key(client):
    fill(client)
    keys = client.command("COUNT")
    evicted = client.info("stats")["evicted_keys"]
    reply = client.command("SET", "huge", "v" * LIMIT)
    assert isinstance(reply, Error) and reply.startswith(b"OOM ")
    assert client.command("COUNT") == keys
    assert client.info("stats")["evicted_keys"] == evicted


@cache
def test_a_key_that_grows_at_the_limit_keeps_its_new_value(client):
    fill(client)
    for size in range(1000, 150000, 1000):
        assert client.pipeline(["SET", "grows", "g" * size], ["GET", "grows"]) == (
            [b"OK", b"g" * size]
        )
    assert used(client) <= LIMIT


@pytest.mark.env(MEDUSA_MAX_MEMORY="200kb")
def test_without_the_setting_a_write_is_refused_as_before(client):
    replies = client.pipeline(*(["SET", n, "v" * 2000] for n in range(300)))
    assert replies[0] == b"OK" and isinstance(replies[299], Error)
    assert client.info("memory")["maxmemory_policy"] == "noeviction"
    assert client.info("stats")["evicted_keys"] == "0"


def test_an_unknown_policy_stops_the_start(binary, wrapper):
    done = run_once(binary, "--port=0", "--eviction=perhaps", wrapper=wrapper)
    assert done.returncode == 2
    assert "noeviction" in done.stderr and "allkeys-lru" in done.stderr
