"""Exercise 26-3: volatile-lru evicts only keys that have a deadline."""

import pytest

from medusa import Error, run_once

pytestmark = pytest.mark.args("--max-memory=200kb", "--eviction=volatile-lru")

OVER_LIMIT = b"OOM command not allowed when used memory > 'maxmemory'."


def write(client, group, count, size=1000, seconds=None):
    """Sets keys `group:0` and on; gives the replies."""
    end = [] if seconds is None else [seconds]
    return client.pipeline(*(["SET", f"{group}:{n}", "v" * size, *end] for n in range(count)))


def left(client, group, count):
    return client.command("EXISTS", *(f"{group}:{n}" for n in range(count)))


def check_limit(client):
    facts = client.info("memory")
    assert int(facts["used_memory"]) <= int(facts["maxmemory"])


def test_keys_without_a_deadline_stay(client):
    assert write(client, "session", 100) == [b"OK"] * 100
    assert write(client, "page", 1000, seconds=1000) == [b"OK"] * 1000
    assert left(client, "session", 100) == 100
    assert 50 < left(client, "page", 1000) < 100
    assert int(client.info("stats")["evicted_keys"]) == 1100 - client.command("COUNT")
    assert client.info("memory")["maxmemory_policy"] == "volatile-lru"
    check_limit(client)


def test_a_session_may_push_out_pages(client):
    assert write(client, "page", 180, seconds=1000) == [b"OK"] * 180
    assert write(client, "session", 150) == [b"OK"] * 150
    assert left(client, "session", 150) == 150
    check_limit(client)


def test_without_any_page_a_write_is_refused(client):
    replies = write(client, "session", 300)
    stored = replies.count(b"OK")
    assert replies == [b"OK"] * stored + [OVER_LIMIT] * (300 - stored)
    assert left(client, "session", stored) == stored > 150
    assert write(client, "page", 1, seconds=1000) == [OVER_LIMIT]


def test_what_does_not_fit_beside_the_sessions_removes_no_page(client):
    assert write(client, "session", 150) == [b"OK"] * 150
    assert write(client, "page", 20, seconds=1000) == [b"OK"] * 20
    reply = client.command("SET", "big", "v" * 60000)
    assert isinstance(reply, Error) and reply == OVER_LIMIT
    assert left(client, "page", 20) == 20
    assert client.command("SET", "big", "v" * 40000) == b"OK"
    assert left(client, "session", 150) == 150
    check_limit(client)


def test_a_session_that_gets_a_deadline_may_go(client):
    assert write(client, "session", 150) == [b"OK"] * 150
    assert client.pipeline(*(["EXPIRE", f"session:{n}", 1000] for n in range(50))) == [1] * 50
    assert write(client, "page", 500, seconds=1000) == [b"OK"] * 500
    assert left(client, "session", 50) < 10
    assert left(client, "session", 150) >= 100


def test_a_page_that_is_written_without_a_deadline_stays(client):
    assert write(client, "page", 100, seconds=1000) == [b"OK"] * 100
    assert write(client, "page", 100) == [b"OK"] * 100
    assert write(client, "other", 500, seconds=1000) == [b"OK"] * 500
    assert left(client, "page", 100) == 100


def test_a_session_can_be_replaced_in_a_full_store(client):
    stored = write(client, "session", 300).count(b"OK")
    assert client.command("SET", "session:0", "w" * 1000) == b"OK"
    assert client.command("SET", "session:0", "w" * 900) == b"OK"
    assert client.command("SET", "session:0", "w" * 3000) == OVER_LIMIT
    assert client.command("GET", "session:0") == b"w" * 900
    assert left(client, "session", stored) == stored


def test_pages_in_use_outlive_the_others(client):
    assert write(client, "session", 50) == [b"OK"] * 50
    assert write(client, "hot", 20, seconds=1000) == [b"OK"] * 20
    for n in range(40):
        client.pipeline(*(["GET", f"hot:{k}"] for k in range(20)))
        assert write(client, f"cold:{n}", 25, seconds=1000) == [b"OK"] * 25
    assert left(client, "hot", 20) == 20


@pytest.mark.args("--max-memory=3mb")
def test_a_few_pages_are_found_among_many_sessions(client):
    assert write(client, "session", 30000, size=20) == [b"OK"] * 30000
    fill = 0
    while client.command("SET", f"fill:{fill}", "v" * 20000) == b"OK":
        fill += 1
    assert client.command("DELETE", "fill:0") == 1
    assert write(client, "page", 2000, size=500, seconds=1000) == [b"OK"] * 2000
    assert left(client, "session", 30000) == 30000
    assert client.command("EXISTS", "page:1999") == 1
    check_limit(client)


def test_a_store_over_its_limit_without_a_page_is_quiet(server, client):
    stored = write(client, "session", 300).count(b"OK")
    for size in range(1100):  # to the last byte
        if client.command("SET", "rest", "v" * size) == OVER_LIMIT:
            break
    assert client.command("EXPIRE", "session:0", 1000) == 1  # eight bytes above it
    before = server.cpu_seconds()
    assert client.receives_nothing(0.5)
    assert server.cpu_seconds() - before < 0.3
    assert left(client, "session", stored) >= stored - 1


def test_an_unknown_policy_names_all_that_there_are(binary, wrapper):
    done = run_once(binary, "--port=0", "--eviction=perhaps", wrapper=wrapper)
    assert done.returncode == 2
    for word in ("noeviction", "allkeys-lru", "volatile-lru"):
        assert word in done.stderr
