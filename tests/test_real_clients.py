"""redis-py and hiredis, unmodified, against a real server; and the page that lists all clients."""

import asyncio
import re
import sys
import threading
import time

import pytest

from clients.kit import CLIENTS, PASSWORD, check_with_and_without_password, exercises, run
from medusa import LIMIT, eventually, output_of

pytestmark = pytest.mark.since("final")

ROOT = CLIENTS.parent.parent


@pytest.fixture
def redis_py(server):
    """Makes clients of redis-py for the server: redis_py(**settings); all closed afterwards."""
    import redis

    made = []

    def make(**settings):
        settings = {"socket_timeout": LIMIT, **settings}
        made.append(redis.Redis(host=server.host, port=server.port, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
        each.connection_pool.disconnect()


# redis-py


@exercises("redis-py", "strings: SET with every option, GETEX, GETDEL, MSET, APPEND, ranges")
def test_redis_py_stores_strings(redis_py):
    r = redis_py()
    assert r.set("k", b"\0\xff") is True
    assert r.get("k") == b"\0\xff"
    assert r.set("k", "new", nx=True) is None
    assert r.set("k", "new", xx=True, get=True) == b"\0\xff"
    assert r.set("k", "v", ex=100) and 0 < r.ttl("k") <= 100
    assert r.set("k", "w", keepttl=True) and r.ttl("k") > 0
    assert r.set("k", "v", px=90_000) and 0 < r.pttl("k") <= 90_000
    assert r.set("k", "v", exat=2**33) and r.expiretime("k") == 2**33
    assert r.set("k", "v", pxat=2**43) and r.execute_command("PEXPIRETIME", "k") == 2**43
    assert r.getex("k", persist=True) == b"v" and r.ttl("k") == -1
    assert r.getex("k", ex=50) == b"v" and 0 < r.ttl("k") <= 50
    assert r.getset("k", "x") == b"v" and r.ttl("k") == -1
    assert r.getdel("k") == b"x" and r.get("k") is None
    assert r.setnx("k", "1") is True and r.setnx("k", "2") is False
    assert r.setex("t", 10, "1") is True and r.psetex("t", 10_000, "2") is True
    assert r.mset({"a": 1, "b": 2}) is True and r.mget("a", "nothing", "b") == [b"1", None, b"2"]
    assert r.msetnx({"b": 3, "c": 3}) is False and r.msetnx({"c": 3, "d": 4}) is True
    assert r.append("s", "Hello") == 5 and r.append("s", " World") == 11
    assert r.getrange("s", -5, -1) == b"World" and r.setrange("s", 6, "Redis") == 11
    assert r.get("s") == b"Hello Redis" and r.strlen("s") == 11


@exercises("redis-py", "counters")
def test_redis_py_counts(redis_py):
    r = redis_py()
    assert [r.incr("n"), r.incr("n", 10), r.decr("n"), r.decrby("n", 5)] == [1, 11, 10, 5]
    assert r.incrbyfloat("f", 0.5) == 0.5 and r.incrbyfloat("f", -1.25) == -0.75
    assert r.get("f") == b"-0.75"


@exercises("redis-py", "expiry: every command and NX, XX, GT, LT")
def test_redis_py_sets_deadlines(redis_py):
    r = redis_py()
    r.set("k", "v")
    assert r.ttl("k") == -1 and r.ttl("nothing") == -2
    assert r.expire("k", 100, xx=True) is False and r.expire("k", 100, nx=True) is True
    assert r.expire("k", 50, gt=True) is False and r.expire("k", 50, lt=True) is True
    assert r.pexpire("k", 70_000) is True and 50_000 < r.pttl("k") <= 70_000
    assert r.expireat("k", 2**33) is True and r.expiretime("k") == 2**33
    assert r.pexpireat("k", 2**43 + 1) is True
    assert r.execute_command("PEXPIRETIME", "k") == 2**43 + 1
    assert r.persist("k") is True and r.ttl("k") == -1
    assert r.pexpire("k", 20) is True
    eventually(lambda: r.exists("k") == 0, "the key has expired")


@exercises("redis-py", "keys: TYPE, RENAME, TOUCH, UNLINK, RANDOMKEY, DBSIZE, FLUSHDB, SCAN")
def test_redis_py_handles_keys(redis_py):
    r = redis_py(decode_responses=True)
    names = {f"user:{number}" for number in range(1000)}
    r.mset(dict.fromkeys(names, "v"))
    assert r.dbsize() == 1000 and r.randomkey() in names
    assert set(r.scan_iter()) == names and set(r.scan_iter(count=77)) == names
    assert sorted(r.scan_iter("user:99*")) == sorted(n for n in names if n.startswith("user:99"))
    assert set(r.scan_iter(_type="string")) == names and not list(r.scan_iter(_type="list"))
    assert sorted(r.keys("user:1?")) == [f"user:1{digit}" for digit in range(10)]
    assert r.rename("user:0", "first") is True and r.get("first") == "v"
    assert r.renamenx("first", "user:1") is False
    assert r.type("first") == "string" and r.type("nothing") == "none"
    assert r.exists("first", "first", "nothing") == 2 and r.touch("first", "nothing") == 1
    assert r.unlink("first", "nothing") == 1 and r.delete("user:1", "nothing") == 1
    assert r.flushdb() is True and r.dbsize() == 0 and r.randomkey() is None


@exercises("redis-py", "pipelines, as a transaction (MULTI, EXEC) and plain; an error in one")
def test_redis_py_sends_pipelines(redis_py):
    import redis

    r = redis_py()
    for transaction in (True, False):
        with r.pipeline(transaction=transaction) as pipe:
            for number in range(1000):
                pipe.set(f"k:{number}", number).get(f"k:{number}")
            replies = pipe.execute()
        assert replies[::2] == [True] * 1000
        assert replies[1::2] == [b"%d" % number for number in range(1000)]
        r.set("word", "no number")
        with r.pipeline(transaction=transaction) as pipe:
            pipe.incr("word").set("after", "done")
            replies = pipe.execute(raise_on_error=False)
        assert isinstance(replies[0], redis.ResponseError) and replies[1] is True
        with r.pipeline(transaction=transaction) as pipe:
            with pytest.raises(redis.ResponseError, match="not an integer"):
                pipe.incr("word").execute()
    with r.pipeline() as pipe:
        pipe.set("never", "set").execute_command("GET")
        with pytest.raises(redis.ResponseError, match="wrong number of arguments"):
            pipe.execute()
    assert r.exists("never") == 0


@exercises("redis-py", "its classes of errors")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_redis_py_knows_the_errors(redis_py):
    import redis

    with pytest.raises(redis.AuthenticationError, match="Authentication required"):
        redis_py().get("k")
    with pytest.raises(redis.ResponseError, match="invalid username-password pair"):
        redis_py(password="wrong").get("k")
    r = redis_py(password=PASSWORD)
    assert r.set("k", "v") is True
    assert redis_py(username="default", password=PASSWORD).get("k") == b"v"
    with pytest.raises(redis.ResponseError, match="not an integer"):
        r.incr("k")
    with pytest.raises(redis.ResponseError, match="unknown command"):
        r.lpush("list", "element")
    with pytest.raises(redis.ResponseError, match="invalid expire time"):
        r.set("k", "v", ex=0)
    assert r.get("k") == b"v"


@exercises("redis-py", "CLIENT SETNAME, GETNAME, ID, LIST, INFO and KILL")
def test_redis_py_manages_connections(redis_py):
    import redis

    r = redis_py(client_name="first", single_connection_client=True)
    other = redis_py(client_name="second", single_connection_client=True)
    assert r.client_getname() == "first" and other.client_getname() == "second"
    assert r.client_setname("renamed") is True and r.client_getname() == "renamed"
    assert int(r.client_info()["id"]) == r.client_id()
    names = {each["name"]: int(each["id"]) for each in r.client_list()}
    assert names["second"] == other.client_id()
    assert r.client_kill_filter(_id=names["second"]) == 1
    with pytest.raises(redis.ConnectionError):
        other.ping()
    assert other.ping() is True and other.client_getname() == "second"


@exercises("redis-py", "INFO, CONFIG, TIME, MEMORY USAGE, COMMAND and ECHO")
def test_redis_py_asks_about_the_server(redis_py):
    r = redis_py()
    r.set("k", "v" * 1000, ex=100)
    info = r.info()
    assert info["redis_version"].startswith("7.") and info["role"] == "master"
    assert info["db0"]["keys"] == 1 and info["db0"]["expires"] == 1
    assert r.info("memory")["used_memory"] > 1000
    assert r.config_get("maxmemory") == {"maxmemory": "0"}
    assert r.config_set("maxmemory", "100mb") is True
    assert r.config_get("max*")["maxmemory"] == str(100 * 1024 * 1024)
    assert r.config_resetstat() is True and r.info("stats")["keyspace_hits"] == 0
    assert abs(r.time()[0] - time.time()) < 5
    assert 1000 < r.memory_usage("k") < 2000 and r.memory_usage("nothing") is None
    assert {"get", "set", "incr"} <= set(r.command()) and r.command_count() > 50
    assert r.echo("hello") == b"hello" and r.ping() is True


@exercises("redis-py", "one pool shared by threads, with health checks")
def test_redis_py_shares_a_pool_between_threads(redis_py):
    r = redis_py(health_check_interval=1, max_connections=20)
    problems = []

    def work():
        try:
            for _ in range(200):
                r.incr("n")
        except Exception as problem:  # any: it would go unseen in a thread
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not problems and r.get("n") == b"2000"


@exercises("redis-py", "a pooled connection that the server has closed for being idle")
@pytest.mark.env(MEDUSA_TIMEOUT="1")
def test_redis_py_replaces_a_connection_that_was_idle_for_too_long(redis_py, client):
    r = redis_py()
    number = r.client_id()
    eventually(
        lambda: b"id=%d " % number not in client.command("CLIENT", "LIST"), "the client is closed"
    )
    client.command("PING")  # answered in the next turn: now its socket is closed, too
    assert r.client_id() != number


@exercises("redis-py", "asyncio")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_redis_py_works_with_asyncio(server):
    import redis.asyncio

    async def use():
        url = f"redis://:{PASSWORD.replace(' ', '%20')}@{server.host}:{server.port}/0"
        r = redis.asyncio.from_url(url, decode_responses=True)
        await asyncio.gather(*(r.incr("n") for _ in range(50)))
        async with r.pipeline() as pipe:
            replies = await pipe.set("k", "v", ex=10).get("k").ttl("k").execute()
        names = [name async for name in r.scan_iter()]
        value = await r.get("n")
        await r.close()
        await r.connection_pool.disconnect()
        return replies, sorted(names), value

    assert asyncio.run(use()) == ([True, "v", 10], ["k", "n"], "50")


# hiredis


@pytest.fixture
def hiredis_program(tmp_path):
    """Builds a program of tests/clients with hiredis: hiredis_program(name) gives its path."""

    def build(name):
        program = tmp_path / name
        flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-O2"]
        run("cc", *flags, "-o", program, CLIENTS / f"{name}.c", "-lhiredis")
        return program

    return build


@exercises("hiredis", "blocking: binary values, errors, 10,000 requests in a row, MULTI, AUTH")
def test_hiredis_works_blocking(hiredis_program, start_server):
    check_with_and_without_password(start_server, hiredis_program("hiredis_sync"))


@exercises("hiredis", "asynchronous: 20 connections in a loop around poll(), AUTH")
def test_hiredis_works_asynchronously(hiredis_program, start_server):
    check_with_and_without_password(start_server, hiredis_program("hiredis_async"))


# The page about clients, and the tool that writes its table


def client_table(*words):
    """Runs tools/client-table; gives its status and what it printed."""
    return output_of(sys.executable, ROOT / "tools" / "client-table", *words)


def test_the_page_about_clients_lists_what_is_tested():
    assert client_table("--check") == (0, "")


def test_a_wrong_row_of_the_page_about_clients_is_found(tmp_path):
    page = tmp_path / "clients.md"
    text = (ROOT / "docs" / "clients.md").read_text()
    row = re.search(r"^\| redis-py \| [\d.]+ \| .*\n", text, re.MULTILINE)[0]
    newer = row.replace(row.split("|")[2], " 99.0 ")
    other = row.replace("counters", "lists")
    for changed, status in ((newer, 0), (other, 1), ("", 1)):
        page.write_text(text.replace(row, changed))
        assert client_table("--check", "--page", page)[0] == status


def test_the_table_of_clients_is_written_from_a_complete_record_only(tmp_path):
    page, record = tmp_path / "clients.md", tmp_path / "record"
    page.write_text("<!-- clients -->\n<!-- /clients -->\n")
    words = ["--write", "--page", page, "--from", record]
    record.write_text('{"program": "redis-py", "version": "9.9", "what": "counters"}\n')
    status, out = client_table(*words)
    assert status == 1 and "asyncio" in out and "redis-py: counters" not in out
