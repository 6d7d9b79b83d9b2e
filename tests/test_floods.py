"""Floods, stalls, crafted keys, restarts and the log: what docs/reliability.md promises.

The floods are those of tools/floods in small sizes: what matters here is that everybody gets
right replies, not how fast, as other programs may be busy on the machine.
"""

import multiprocessing
import pathlib
import re
import signal
import sys

import pytest

from medusa import LIMIT, MEGABYTE, SLOWNESS, encode, eventually, run_once

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

import flooding  # found through the line above

LONGEST_MS = 2000 * SLOWNESS  # that a PING may take on a busy machine


# Floods


def target_of(server):
    """Gives what a flood has to know of a server."""
    port = re.search(r"metrics on http://[^ ]*:(\d+)/", server.log_text())
    return flooding.Target(server.port, server.pid, port and int(port[1]))


@pytest.mark.since("final")
@pytest.mark.parametrize("name", flooding.FLOODS)
def test_a_witness_is_served_during_a_flood(start_server, name):
    flood = flooding.FLOODS[name]
    always = ["--max-connections=1000", "--metrics-port=0", "--timeout=0"]
    server = start_server(*always, *flood.medusa)
    latencies = flooding.run(flood, target_of(server), flood.small)
    assert latencies.ms[-1] < LONGEST_MS
    assert server.connect().command("PING") == b"PONG"


@pytest.mark.since("final")
@pytest.mark.plain_build
def test_a_client_that_reads_nothing_costs_no_more_than_its_bound(server, client):
    client.command("SET", "k", b"v" * MEGABYTE)
    before = server.memory()
    stuck = server.connect(receive_buffer=4096)
    stuck.send_raw(encode("GET", "k") * 500)
    eventually(lambda: server.memory() > before + 50 * MEGABYTE, "replies that wait")
    assert client.command("PING") == b"PONG"
    assert server.memory() < before + 140 * MEGABYTE  # 64 MiB, and how a buffer grows
    stuck.close()
    eventually(lambda: server.memory() < before + 20 * MEGABYTE, "the memory of its replies")


@pytest.mark.since("final")
@pytest.mark.plain_build
@pytest.mark.env(MEDUSA_PASSWORD="open sesame")
def test_clients_without_the_password_hold_bounded_memory(server):
    first = server.connect()
    assert first.command("AUTH", "open sesame") == b"OK"
    before = server.memory()
    request = b"*10\r\n" + b"$16384\r\n%s\r\n" % (b"x" * 16384) * 10
    for _ in range(50):
        server.connect().send_raw(request * 5 + request[:-9])
        server.connect().send_raw(b"x" * 65000)
    assert first.command("PING") == b"PONG"
    assert server.memory() < before + 100 * 0.5 * MEGABYTE


# Crafted keys: all of one kind have the same hash, or the same last 16 bits of it


def same_polynomial(pair, count):
    """Gives keys with the same sum of byte * factor^place, where both pairs of bytes have one."""
    for n in range(count):
        yield b"".join(pair[n >> bit & 1] for bit in range(16))


def same_fnv(count):
    """Gives keys whose FNV-1a ends in the same 16 bits; 32 and 64 bits of it agree in those."""
    prime, start = 0x01B3, 0x2325  # the last 16 bits of the constants for 64 bits
    inverse = pow(prime, -1, 1 << 16)
    wanted = 0x1234 * inverse % (1 << 16)  # before the last multiplication
    for n in range(count):
        h, name = start, b"%d:" % n
        for byte in name:
            h = (h ^ byte) * prime & 0xFFFF
        for byte in range(256):
            last = (h ^ byte) * prime & 0xFFFF
            if last >> 8 == wanted >> 8:
                yield name + bytes([byte, (last ^ wanted) & 0xFF])
                break


COUNT = 30000
CRAFTED = {
    "times 31, as Java": lambda: same_polynomial((b"Aa", b"BB"), COUNT),
    "times 33, as djb2": lambda: same_polynomial((b"Ab", b"BA"), COUNT),
    "FNV-1a": lambda: same_fnv(COUNT),
}


def cpu_time_to_insert(server, keys):
    """Sets all keys twice; gives the seconds of CPU time."""
    client = server.connect()
    request = b"".join(encode("SET", key, "v") for key in keys)
    before = server.cpu_seconds()
    for _ in range(2):
        client.check(request, b"+OK\r\n" * len(keys))
    return server.cpu_seconds() - before


def test_crafted_keys_do_have_the_same_hash():
    def polynomial(key, factor):
        h = 0
        for byte in key:
            h = (h * factor + byte) & 0xFFFFFFFF
        return h

    def fnv(key):
        h = 0xCBF29CE484222325
        for byte in key:
            h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        return h & 0xFFFF

    assert len({polynomial(key, 31) for key in same_polynomial((b"Aa", b"BB"), 99)}) == 1
    assert len({polynomial(key, 33) for key in same_polynomial((b"Ab", b"BA"), 99)}) == 1
    assert len({fnv(key) for key in same_fnv(99)}) == 1


@pytest.mark.since("10-keyed-hash")
@pytest.mark.parametrize("kind", CRAFTED)
def test_crafted_keys_are_inserted_as_fast_as_others(start_server, kind):
    crafted = list(CRAFTED[kind]())
    assert len(set(crafted)) > 0.6 * COUNT
    ordinary = cpu_time_to_insert(start_server(), [b"%08d" % n for n in range(len(crafted))])
    assert cpu_time_to_insert(start_server(), crafted) < 3 * ordinary + 0.3 * SLOWNESS


# The end and the next start


def press(port):
    """Sends requests until the server is gone, as a process of its own."""
    target = flooding.Target(port, 0)
    request = b"".join(encode("SET", f"press:{n}", n) for n in range(1000))
    try:
        with target.connections(10) as socks:
            flooding.pour(socks, request, LIMIT)
    except (OSError, AssertionError):
        pass


@pytest.mark.since("20-draining")
def test_a_server_that_ends_under_load_can_be_started_again_at_once(start_server):
    server = start_server()
    for _ in range(3):
        load = multiprocessing.Process(target=press, args=(server.port,), daemon=True)
        load.start()
        client = server.connect()
        eventually(lambda: client.command("COUNT") > 500, "the keys of the load")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        again = start_server(env={"MEDUSA_PORT": str(server.port)})
        assert again.port == server.port
        assert again.connect().command("PING") == b"PONG"
        load.join(2 * LIMIT)
        assert load.exitcode == 0
        server = again


@pytest.mark.since("20-draining")
def test_what_was_sent_before_the_signal_is_answered_under_load(start_server):
    server = start_server()
    load = multiprocessing.Process(target=press, args=(server.port,), daemon=True)
    load.start()
    clients = [server.connect() for _ in range(20)]
    eventually(lambda: clients[0].command("COUNT") > 500, "the keys of the load")
    for n, client in enumerate(clients):
        client.send_raw(b"".join(encode("PING", f"{n}:{i}") for i in range(500)))
    server.signal(signal.SIGTERM)
    for n, client in enumerate(clients):
        assert client.read_many(500) == [f"{n}:{i}".encode() for i in range(500)]
    assert server.wait() == 0
    load.join(2 * LIMIT)


@pytest.mark.since("07-config")
def test_a_second_server_on_the_port_ends_with_one_line_and_the_first_serves_on(
    server, client, binary, wrapper
):
    done = run_once(binary, "--port", server.port, wrapper=wrapper)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and str(server.port) in done.stderr
    assert client.command("PING") == b"PONG"


# The log


@pytest.mark.since("25-passwords")
@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_key_value_or_password_reaches_the_log(start_server, level):
    password = {"MEDUSA_PASSWORD": "secretpassword"}
    server = start_server(f"--log-level={level}", env=password)
    client = server.connect()
    client.pipeline(
        ["AUTH", "secretwrong"], ["AUTH", "secretuser", "secretwrong"],
        ["HELLO", 3, "AUTH", "default", "secretwrong"], ["SET", "secretkey", "secretvalue"],
        ["AUTH", "secretpassword"], ["SET", "secretkey", "secretvalue"], ["GET", "secretkey"],
        ["SECRETCOMMAND", "secretword"], ["SET", "secretkey", "secretvalue", "secretword"],
        ["MULTI"], ["SET", "secretkey", "secretvalue"], ["SECRETCOMMAND"], ["EXEC"],
        ["KEYS", "secret*"],
    )  # fmt: skip
    client.check_closed(b"*1\r\n%secret\r\n", b"-ERR Protocol error: expected '$', got '%'\r\n")
    for words in [b"POST /secret HTTP/1.1\r\nHost: secret\r\n\r\n", b"secret" * 20000]:
        with server.connect() as other:
            other.send_raw(words)
            other.read_to_end()
    with server.connect() as half:
        half.send_raw(b"SET secretkey")
    with server.connect() as gone:
        gone.send_raw(b"AUTH secretpassword\r\n")
        gone.reset()
    server.stop()
    assert "secret" not in server.log_text().lower()


@pytest.mark.since("final")
def test_no_setting_shows_the_password(start_server):
    server = start_server(env={"MEDUSA_PASSWORD": "secretpassword"})
    client = server.connect()
    client.command("AUTH", "secretpassword")
    client.pipeline(["SET", "k", "v"], ["CLIENT", "SETNAME", "me"])
    for words in (["CONFIG", "GET", "*"], ["INFO", "ALL"], ["CLIENT", "LIST"]):
        client.send(*words)
        assert b"secret" not in client.read_raw()
    words = pathlib.Path(f"/proc/{server.pid}/cmdline").read_bytes()
    assert b"secret" not in words


# The promises


def promises():
    """Gives the lines of docs/reliability.md that promise something."""
    text = (ROOT / "docs" / "reliability.md").read_text()
    heads = ("| promise |", "| --- |")
    return [l for l in text.splitlines() if l.startswith("| ") and not l.startswith(heads)]


@pytest.mark.since("final")
def test_every_promise_names_a_test_that_exists():
    lines = promises()
    assert len(lines) > 20
    for line in lines:
        named = re.findall(r"`(tests/[\w/]+\.(?:py|c)):(\w+)\(\)`", line)
        assert named, f"no test is named: {line}"
        for file, function in named:
            text = (ROOT / file).read_text()
            assert re.search(rf"\b{function}\(", text), f"{file} has no {function}()"
