"""What docs/scaling.md says: several servers behind twemproxy, set up as the page shows it."""

import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from medusa import LIMIT, Client, Closed, Error, eventually, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "scaling.md"
sys.path.append(str(ROOT / "tools"))

import blocks  # found through the line above

# Sanitizers would find here what they find in other tests, and take longer than twemproxy waits.
pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

KEYS = [f"key:{number}" for number in range(3000)]
FEW = KEYS[:60]
TRIES = 4  # for a request that fails, as an application would repeat it


def shown(language, number=0):
    """Gives the lines of a block of the page."""
    found = [block for block in blocks.load(PAGE) if block.language == language]
    return "\n".join(found[number].lines) + "\n"


class Proxy:
    """A running twemproxy. Remembers its last connection."""

    def __init__(self, folder, text):
        path = shutil.which("nutcracker")
        if path is None:
            pytest.skip("NOT TESTED, as nutcracker is missing: install Debian's nutcracker")
        self.port, self.stats_port = free_port(), free_port()
        self.client = None
        (folder / "nutcracker.yml").write_text(re.sub(r":22121\b", f":{self.port}", text))
        self.process = subprocess.Popen(
            [path, "--conf-file=nutcracker.yml", "--output=nutcracker.log",
             "--pid-file=nutcracker.pid", "--stats-addr=127.0.0.1",
             f"--stats-port={self.stats_port}", "--stats-interval=100"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(self.is_up, "a connection to twemproxy")

    def is_up(self):
        assert self.process.poll() is None, f"it ended with status {self.process.returncode}"
        try:
            self.connect()
        except ConnectionRefusedError:
            return False
        return True

    def connect(self):
        """Opens a connection in place of the last one."""
        self.close()
        self.client = Client("127.0.0.1", self.port)
        return self.client

    def close(self):
        if self.client:
            self.client.close()

    def command(self, *words):
        return self.client.command(*words)

    def patiently(self, *words):
        """Repeats a request as long as it fails, as the page asks of an application."""
        for _ in range(TRIES):
            reply = self.command(*words)
            if not isinstance(reply, Error):
                return reply
        raise AssertionError(f"{words} failed {TRIES} times, at last with {reply}")

    def ejects(self):
        """Gives how often a server has been put aside, by what twemproxy says of itself."""
        with socket.create_connection(("127.0.0.1", self.stats_port), LIMIT) as stats:
            text = b"".join(iter(lambda: stats.recv(65536), b""))
        return json.loads(text)["medusa"]["server_ejects"]

    def stop(self):
        self.close()
        self.process.terminate()
        self.process.wait(LIMIT)


class Shards:
    """Three servers, as the page starts them."""

    def __init__(self, start_server, **env):
        self.start_server = start_server
        self.env = {"MEDUSA_TIMEOUT": "0", **env}
        self.servers = [start_server(env=self.env) for _ in range(3)]
        self.direct = [server.connect() for server in self.servers]

    def configuration(self):
        """Gives the configuration of the page with the ports of these servers."""
        text = shown("yaml")
        for port, server in zip((2321, 2322, 2323), self.servers):
            text, count = re.subn(rf":{port}:", f":{server.port}:", text)
            assert count == 1
        return text

    def counts(self):
        return [client.command("COUNT") for client in self.direct]

    def owner(self, key):
        """Gives the number of the server that has a key; fails unless it is one."""
        owners = [n for n, client in enumerate(self.direct) if client.command("EXISTS", key)]
        assert len(owners) == 1, f"{key} is on {owners}"
        return owners[0]

    def kill(self, number):
        server = self.servers[number]
        server.signal(signal.SIGKILL)
        server.expected_status = -signal.SIGKILL
        server.wait()

    def restart(self, number):
        env = {**self.env, "MEDUSA_PORT": str(self.servers[number].port)}
        self.servers[number] = self.start_server(env=env)
        self.direct[number] = self.servers[number].connect()


@pytest.fixture
def shards(start_server):
    return Shards(start_server)


@pytest.fixture
def start_proxy(tmp_path):
    """Starts twemproxy with a configuration; it is stopped after the test."""
    proxies = []

    def start(text):
        proxies.append(Proxy(tmp_path, text))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()


@pytest.fixture
def proxy(shards, start_proxy):
    """twemproxy as the page sets it up."""
    return start_proxy(shards.configuration())


def fill(proxy, keys):
    """Stores each key with its own name for a value."""
    assert proxy.client.pipeline(*(["SET", key, key] for key in keys)) == [b"OK"] * len(keys)


def without_ejection(text):
    assert "auto_eject_hosts: true\n" in text
    return text.replace("auto_eject_hosts: true\n", "auto_eject_hosts: false\n")


def wait_until_it_is_back(shards, proxy, key, before="last"):
    """Waits until a server that was put aside gets its keys again; stores "last" at one of them."""

    def is_back():
        assert proxy.patiently("SET", key, before) == b"OK"
        return shards.direct[1].command("EXISTS", key) == 1

    eventually(is_back, "a key on the server that is back")
    assert proxy.command("SET", key, "last") == b"OK"


# All servers are there


def test_each_server_gets_a_fair_share_of_the_keys(shards, proxy):
    for keys in (FEW, KEYS):
        fill(proxy, keys)
        counts = shards.counts()
        assert sum(counts) == len(keys)
        assert min(counts) > len(keys) / 5, counts


def test_with_the_hash_that_is_taken_by_default_few_keys_go_to_two_servers(shards, start_proxy):
    text = shards.configuration()
    assert "hash: murmur\n" in text
    fill(start_proxy(text.replace("hash: murmur\n", "hash: fnv1a_64\n")), FEW)
    assert 0 in shards.counts()


def test_a_key_is_on_one_server_and_found_through_the_proxy(shards, proxy):
    fill(proxy, FEW)
    assert {shards.owner(key) for key in FEW} == {0, 1, 2}
    assert [proxy.command("GET", key) for key in FEW] == [key.encode() for key in FEW]


def test_commands_with_several_keys_are_put_together_from_all_servers(shards, proxy):
    assert proxy.command("MSET", *(word for key in FEW for word in (key, key))) == b"OK"
    assert len({shards.owner(key) for key in FEW}) == 3
    assert proxy.command("MGET", "nothing", *FEW) == [None] + [key.encode() for key in FEW]
    assert proxy.command("TOUCH", "nothing", *FEW) == len(FEW)
    assert proxy.command("DEL", "nothing", *FEW[10:]) == len(FEW) - 10
    assert proxy.command("UNLINK", "nothing", *FEW) == 10
    assert sum(shards.counts()) == 0


def test_exists_with_several_keys_asks_the_server_of_the_first(shards, proxy):
    fill(proxy, FEW)
    share = sum(shards.owner(key) == shards.owner(FEW[0]) for key in FEW)
    assert proxy.command("EXISTS", *FEW) == share < len(FEW)


def test_deadlines_pass_through_the_proxy(proxy):
    assert proxy.command("SET", "k", "v", "100") == b"OK"
    assert 99 <= proxy.command("TTL", "k") <= 100
    assert proxy.command("SET", "k", "v", "EX", "50") == b"OK"
    assert 49 <= proxy.command("TTL", "k") <= 50


def test_the_proxy_holds_one_connection_to_each_server(shards, proxy):
    fill(proxy, FEW)
    others = [Client("127.0.0.1", proxy.port) for _ in range(20)]
    for client in others:
        assert client.command("GET", FEW[0]) == FEW[0].encode()
        client.close()
    assert [int(client.info()["connected_clients"]) for client in shards.direct] == [2, 2, 2]


def test_the_proxy_gives_the_password_to_the_servers(start_server, start_proxy):
    shards = Shards(start_server, MEDUSA_PASSWORD="the-same-password")
    line = "  redis: true\n"
    assert line in shards.configuration()
    proxy = start_proxy(shards.configuration().replace(line, line + shown("yaml", 1)))
    assert proxy.command("SET", "k", "v").startswith(b"NOAUTH")
    assert proxy.command("AUTH", "the-same-password") == b"OK"
    assert proxy.command("SET", "k", "v") == b"OK"
    assert proxy.command("GET", "k") == b"v"


# What passes and what does not

ARGUMENTS = {  # of commands that take more than a key
    "SET": "k 1", "SETNX": "k 1", "SETEX": "k 100 1", "PSETEX": "k 100000 1", "GETSET": "k 1",
    "APPEND": "k 1", "GETRANGE": "k 0 1", "SETRANGE": "k 0 1", "INCRBY": "n 2", "DECRBY": "n 2",
    "INCRBYFLOAT": "n 2", "EXPIRE": "k 100", "PEXPIRE": "k 100000", "EXPIREAT": "k 4000000000",
    "PEXPIREAT": "k 4000000000000", "MSET": "k 1 l 2", "PING": "", "MULTI": "", "EXEC": "",
    "DISCARD": "", "SCAN": "0", "RANDOMKEY": "", "DBSIZE": "", "RENAME": "k l", "RENAMENX": "k l",
    "MSETNX": "k 1 l 2", "FLUSHALL": "", "FLUSHDB": "", "INFO": "", "CONFIG": "GET maxmemory",
    "CLIENT": "ID", "MEMORY": "USAGE k", "TIME": "", "SELECT": "0", "HELLO": "3", "RESET": "",
    "LIST": "", "COUNT": "", "CLEAR": "",
}  # fmt: skip


def request(name):
    return [name, *ARGUMENTS.get(name, "k").split()]


def test_the_commands_that_the_page_says_pass_do(proxy):
    names = shown("text", 0).split()
    assert len(names) > 20
    replies = {name: proxy.command(*request(name)) for name in names}
    assert [name for name, reply in replies.items() if isinstance(reply, Error)] == []


def test_the_commands_that_the_page_says_do_not_pass_close_the_connection(shards, proxy):
    names = shown("text", 1).split()
    assert len(names) > 20
    fill(proxy, FEW)
    for name in names:
        with pytest.raises(Closed):
            print(name, proxy.connect().command(*request(name)))
    assert sum(shards.counts()) == len(FEW)


# A server ends


def test_without_ejection_the_share_of_a_dead_server_fails_and_the_rest_serves_on(
    shards, start_proxy
):
    proxy = start_proxy(without_ejection(shards.configuration()))
    fill(proxy, FEW)
    lost = {key for key in FEW if shards.owner(key) == 1}
    shards.kill(1)
    assert 0 < len(lost) < len(FEW)
    eventually(lambda: isinstance(proxy.command("GET", min(lost)), Error), "an error")
    for key in FEW * 3:
        reply = proxy.command("GET", key)
        assert reply == (b"ERR Connection refused" if key in lost else key.encode()), key


def test_without_ejection_a_server_that_is_back_has_its_share_again(shards, start_proxy):
    proxy = start_proxy(without_ejection(shards.configuration()))
    fill(proxy, FEW)
    lost = {key for key in FEW if shards.owner(key) == 1}
    shards.kill(1)
    eventually(lambda: isinstance(proxy.command("GET", min(lost)), Error), "an error")
    shards.restart(1)
    eventually(lambda: proxy.command("GET", min(lost)) is None, "a reply without an error")
    fill(proxy, FEW)
    assert {key for key in FEW if shards.owner(key) == 1} == lost


def test_with_ejection_the_share_of_a_dead_server_goes_to_the_others(shards, proxy):
    fill(proxy, FEW)
    lost = {key for key in FEW if shards.owner(key) == 1}
    shards.kill(1)
    for key in FEW:
        assert proxy.patiently("GET", key) == (None if key in lost else key.encode())
    for key in lost:
        assert proxy.patiently("SET", key, "new") == b"OK"
    for key in FEW:
        assert proxy.patiently("GET", key) == (b"new" if key in lost else key.encode())
    assert shards.direct[0].command("COUNT") + shards.direct[2].command("COUNT") == len(FEW)
    assert {n for n in (0, 2) for key in lost if shards.direct[n].command("EXISTS", key)} == {0, 2}
    eventually(lambda: proxy.ejects() > 0, "a server that is put aside")


def test_with_ejection_a_server_that_is_back_gets_its_share_back(shards, proxy):
    fill(proxy, FEW)
    lost = {key for key in FEW if shards.owner(key) == 1}
    shards.kill(1)
    for key in lost:
        assert proxy.patiently("SET", key, "new") == b"OK"
    shards.restart(1)
    wait_until_it_is_back(shards, proxy, min(lost))
    for key in FEW:
        expected = b"last" if key == min(lost) else None if key in lost else key.encode()
        assert proxy.command("GET", key) == expected


def test_with_ejection_a_server_that_ends_twice_makes_old_values_come_up_again(shards, proxy):
    fill(proxy, FEW)
    key = next(key for key in FEW if shards.owner(key) == 1)
    shards.kill(1)
    assert proxy.patiently("SET", key, "old") == b"OK"
    shards.restart(1)
    wait_until_it_is_back(shards, proxy, key, before="old")
    shards.kill(1)
    assert proxy.patiently("GET", key) == b"old"


def test_a_server_that_closes_a_quiet_connection_has_failed_once(start_server, start_proxy):
    shards = Shards(start_server, MEDUSA_TIMEOUT="1")
    text = shards.configuration()
    for old, new in (
        ("server_failure_limit: 2\n", "server_failure_limit: 1\n"),
        ("server_retry_timeout: 2000\n", "server_retry_timeout: 600000\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    proxy = start_proxy(text)
    fill(proxy, FEW)
    eventually(lambda: proxy.ejects() == 3, "three servers that are put aside")
    assert {proxy.command("GET", key) for key in FEW} == {b"ERR Connection refused"}


# In the application


def test_the_function_of_the_page_shares_keys_out_evenly_and_moves_few():
    names = {}
    exec(shown("python"), names)  # the code that a reader copies
    server_for = names["server_for"]
    servers = ["medusa-1", "medusa-2", "medusa-3"]
    owners = {key: server_for(key, servers) for key in KEYS}
    for server in servers:
        assert abs(list(owners.values()).count(server) - 1000) < 150
    for key, owner in owners.items():
        left = server_for(key, ["medusa-1", "medusa-3"])
        assert left == owner or owner == "medusa-2"
        more = server_for(key, ["medusa-4", *servers])
        assert more in (owner, "medusa-4")
