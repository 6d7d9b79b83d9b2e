"""Eviction: with allkeys-lru, a full server makes room instead of refusing a write."""

import collections
import pathlib
import random
import re
import subprocess
import sys
import time

import pytest

from medusa import LIMIT, Error, clean_environment, encode, eventually, run_once

pytestmark = pytest.mark.since("26-eviction")

HIT_RATE = pathlib.Path(__file__).resolve().parent.parent / "tools" / "hit-rate"
OVER_LIMIT = b"OOM command not allowed when used memory > 'maxmemory'."
KILOBYTE = 1024
HEADER = {False: 3, True: 9}  # bytes of an entry beside key and value; True if one is over 255

FINAL = pytest.mark.since("final")
EVICTING = pytest.mark.args("--max-memory=100kb", "--eviction=allkeys-lru")


def info(client, name):
    """Returns a number from INFO."""
    return int(client.info()[name])


def check_limit(client):
    """Checks that the data is within the limit."""
    facts = client.info()
    assert int(facts["used_memory"]) <= int(facts["maxmemory"])


def set_many(client, group, count, value="v" * 50, batch=500):
    """Sets keys `group:0` and on; every reply has to be OK."""
    for start in range(0, count, batch):
        numbers = range(start, min(start + batch, count))
        replies = client.pipeline(*(["SET", f"{group}:{n}", value] for n in numbers))
        assert replies == [b"OK"] * len(numbers)


def entry_size(key, value):
    return HEADER[max(len(key), len(value)) > 255] + len(key) + len(value)


# The setting


def run_refused(binary, wrapper, *args, env=None):
    """Starts a server that is expected not to start; returns its line on stderr."""
    result = run_once(binary, *args, env={"MEDUSA_PORT": "0", **(env or {})}, wrapper=wrapper)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_word_that_is_no_policy_stops_the_start(binary, wrapper):
    by_flag = run_refused(binary, wrapper, "--eviction=volatile-ttl")
    by_variable = run_refused(binary, wrapper, env={"MEDUSA_EVICTION": "volatile-ttl"})
    for line, name in ((by_flag, "--eviction"), (by_variable, "MEDUSA_EVICTION")):
        for word in (name, "'volatile-ttl'", "noeviction", "allkeys-lru"):
            assert word in line


def test_a_policy_without_a_word_stops_the_start(binary, wrapper):
    assert "allkeys-lru" in run_refused(binary, wrapper, "--eviction")


def test_the_policy_is_shown_by_info(start_server):
    for args, env, policy in (
        ((), {}, "noeviction"),
        (("--eviction=allkeys-lru",), {}, "allkeys-lru"),
        ((), {"MEDUSA_EVICTION": "ALLKEYS-LRU"}, "allkeys-lru"),
        (("--eviction", "noeviction"), {"MEDUSA_EVICTION": "allkeys-lru"}, "noeviction"),
    ):
        client = start_server(*args, env=env).connect()
        assert client.info()["maxmemory_policy"] == policy
        assert client.info()["evicted_keys"] == "0"


@pytest.mark.args("--max-memory=100kb")
def test_without_the_policy_a_write_over_the_limit_is_refused(server, client):
    replies = client.pipeline(*(["SET", f"key:{n}", "v" * 1000] for n in range(200)))
    stored = replies.count(b"OK")
    assert replies == [b"OK"] * stored + [OVER_LIMIT] * (200 - stored)
    assert 50 < stored < 100
    assert client.command("COUNT") == stored
    assert info(client, "evicted_keys") == 0


@pytest.mark.args("--eviction=allkeys-lru")
def test_without_a_limit_nothing_is_evicted(server, client):
    set_many(client, "key", 20000)
    assert client.command("COUNT") == 20000
    assert info(client, "evicted_keys") == 0


# The limit


@EVICTING
def test_every_write_is_taken_and_what_went_is_counted(server, client):
    set_many(client, "key", 20000)
    count, evicted = client.command("COUNT"), info(client, "evicted_keys")
    assert count + evicted == 20000
    assert 800 < count < 1600
    assert info(client, "expired_keys") == 0
    check_limit(client)


@EVICTING
def test_used_memory_is_within_the_limit_after_every_reply(server, client):
    chance = random.Random(26)
    for _ in range(20):
        requests = []
        for _ in range(50):
            key, size = f"key:{chance.randrange(5000)}", chance.choice([0, 5, 80, 300, 5000])
            request = chance.choice([["SET", key, "v" * size]] * 3 + [["EXPIRE", key, 1000]])
            requests += [request, ["INFO", "memory"]]
        for reply in client.pipeline(*requests)[1::2]:
            facts = dict(line.split(b":", 1) for line in reply.splitlines() if b":" in line)
            assert int(facts[b"used_memory"]) <= 100 * KILOBYTE
            assert int(facts[b"used_memory_peak"]) <= 100 * KILOBYTE
    assert info(client, "evicted_keys") > 0


@EVICTING
def test_used_memory_is_exact_while_keys_are_evicted(server, client):
    empty = info(client, "used_memory")
    for n in range(2000):  # so large that the table never has to grow
        client.send("SET", f"key:{n}", "v" * (500 + n * 7919 % 1500))
    assert client.read_many(2000) == [b"OK"] * 2000
    keys = client.command("LIST")
    values = client.pipeline(*(["GET", key] for key in keys))
    used = info(client, "used_memory")
    assert used == empty + sum(map(entry_size, keys, values))
    assert used > 100 * KILOBYTE - 2100  # and no more went than had to
    assert client.command("DELETE", *keys) == len(keys)
    assert info(client, "used_memory") == empty


@EVICTING
def test_what_is_larger_than_the_limit_is_refused_and_nothing_is_lost(server, client):
    set_many(client, "key", 3000)
    count, evicted = client.command("COUNT"), info(client, "evicted_keys")
    reply = client.command("SET", "big", "v" * 100 * KILOBYTE)
    assert isinstance(reply, Error) and reply == OVER_LIMIT
    assert (client.command("COUNT"), info(client, "evicted_keys")) == (count, evicted)


@EVICTING
def test_what_just_fits_replaces_all_the_rest(server, client):
    empty = info(client, "used_memory")
    set_many(client, "key", 3000)
    value = "v" * (100 * KILOBYTE - empty - len("big") - HEADER[True])
    assert client.command("SET", "big", value + "v") == OVER_LIMIT
    assert client.command("SET", "big", value) == b"OK"
    assert client.pipeline(["COUNT"], ["GET", "big"]) == [1, value.encode()]
    assert info(client, "used_memory") == 100 * KILOBYTE
    assert client.pipeline(["SET", "k", "v"], ["GET", "k"], ["GET", "big"]) == [b"OK", b"v", None]


@EVICTING
def test_a_key_can_grow_step_by_step(server, client):
    set_many(client, "key", 3000)
    for size in range(0, 90000, 1500):
        assert client.command("SET", "growing", "g" * size) == b"OK"
        assert client.command("GET", "growing") == b"g" * size
        check_limit(client)


@EVICTING
def test_reading_and_deleting_evict_nothing(server, client):
    set_many(client, "key", 3000)
    evicted, keys = info(client, "evicted_keys"), client.command("LIST")
    client.pipeline(*(["GET", key] for key in keys), *(["TTL", key] for key in keys))
    assert client.command("DELETE", *keys[:100]) == 100
    assert client.command("EXISTS", *keys) == len(keys) - 100
    assert info(client, "evicted_keys") == evicted


@EVICTING
def test_after_clear_there_is_room_for_as_much_again(server, client):
    set_many(client, "key", 3000)
    evicted = info(client, "evicted_keys")
    assert client.command("CLEAR") == b"OK"
    set_many(client, "new", 500)
    assert client.command("COUNT") == 500
    assert info(client, "evicted_keys") == evicted
    set_many(client, "more", 3000)
    check_limit(client)


# What goes, and what stays


@EVICTING
def test_keys_that_are_read_survive_a_scan_of_others(server, client):
    set_many(client, "hot", 100)
    set_many(client, "asked", 100)
    for n in range(100):
        client.pipeline(*(["GET", f"hot:{k}"] for k in range(100)))
        client.pipeline(*(["EXISTS", f"asked:{k}"] for k in range(100)))
        client.pipeline(*(["TTL", f"asked:{k}"] for k in range(100)))
        set_many(client, f"cold:{n}", 100)
    assert client.command("EXISTS", *(f"hot:{k}" for k in range(100))) == 100
    # To ask whether a key is there, or until when, is no use.
    assert client.command("EXISTS", *(f"asked:{k}" for k in range(100))) == 0


@EVICTING
def test_keys_that_are_written_again_survive_a_scan_of_others(server, client):
    hot = [f"hot:{k}" for k in range(100)]
    for n in range(100):
        set_many(client, "hot", 100, value=f"value {n}")
        set_many(client, f"cold:{n}", 100)
        assert client.command("EXISTS", *hot) == 100
    assert client.pipeline(*(["GET", key] for key in hot)) == [b"value 99"] * 100


@EVICTING
def test_favorites_of_yesterday_make_room_for_those_of_today(server, client):
    for day in range(3):
        for turn in range(40):
            names = [f"day:{day}:{k}" for k in range(500)]
            replies = client.pipeline(*(["GET", name] for name in names))
            missing = [name for name, reply in zip(names, replies) if reply is None]
            client.pipeline(*(["SET", name, "v" * 50] for name in missing))
            set_many(client, f"cold:{day}:{turn}", 50)
        assert replies.count(None) < 25


@EVICTING
def test_keys_that_expired_are_not_counted_as_evicted(server, client):
    for n in range(400):
        client.send("SET", f"short:{n}", "v" * 100, "1")
    assert client.read_many(400) == [b"OK"] * 400
    eventually(lambda: client.command("COUNT") == 0, "the end of all keys")
    set_many(client, "key", 400, value="v" * 100)
    facts = client.info()
    assert (facts["expired_keys"], facts["evicted_keys"]) == ("400", "0")


def zipf_trace(chance, keys, count):
    """Gives numbers below `keys`; the k-th is asked for 1/k as often as the first."""
    return chance.choices(range(keys), weights=[1 / k for k in range(1, keys + 1)], k=count)


def hits_of_random_eviction(trace, size, chance):
    """Simulates a cache that evicts any of its keys; says how many requests it can answer."""
    keys, places, hits = [], {}, 0
    for key in trace:
        if key in places:
            hits += 1
        elif len(keys) < size:
            places[key] = len(keys)
            keys.append(key)
        else:
            place = chance.randrange(size)
            del places[keys[place]]
            places[key], keys[place] = place, key
    return hits


def hits_of_exact_lru(trace, size):
    """The same for one that evicts the key whose last use is the oldest."""
    cache, hits = collections.OrderedDict(), 0
    for key in trace:
        if key in cache:
            hits += 1
            cache.move_to_end(key)
            continue
        cache[key] = True
        if len(cache) > size:
            cache.popitem(last=False)
    return hits


def replay(client, trace, batch=20):
    """Uses the server as a cache; gives the number of hits and the most keys that it held."""
    hits = most = 0
    for at in range(0, len(trace), batch):
        keys = trace[at : at + batch]
        replies = client.pipeline(*(["GET", key] for key in keys), ["COUNT"])
        most = max(most, replies.pop())
        missing = {key for key, reply in zip(keys, replies) if reply is None}
        hits += len(replies) - replies.count(None)
        if missing:
            client.pipeline(*(["SET", key, "v" * 60] for key in sorted(missing)))
    return hits, most


@EVICTING
def test_more_requests_hit_than_with_random_eviction_and_no_fewer_than_with_lru(
    server, client, seed
):
    trace = zipf_trace(random.Random(seed), 10000, 30000)
    hits, size = replay(client, trace)
    assert hits > hits_of_random_eviction(trace, size, random.Random(seed)) + 900  # 3 points
    assert hits > hits_of_exact_lru(trace, size) - 300  # 1 point


def run_hit_rate(*args):
    """Runs the tool that compares hit rates; returns what it prints."""
    return subprocess.run(
        [sys.executable, HIT_RATE, *map(str, args)],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=6 * LIMIT,
        check=True,
    ).stdout


def test_the_tool_for_hit_rates_explains_itself():
    text = run_hit_rate("--help")
    for word in ("--server", "--redis", "--only", "zipf", "exact LRU"):
        assert word in text


def test_the_tool_for_hit_rates_prints_a_row_for_each_trace(binary):
    small = ("--keys=2000", "--requests=8000", "--limit=60000", "--redis=")
    rows = run_hit_rate("--server", binary, *small).splitlines()[2:]
    names = [row[:12].strip() for row in rows]
    assert names == ["trace", "zipf 0.8", "zipf 0.99", "zipf 1.1", "scan", "moving"]
    for row in rows[1:]:
        medusa, exact = (float(cell[:-1]) for cell in row.split() if cell.endswith("%"))
        assert 10 < exact - 5 < medusa < 100


# Everything at once


@EVICTING
def test_a_key_is_gone_or_has_the_value_that_was_set_last(server, client, seed):
    chance = random.Random(seed)
    values = {}
    end = time.monotonic() + 6 * LIMIT
    for turn in range(300):
        requests, checks = [], []
        for _ in range(50):
            key = b"key:%d" % chance.randrange(1500)
            kind = chance.random()
            if kind < 0.5:
                value = b"%d " % turn + b"v" * chance.choice([0, 10, 100, 2000])
                requests.append(["SET", key, value, *([1000] if kind < 0.1 else [])])
                values[key] = value
                checks.append((b"OK",))
            elif kind < 0.9:
                requests.append(["GET", key])
                checks.append((None, values.get(key)))
            elif kind < 0.95:
                requests.append(["EXPIRE", key, 2000])
                checks.append((0, 1) if key in values else (0,))
            else:
                requests.append(["DELETE", key])
                checks.append((0, 1) if values.pop(key, None) is not None else (0,))
        replies = client.pipeline(*requests)
        for request, reply, allowed in zip(requests, replies, checks):
            assert reply in allowed, f"{request!r}: {reply!r}"
        check_limit(client)
        assert time.monotonic() < end
    assert info(client, "evicted_keys") > 0


@EVICTING
def test_many_clients_fill_the_server_at_once(server):
    clients = [server.connect() for _ in range(10)]
    for number, one in enumerate(clients):
        one.send_raw(b"".join(encode("SET", f"{number}:{n}", "v" * 100) for n in range(2000)))
    for one in clients:
        assert one.read_many(2000) == [b"OK"] * 2000
    facts = clients[0].info()
    assert clients[0].command("COUNT") + int(facts["evicted_keys"]) == 20000
    check_limit(clients[0])


# Commands and settings of the complete server


@FINAL
@pytest.mark.args("--max-memory=8mb", "--eviction=allkeys-lru")
def test_a_limit_that_is_lowered_while_the_server_runs_is_reached_in_steps(server, client):
    set_many(client, "key", 60000, batch=5000)
    assert info(client, "evicted_keys") == 0
    assert client.command("CONFIG", "SET", "maxmemory", "100kb") == b"OK"
    assert client.command("SET", "next", "v" * 1000) == b"OK"
    eventually(lambda: info(client, "used_memory") <= 100 * KILOBYTE, "the new limit")
    assert info(client, "used_memory") > 90 * KILOBYTE
    assert client.command("COUNT") + info(client, "evicted_keys") == 60001


@FINAL
@pytest.mark.args("--max-memory=100kb")
def test_the_policy_can_be_changed_while_the_server_runs(server, client):
    set_many(client, "key", 1000, value="v")
    assert client.command("SET", "big", "v" * 90000) == OVER_LIMIT
    assert client.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == b"OK"
    assert client.command("CONFIG", "GET", "maxmemory-policy")[1] == b"allkeys-lru"
    assert client.command("SET", "big", "v" * 90000) == b"OK"
    assert client.command("CONFIG", "SET", "maxmemory-policy", "noeviction") == b"OK"
    assert client.command("SET", "big", "v" * 99000) == OVER_LIMIT
    assert client.command("GET", "big") == b"v" * 90000
    reply = client.command("CONFIG", "SET", "maxmemory-policy", "volatile-ttl")
    assert isinstance(reply, Error) and b"allkeys-lru" in reply


@FINAL
@EVICTING
def test_a_value_that_grows_at_the_limit_loses_nothing(server, client):
    set_many(client, "key", 3000)
    expected = b""
    for n in range(180):
        part = b"part %d of this value;" % n * 20
        expected += part
        assert client.command("APPEND", "long", part) == len(expected)
        check_limit(client)
    assert client.command("GET", "long") == expected
    assert client.command("SETRANGE", "long", 95000, "end") == 95003
    assert client.command("GETRANGE", "long", 0, len(expected) - 1) == expected
    assert client.command("APPEND", "long", "v" * 9000) == OVER_LIMIT
    assert client.command("STRLEN", "long") == 95003


@FINAL
@EVICTING
def test_a_counter_at_the_limit_counts_right(server, client):
    for n in range(1, 500):
        set_many(client, f"key:{n}", 20)
        assert client.command("INCR", "counter") == n


@FINAL
@EVICTING
def test_a_large_value_can_be_renamed(server, client):
    set_many(client, "key", 3000)
    assert client.command("SET", "from", "v" * 60000, "EX", 1000) == b"OK"
    assert client.command("RENAME", "from", "to") == b"OK"
    assert client.pipeline(["GET", "to"], ["EXISTS", "from"]) == [b"v" * 60000, 0]
    check_limit(client)


@FINAL
@EVICTING
def test_a_new_name_evicts_no_other_key(server, client):
    set_many(client, "key", 40, value="v" * 1000)
    client.command("SET", "from", "v" * 50000)
    before = info(client, "used_memory")
    assert client.command("RENAME", "from", "to") == b"OK"
    assert client.command("RENAMENX", "to", "back") == 1
    assert (info(client, "evicted_keys"), client.command("COUNT")) == (0, 41)
    assert info(client, "used_memory") == before


@FINAL
@EVICTING
def test_a_longer_name_does_not_evict_its_own_key(server, client):
    names = [f"key:{n}" for n in range(20)]
    for _ in range(10):
        client.command("CLEAR")
        client.command("CONFIG", "SET", "maxmemory", "2mb")
        client.pipeline(*[["SET", name, "v" * 9000] for name in names])
        client.pipeline(*[["GET", name] for name in names])  # all are worth as much
        client.command("CONFIG", "SET", "maxmemory", info(client, "used_memory"))
        assert client.command("RENAME", names[0], "longer" * 9) == b"OK"
        assert client.command("EXISTS", "longer" * 9) == 1


@FINAL
@EVICTING
def test_a_longer_name_evicts_what_it_takes(server, client):
    set_many(client, "key", 3000)
    for n in range(10):
        renaming = ["SET", "from", "v"], ["RENAME", "from", f"{n}" * 9000], ["INFO", "memory"]
        stored, renamed, text = client.pipeline(["MULTI"], *renaming, ["EXEC"])[-1]
        assert (stored, renamed) == (b"OK", b"OK")
        assert int(re.search(rb"used_memory:(\d+)", text)[1]) <= 100 * KILOBYTE
    assert info(client, "evicted_keys") > 1000


@FINAL
@pytest.mark.args("--max-memory=100kb")
def test_a_full_store_that_refuses_lets_a_key_have_a_longer_name(server, client):
    replies = client.pipeline(*(["SET", f"key:{n}", "v" * 1000] for n in range(200)))
    stored = replies.count(b"OK")
    assert stored < 200
    assert client.command("RENAME", "key:0", "a name that is much longer" * 100) == b"OK"
    assert client.command("COUNT") == stored


@FINAL
@EVICTING
def test_mset_is_refused_if_not_all_of_it_can_fit(server, client):
    set_many(client, "key", 3000)
    count = client.command("COUNT")
    pairs = [word for n in range(12) for word in (f"big:{n}", "v" * 9000)]
    assert client.command("MSET", *pairs) == OVER_LIMIT
    assert client.command("COUNT") == count
    assert client.command("MSET", *pairs[:6]) == b"OK"
    assert client.command("MGET", *pairs[:6:2]) == [b"v" * 9000] * 3
    check_limit(client)


@FINAL
@EVICTING
def test_touch_is_a_use(server, client):
    set_many(client, "hot", 100)
    for n in range(100):
        assert client.command("TOUCH", *(f"hot:{k}" for k in range(100))) == 100
        set_many(client, f"cold:{n}", 100)
