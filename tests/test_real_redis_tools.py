"""redis-cli and redis-benchmark, unmodified, against a real server."""

import csv
import io
import re

import pytest

from clients.kit import PASSWORD, exercises, run
from medusa import LIMIT
from terminal import Screen, Terminal, ctrl

pytestmark = pytest.mark.since("final")


@pytest.fixture
def cli(server, tmp_path):
    """Runs redis-cli on the server: cli(*words, text=input) gives what it printed."""

    def run_cli(*words, **options):
        env = {"HOME": str(tmp_path), **options.pop("env", {})}
        return run("redis-cli", "-p", server.port, *words, env=env, **options)

    return run_cli


class LinenoiseScreen(Screen):
    """A screen that also knows the one sequence that redis-cli's line editor adds."""

    def _sequence(self, parameters, letter):
        if letter == "K" and parameters == "0":
            blank = [" "] * (self.columns - self.column)
            self.cells[self.row][self.column :] = blank
        else:
            super()._sequence(parameters, letter)


@pytest.fixture
def prompt(server, tmp_path):
    """Starts redis-cli in a terminal: prompt(*words); ended after the test."""
    terminals = []

    def start(*words):
        command = ["redis-cli", "-p", str(server.port), *map(str, words)]
        terminal = Terminal(*command, env={"HOME": str(tmp_path)}, columns=120)
        terminal.screen = LinenoiseScreen(24, 120)
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def fill(client, count, name="key:%05d"):
    """Stores `count` keys with one request; returns their names."""
    names = [name % number for number in range(count)]
    words = [word for key in names for word in (key, "value")]
    assert client.command("MSET", *words) == b"OK"
    return names


# redis-cli, one command at a time


@exercises("redis-cli", "one-shot commands with every type of reply")
def test_redis_cli_shows_every_type_of_reply(cli):
    assert cli("SET", "k", "a b") == "OK\n"
    assert cli("GET", "k") == "a b\n"
    assert cli("--no-raw", "GET", "k") == '"a b"\n'
    assert cli("--no-raw", "GET", "nothing") == "(nil)\n"
    assert cli("--no-raw", "INCR", "n") == "(integer) 1\n"
    assert cli("--no-raw", "KEYS", "[x]") == "(empty array)\n"
    assert cli("--no-raw", "MGET", "k", "x") == '1) "a b"\n2) (nil)\n'
    assert cli("--csv", "MGET", "k", "x") == '"a b",NULL\n'
    assert cli("GET") == "ERR wrong number of arguments for 'get' command\n\n"
    assert "ERR wrong number" in cli("-e", "GET", status=1)


@exercises("redis-cli", "`-x`, `-r` with `-i`, `-n 0`, `-u`, `--quoted-input`")
def test_redis_cli_takes_input_repeats_and_urls(cli, client, server):
    assert cli("-x", "SET", "k", text="a longer\nvalue") == "OK\n"
    assert client.command("GET", "k") == b"a longer\nvalue"
    assert cli("-r", 3, "-i", 0.01, "INCR", "n") == "1\n2\n3\n"
    assert cli("-n", 0, "GET", "n") == "3\n"
    assert cli("-u", f"redis://127.0.0.1:{server.port}/0", "GET", "n") == "3\n"
    assert cli("--quoted-input", "SET", r'"\x00\xff"', "binary") == "OK\n"
    assert client.command("GET", b"\0\xff") == b"binary"


@exercises("redis-cli", "commands from standard input")
def test_redis_cli_runs_the_lines_of_its_input(cli):
    assert cli(text='SET a "1 2"\nGET a\nDELETE a\nCOUNT\n') == "OK\n1 2\n1\n0\n"


@exercises("redis-cli", "`-2`, `-3` and `--json`")
def test_redis_cli_speaks_both_versions_of_the_protocol(cli):
    cli("SET", "k", "v")
    assert cli("-2", "--no-raw", "CONFIG", "GET", "timeout") == '1) "timeout"\n2) "30"\n'
    assert cli("-3", "--no-raw", "CONFIG", "GET", "timeout") == '1# "timeout" => "30"\n'
    assert cli("-3", "--no-raw", "MGET", "k", "x") == '1) "v"\n2) (nil)\n'
    assert cli("--json", "MGET", "k", "x") == '["v",null]\n'
    assert cli("--json", "CONFIG", "GET", "timeout") == '{"timeout":"30"}\n'


@exercises("redis-cli", "`-a`, `--user`, `REDISCLI_AUTH` and a URL with a password")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_redis_cli_gives_a_password(cli, server):
    assert "NOAUTH" in cli("GET", "k")
    assert cli("-a", PASSWORD, "--no-auth-warning", "SET", "k", "v") == "OK\n"
    assert cli("GET", "k", env={"REDISCLI_AUTH": PASSWORD}) == "v\n"
    user = ["--user", "default", "--pass", PASSWORD, "--no-auth-warning"]
    assert cli(*user, "GET", "k") == "v\n"
    assert cli(*user, "-3", "GET", "k") == "v\n"
    url = f"redis://default:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{server.port}"
    assert cli("--no-auth-warning", "-u", url, "GET", "k") == "v\n"
    wrong = cli("-a", "wrong", "--no-auth-warning", "GET", "k")
    assert "AUTH failed: WRONGPASS" in wrong and "NOAUTH" in wrong


# redis-cli over the whole keyspace


@exercises("redis-cli", "`--pipe` with a million commands")
def test_redis_cli_pipes_a_million_commands(cli, client, tmp_path):
    form = b"*3\r\n$3\r\nSET\r\n$11\r\nkey:%07d\r\n$1\r\nv\r\n"
    load = tmp_path / "load.resp"
    load.write_bytes(b"".join(form % number for number in range(1_000_000)))
    with open(load, "rb") as file:
        out = run("redis-cli", "-p", client.sock.getpeername()[1], "--pipe", stdin=file, limit=60)
    assert "errors: 0, replies: 1000000" in out
    assert client.command("DBSIZE") == 1_000_000


@exercises("redis-cli", "`--scan` with `--pattern`")
def test_redis_cli_scans_all_keys(cli, client):
    names = fill(client, 5000)
    assert sorted(cli("--scan").split()) == names
    some = [name for name in names if name.startswith("key:012")]
    assert sorted(cli("--scan", "--pattern", "key:012*").split()) == some


@exercises("redis-cli", "`--bigkeys`")
def test_redis_cli_finds_the_biggest_key(cli, client):
    fill(client, 300)
    client.command("SET", "giant", "x" * 5000)
    out = cli("--bigkeys")
    assert "Sampled 301 keys in the keyspace!" in out
    assert "Biggest string found '\"giant\"' has 5000 bytes" in out


@exercises("redis-cli", "`--memkeys`")
def test_redis_cli_finds_the_key_with_the_most_memory(cli, client):
    fill(client, 300)
    client.command("SET", "giant", "x" * 5000)
    bytes_used = client.command("MEMORY", "USAGE", "giant", "SAMPLES", "0")
    out = cli("--memkeys")
    assert "Sampled 301 keys in the keyspace!" in out
    assert f"Biggest string found '\"giant\"' has {bytes_used} bytes" in out


@exercises("redis-cli", "`--latency`")
def test_redis_cli_measures_latency(cli):
    least, most, mean, samples = map(float, cli("--latency", "--raw", "-i", 0.5).split())
    assert least <= mean <= most and samples >= 1


@exercises("redis-cli", "`--stat`")
def test_redis_cli_shows_figures_as_they_change(client, prompt):
    fill(client, 4321)
    terminal = prompt("--stat", "-i", 0.05)
    is_row = "4321 "  # the first column is the number of keys
    terminal.wait_for(
        lambda: sum(line.startswith(is_row) for line in terminal.screen.lines()) >= 3,
        "three lines of figures",
    )
    assert "keys       mem" in terminal.screen.lines()[1]


@exercises("redis-cli", "`--lru-test` with eviction")
@pytest.mark.env(MEDUSA_MAX_MEMORY="256kb", MEDUSA_EVICTION="allkeys-lru")
def test_redis_cli_finds_that_popular_keys_survive(prompt, client):
    terminal = prompt("--lru-test", 100_000)
    terminal.wait_for(
        lambda: any("Hits: " in line for line in terminal.screen.lines()), "a line of figures"
    )
    (line, *_) = [line for line in terminal.screen.lines() if "Hits: " in line]
    assert float(re.search(r"Hits: \d+ \(([\d.]+)%\)", line)[1]) > 10, line
    assert int(client.info("stats")["evicted_keys"]) > 0


# redis-cli at its prompt


@exercises("redis-cli", "the prompt: typed replies, MULTI and EXEC")
def test_redis_cli_has_a_prompt(prompt, server):
    terminal = prompt()
    ready = f"127.0.0.1:{server.port}>"
    terminal.wait_for_line(ready)
    terminal.type("SET greeting 'hello, world'\r")
    terminal.wait_for_lines("OK", ready)
    terminal.type("MULTI\r")
    terminal.wait_for_lines("OK", f"127.0.0.1:{server.port}(TX)>")
    terminal.type("GET greeting\r")
    terminal.wait_for_lines("QUEUED", f"127.0.0.1:{server.port}(TX)>")
    terminal.type("EXEC\r")
    terminal.wait_for_lines('1) "hello, world"', ready)
    terminal.type("HELLO 3\r")
    terminal.wait_for_text('"proto" => (integer) 3')
    terminal.wait_for_line(ready)
    terminal.type("QUIT\r")
    assert terminal.wait_for_end() == 0


@exercises("redis-cli", "hints and `help` from COMMAND DOCS, for LIST, COUNT and DELETE too")
def test_redis_cli_explains_the_commands(prompt, server):
    terminal = prompt()
    ready = f"127.0.0.1:{server.port}>"
    terminal.wait_for_line(ready)
    for typed, shown in (
        ("DELETE ", "DELETE key [key ...]"),
        ("SET ", "SET key value"),
        ("EXPIRE k ", "EXPIRE k seconds"),
    ):
        terminal.type(typed)
        terminal.wait_for(lambda: f"{ready} {shown}" in terminal.screen.line(), shown)
        terminal.type(ctrl("u"))
        terminal.wait_for_line(ready)
    for command in ("LIST", "COUNT", "DELETE key [key ...]"):
        name = command.split()[0]
        terminal.type(f"help {name}\r")
        terminal.wait_for(
            lambda: any(line.strip() == command for line in terminal.screen.lines()), command
        )
        terminal.wait_for_lines("", ready)
        lines = terminal.screen.lines()
        about = lines[max(n for n, line in enumerate(lines) if line.strip() == command) :]
        assert about[1].startswith("  summary: ") and len(about[1]) > 20
        assert any(line.startswith("  group: ") for line in about)
    terminal.type("dele", "\t")
    terminal.wait_for(lambda: terminal.screen.line().startswith(f"{ready} DELETE "), "DELETE")


@exercises("redis-cli", "`--askpass`")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_redis_cli_asks_for_a_password(prompt, server):
    terminal = prompt("--askpass")
    terminal.wait_for_text("Please input password:")
    terminal.type(PASSWORD + "\r")
    terminal.wait_for_line(f"127.0.0.1:{server.port}>")
    terminal.type("SET k v\r")
    terminal.wait_for_lines("OK", f"127.0.0.1:{server.port}>")


@exercises("redis-cli", "reconnecting after the server was started again")
def test_redis_cli_connects_again_to_a_new_server(prompt, server, start_server):
    terminal = prompt()
    ready = f"127.0.0.1:{server.port}>"
    terminal.wait_for_line(ready)
    server.stop()
    start_server(env={"MEDUSA_PORT": str(server.port)})
    terminal.type("PING\r")  # finds out that the connection is gone
    terminal.wait_for_line("not connected>")
    terminal.type("PING\r")
    terminal.wait_for_lines("PONG", ready)


# redis-benchmark


def benchmark(server, *words, **options):
    """Runs redis-benchmark; gives {name: requests per second} of its CSV report."""
    out = run("redis-benchmark", "-p", server.port, "--csv", *words, limit=4 * LIMIT, **options)
    problems = [word for word in ("WARNING", "rror", "ERR") if word in out]
    assert not problems, out
    rows = list(csv.DictReader(io.StringIO(out)))
    return {row["test"]: float(row["rps"]) for row in rows}


def commands_processed(client):
    return int(client.info("stats")["total_commands_processed"])


TESTS = {"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"}


@pytest.mark.parametrize("depth", [1, 100])
@exercises("redis-benchmark", "ping, set, get, incr and mset, 50 clients, depth 1 and 100")
def test_redis_benchmark_finds_nothing_wrong(server, client, depth):
    count = 5000 if depth == 1 else 50_000
    words = ["-t", "ping,set,get,incr,mset", "-c", 50, "-P", depth, "-n", count]
    before = commands_processed(client)
    rates = benchmark(server, *words)
    assert set(rates) == TESTS and min(rates.values()) > 0
    assert commands_processed(client) - before >= len(TESTS) * count
    assert client.command("GET", "counter:__rand_int__") == b"%d" % count


@exercises("redis-benchmark", "`--threads 2`")
def test_redis_benchmark_works_with_threads(server, client):
    words = ["--threads", 2, "-t", "set,get,incr", "-c", 20, "-P", 10, "-n", 20_000]
    rates = benchmark(server, *words)
    assert set(rates) == {"SET", "GET", "INCR"} and min(rates.values()) > 0
    assert int(client.command("GET", "counter:__rand_int__")) >= 20_000


@exercises("redis-benchmark", "a command of one's own over a random key space")
def test_redis_benchmark_runs_any_command(server, client):
    words = ["-n", 5000, "-r", 100, "-P", 10, "SET", "key:__rand_int__", "value", "EX", 60]
    assert len(benchmark(server, *words)) == 1
    assert 90 <= client.command("DBSIZE") <= 100
    assert 0 < client.command("TTL", "key:000000000007") <= 60


@exercises("redis-benchmark", "a password, and version 3 of the protocol")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_redis_benchmark_gives_a_password(server):
    words = ["-a", PASSWORD, "-t", "set,get", "-n", 1000]
    assert set(benchmark(server, *words)) == {"SET", "GET"}
    assert set(benchmark(server, "--user", "default", "-3", *words)) == {"SET", "GET"}
