"""medusa-benchmark: its reports, its checks of every reply, and its behavior with bad servers."""

import collections
import csv
import io
import json
import os
import pathlib
import pty
import shlex
import signal
import socket
import subprocess
import threading

import pytest

from medusa import LIMIT, SLOWNESS, clean_environment, eventually, free_port

pytestmark = pytest.mark.since("02-hash-map")

ROOT = pathlib.Path(__file__).resolve().parent.parent
PERCENTILES = ["p50", "p95", "p99", "p99_9", "max"]

Outcome = collections.namedtuple("Outcome", "status out err")


@pytest.fixture
def bench(benchmark_binary):
    """Runs the load generator: bench(*args, env={...}) gives its status and its output."""

    def run(*args, env=None):
        done = subprocess.run(
            [benchmark_binary, *map(str, args)],
            env=clean_environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=6 * LIMIT,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def forms(stage):
    """The flags that a server of this stage needs."""
    return ["--inline"] if stage < 8 else []


@pytest.fixture
def measure(bench, forms):
    """Runs against a real server and returns the runs of the JSON report."""

    def run(server, *args):
        outcome = bench("--json", *forms, "-h", server.host, "-p", server.port, *args)
        assert (outcome.status, outcome.err) == (0, "")
        return json.loads(outcome.out)["runs"]

    return run


class FakeServer:
    """Answers each request with answer(words), bytes as they are; None closes the connection.

    Serves one connection after the other, as the first stages do; with `crowd`, all at once.
    """

    def __init__(self, answer, crowd=True, split=False):
        self.answer = answer
        self.crowd = crowd
        self.split = split
        self.requests = []
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # shutdown() wakes up a thread in accept() or recv(); close() alone does not.
        for sock in [self.listener, *self.connections]:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        self.thread.join(LIMIT)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            if self.crowd:
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
            else:
                self.serve(connection)

    def serve(self, connection):
        try:
            stream = connection.makefile("rb")
            while True:
                words = read_request(stream)
                if words is None:
                    return
                self.requests.append(words)
                reply = self.answer(words)
                if reply is None:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                pieces = [reply[i : i + 1] for i in range(len(reply))] if self.split else [reply]
                for piece in pieces:
                    connection.sendall(piece)
        except (OSError, ValueError):
            pass  # the other side, or the test, has closed the connection


def read_request(stream):
    """Reads one request, a RESP array or a line, as a list of words; None at the end."""
    line = stream.readline()
    if not line:
        return None
    if not line.startswith(b"*"):
        return line.split()
    words = []
    for _ in range(int(line[1:])):
        length = int(stream.readline()[1:])
        words.append(stream.read(length + 2)[:-2])
    return words


def good_answers():
    """Returns an answer function with a small store behind it."""
    store = {}

    def answer(words):
        name = words[0].upper()
        if name == b"SET":
            store[words[1]] = words[2]
            return b"+OK\r\n"
        if name == b"GET":
            value = store.get(words[1])
            return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
        if name == b"EXISTS":
            return b":%d\r\n" % (words[1] in store)
        if name in (b"DELETE", b"DEL"):
            return b":%d\r\n" % (store.pop(words[1], None) is not None)
        if name == b"PING":
            return b"+PONG\r\n"
        return b"-ERR unknown command\r\n"

    return answer


def only_run(outcome):
    """Returns the one run of a JSON report."""
    (run,) = json.loads(outcome.out)["runs"]
    return run


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1


# Against the server


@pytest.mark.since("final")
def test_without_arguments_sets_and_gets_with_one_thread_and_with_four(bench, server, forms):
    env = {"MEDUSA_HOST": server.host, "MEDUSA_PORT": str(server.port)}
    outcome = bench(*forms, env=env)
    assert (outcome.status, outcome.err) == (0, "")
    heads = [line.split(",")[0] for line in outcome.out.splitlines() if line.startswith("==")]
    assert heads[:2] == ["== SET: 1 thread", "== GET: 1 thread"]
    assert heads[2:] == ["== SET: 4 threads", "== GET: 4 threads"]
    counts = [line for line in outcome.out.splitlines() if line.startswith("Operations:")]
    assert counts == ["Operations: 10000"] * 2 + ["Operations: 40000"] * 2
    for label in ("Duration: ", "Operations per second: ", "Latency in milliseconds: mean "):
        assert outcome.out.count(label) == 4


def test_plain_words_are_host_port_operations_per_thread_and_threads(bench, server, forms):
    outcome = bench(*forms, "127.0.0.1", server.port, 1000, 8)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.count(": 8 threads, 8 connections") == 2
    assert outcome.out.count("Operations: 8000\n") == 2


def test_gets_read_back_what_the_sets_stored(measure, server):
    sets, gets = measure(server, "-n", 500, "-t", 2)
    assert (sets["run"], gets["run"]) == ("SET", "GET")
    assert (sets["set_count"], gets["get_count"]) == (1000, 1000)
    assert (gets["hits"], gets["misses"]) == (1000, 0)


def test_figures_agree_with_each_other(measure, server):
    for run in measure(server, "-n", 2000, "-t", 2, "-P", 4):
        assert run["requested"] == run["operations"] == 4000
        assert run["errors"] == 0 and run["interrupted"] is False
        rate = run["operations"] / run["duration_seconds"]
        assert run["operations_per_second"] == pytest.approx(rate, rel=1e-4)
        latencies = [run[f"latency_{name}_us"] for name in PERCENTILES]
        assert latencies == sorted(latencies)
        assert 0 < run["latency_mean_us"] <= run["latency_max_us"]
        assert run["latency_max_us"] <= run["duration_seconds"] * 1e6 + 1
        assert run["generator_cpu_seconds"] > 0


def test_settings_are_part_of_the_report(measure, server):
    args = ["-n", 10, "-t", 1, "-c", 1, "-P", 5, "-d", 100, "-r", "2k", "--seed", 7]
    for run in measure(server, *args):
        settings = ("threads", "clients", "pipeline", "value_bytes", "keys", "seed", "port")
        assert [run[name] for name in settings] == [1, 1, 5, 100, 2000, 7, server.port]


def test_csv_has_the_fields_of_json(bench, measure, server, forms):
    runs = measure(server, "-n", 100, "-t", 1)
    outcome = bench("--csv", *forms, server.host, server.port, 100, 1)
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    assert outcome.status == 0 and outcome.out.count("\n") == 3
    assert [row["run"] for row in rows] == ["SET", "GET"]
    for row, run in zip(rows, runs):
        assert list(row) == list(run)
        assert row["operations"] == "100" and row["errors"] == "0"
        rate = float(row["operations"]) / float(row["duration_seconds"])
        assert float(row["operations_per_second"]) == pytest.approx(rate, rel=1e-4)


def test_quiet_prints_one_line_per_run(bench, server, forms):
    outcome = bench("-q", *forms, server.host, server.port, 100, 1)
    assert (outcome.status, outcome.err) == (0, "")
    first, second = outcome.out.splitlines()
    assert first.startswith("SET ") and second.startswith("GET ")


@pytest.mark.since("03-commands")
def test_a_mix_sends_each_command_in_its_share(measure, server):
    args = ["--mix", "set=50,get=30,exists=10,delete=5,ping=5", "-n", 4000, "-r", 200]
    (run,) = measure(server, *args)
    names = ("set", "get", "exists", "delete", "ping")
    counts = [run[f"{name}_count"] for name in names]
    assert sum(counts) == run["operations"] == 4000
    for count, share in zip(counts, (0.5, 0.3, 0.1, 0.05, 0.05)):
        assert count == pytest.approx(4000 * share, rel=0.4)


def test_a_mix_that_reads_finds_every_key_unless_told_not_to_fill(measure, server):
    (run,) = measure(server, "--mix", "get", "-n", 300, "-r", 100, "--no-prefill")
    assert (run["hits"], run["misses"]) == (0, 300)
    (run,) = measure(server, "--mix", "get", "-n", 300, "-r", 100)
    assert (run["hits"], run["misses"]) == (300, 0)


def test_keys_spread_over_the_key_space(measure, server):
    measure(server, "--mix", "set", "-n", 3000, "-r", 50, "-d", 20)
    with server.connect() as client:
        values = [client.command("GET", f"key:{number:012}") for number in range(51)]
    assert all(len(value) == 20 for value in values[:50]) and values[50] is None
    assert len(set(values[:50])) == 50


def test_stress_runs_for_its_time(measure, server):
    (run,) = measure(server, "--stress", 1, "-r", 1000)
    assert 0.9 <= run["duration_seconds"] <= 1 + 2 * SLOWNESS
    assert run["requested"] == 0 and run["operations"] > 0
    assert run["get_count"] > run["set_count"] > 0


def test_large_values_in_deep_pipelines_do_not_block(measure, server):
    args = ["--mix", "get=1,set=1", "-d", "60000", "-P", 100, "-n", 400, "-r", 5]
    (run,) = measure(server, *args)
    assert run["operations"] == 400


@pytest.mark.since("06-poll")
def test_clients_are_shared_out_to_the_threads(measure, server):
    for run in measure(server, "-n", 1000, "-t", 2, "-c", 15, "-P", 3):
        assert (run["clients"], run["operations"]) == (15, 2000)


# Against servers that are made up for one test


def test_inline_sends_lines(bench):
    with FakeServer(good_answers(), crowd=False) as fake:
        outcome = bench("--inline", "127.0.0.1", fake.port, 50, 1)
    assert (outcome.status, outcome.err) == (0, "")
    assert len(fake.requests) == 100
    assert all(len(words) == 3 and len(words[2]) == 32 for words in fake.requests[:50])


def test_every_command_works_in_both_request_forms(bench):
    mix = "set,get,delete,del,exists,ping"
    for form in ([], ["--inline"]):
        with FakeServer(good_answers()) as fake:
            args = ["--json", *form, "--mix", mix, "-n", 300, "-r", 10, "-p", fake.port]
            outcome = bench(*args)
        assert (outcome.status, outcome.err) == (0, "")
        names = {words[0] for words in fake.requests}
        assert names == {b"SET", b"GET", b"DELETE", b"DEL", b"EXISTS", b"PING"}


def test_a_server_that_serves_one_client_at_a_time_is_enough(bench):
    with FakeServer(good_answers(), crowd=False) as fake:
        outcome = bench("--json", "-p", fake.port, "-n", 20, "-t", 4, "-c", 8)
    assert (outcome.status, outcome.err) == (0, "")
    assert [run["operations"] for run in json.loads(outcome.out)["runs"]] == [80, 80]


def test_replies_may_arrive_byte_by_byte(bench):
    with FakeServer(good_answers(), split=True) as fake:
        outcome = bench("--json", "-p", fake.port, "-n", 30, "-t", 1, "-P", 10)
    assert (outcome.status, outcome.err) == (0, "")


def test_the_same_seed_sends_the_same_requests(bench):
    sent = []
    for seed in (5, 5, 6):
        with FakeServer(good_answers()) as fake:
            bench("--mix", "set=2,ping=1", "--seed", seed, "-n", 50, "-p", fake.port)
        sent.append(fake.requests)
    assert sent[0] == sent[1] != sent[2]


def wrong(name, reply):
    """Returns good answers, but for one command."""
    good = good_answers()
    return lambda words: reply if words[0] == name else good(words)


@pytest.mark.parametrize(
    ("command", "reply", "field"),
    [
        pytest.param("get", b"$32\r\n" + 32 * b"x" + b"\r\n", "wrong_replies", id="value"),
        pytest.param("get", b"$3\r\nabc\r\n", "wrong_replies", id="size"),
        pytest.param("get", b"$0\r\n\r\n", "wrong_replies", id="empty"),
        pytest.param("get", b"+OK\r\n", "wrong_replies", id="type"),
        pytest.param("set", b"+ok\r\n", "wrong_replies", id="set-text"),
        pytest.param("set", b"$-1\r\n", "wrong_replies", id="set-null"),
        pytest.param("exists", b":2\r\n", "wrong_replies", id="count"),
        pytest.param("ping", b"+OK\r\n", "wrong_replies", id="ping"),
        pytest.param("set", b"-OOM no memory\r\n", "error_replies", id="error"),
        pytest.param("get", b"-ERR \x1b[31mred\r\n", "error_replies", id="control-bytes"),
    ],
)
def test_a_wrong_reply_is_counted_and_described(bench, command, reply, field):
    answer = wrong(command.upper().encode(), reply)
    with FakeServer(answer) as fake:
        args = ["--json", "--mix", command, "-n", 20, "-r", 10, "-P", 4]
        outcome = bench(*args, "--no-prefill", "-p", fake.port)
    run = only_run(outcome)
    assert outcome.status == 1
    assert run["operations"] == run[field] == run["errors"] == 20
    assert f"{command.upper()} " in outcome.err and " answered " in outcome.err
    assert outcome.err.count("\n") <= 5 and "\x1b" not in outcome.err


def test_the_value_of_another_key_is_noticed(bench):
    good = good_answers()

    def answer(words):
        shifted = b"key:%012d" % ((int(words[1][4:]) + 1) % 10)
        return good([words[0], shifted if words[0] == b"GET" else words[1], *words[2:]])

    with FakeServer(answer) as fake:
        outcome = bench("--json", "--mix", "get", "-n", 20, "-r", 10, "-p", fake.port)
    assert outcome.status == 1 and only_run(outcome)["wrong_replies"] == 20


def test_errors_while_filling_end_with_status_1(bench):
    with FakeServer(wrong(b"SET", b"-OOM full\r\n")) as fake:
        outcome = bench("--mix", "get", "-n", 20, "-r", 10, "-p", fake.port)
    assert outcome.status == 1 and outcome.out == ""
    assert "prefill" in outcome.err and "-OOM full" in outcome.err


@pytest.mark.parametrize("pipeline", [1, 8])
def test_a_connection_closed_in_the_middle_is_an_error(bench, pipeline):
    good = good_answers()

    def answer(words):
        return good(words) if len(fake.requests) <= 12 else None

    with FakeServer(answer) as fake:
        args = ["--json", "--mix", "set", "-n", 100, "-P", pipeline]
        outcome = bench(*args, "-p", fake.port)
    run = only_run(outcome)
    assert outcome.status == 1
    assert run["operations"] == 12 and run["errors"] == run["lost_requests"] > 0
    assert "server" in outcome.err and is_one_line(outcome.err)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", id="http"),
        pytest.param(b"$x\r\n", id="length"),
        pytest.param(b"$999999999999\r\n", id="huge"),
        pytest.param(b"$3\r\nabcdef", id="no-end"),
        pytest.param(b"*1\r\n:1\r\n", id="array"),
        pytest.param(b"+OK\r\n+OK\r\n", id="one-too-many"),
    ],
)
def test_bytes_that_are_no_reply_end_the_connection(bench, reply):
    with FakeServer(lambda words: reply) as fake:
        outcome = bench("--json", "--mix", "set", "-n", 100, "-p", fake.port)
    run = only_run(outcome)
    assert outcome.status == 1 and run["wrong_replies"] > 0 and run["operations"] < 100


def test_a_silent_server_is_given_up(bench):
    with FakeServer(lambda words: b"") as fake:
        args = ["--json", "--timeout", 1, "--mix", "set", "-n", 10, "-P", 4]
        outcome = bench(*args, "-p", fake.port)
    run = only_run(outcome)
    assert outcome.status == 1 and (run["operations"], run["lost_requests"]) == (0, 4)
    assert "does not answer" in outcome.err


def test_stress_ends_although_the_server_has_stopped_answering(bench):
    good = good_answers()
    with FakeServer(lambda words: good(words) if len(fake.requests) < 50 else b"") as fake:
        args = ["--json", "--timeout", 1, "--stress", 1, "--mix", "set"]
        outcome = bench(*args, "-p", fake.port)
    assert outcome.status == 1 and only_run(outcome)["lost_requests"] == 1


def test_no_server_is_one_line_and_status_1(bench):
    outcome = bench("127.0.0.1", free_port())
    assert outcome.status == 1 and outcome.out == "" and is_one_line(outcome.err)
    assert "cannot connect to 127.0.0.1" in outcome.err and "--port" in outcome.err


def test_an_unknown_host_is_one_line_and_status_1(bench):
    outcome = bench("host.invalid", 1)
    assert outcome.status == 1 and outcome.out == "" and is_one_line(outcome.err)


@pytest.mark.parametrize(
    "reply, hint",
    [(b"-WRONGPASS invalid password\r\n", "MEDUSA_PASSWORD"), (b"-NOAUTH log in\r\n", "NOAUTH")],
    ids=["wrong", "missing"],
)
def test_a_refused_password_is_one_clear_line(bench, reply, hint):
    with FakeServer(lambda words: reply) as fake:
        password = "wrong" if hint == "MEDUSA_PASSWORD" else ""
        args = ["--json", "-t", 1, "-n", 10, "-p", fake.port]
        outcome = bench(*args, env={"MEDUSA_PASSWORD": password})
    assert outcome.status == 1 and hint in outcome.err


def test_a_password_is_sent_before_anything_else(bench):
    good = good_answers()

    def answer(words):
        return b"+OK\r\n" if words[0] == b"AUTH" else good(words)

    with FakeServer(answer) as fake:
        args = ["--mix", "ping", "-n", 3, "-p", fake.port]
        outcome = bench(*args, env={"MEDUSA_PASSWORD": "two words"})
    assert (outcome.status, outcome.err) == (0, "")
    assert fake.requests == [[b"AUTH", b"two words"]] + 3 * [[b"PING"]]


# Usage


@pytest.mark.parametrize(
    "args",
    [
        "127.0.0.1 2312 10 1 extra",
        "127.0.0.1 port",
        "127.0.0.1 0",
        "127.0.0.1 65536",
        "127.0.0.1 2312 0",
        "127.0.0.1 2312 -5",
        "127.0.0.1 2312 10 2000",
        "--unknown",
        "-z",
        "--operations",
        "--operations=",
        "--operations 10x",
        "--operations 99999999999999999999",
        "--operations 9999999999m",
        "--csv=yes",
        "--csv --json",
        "--threads 4 --clients 2",
        "--mix fly",
        "--mix get=0",
        "--mix get=1,get=2",
        "--mix get,,set",
        "--size 0",
        "--inline --size 1m",
        "--stress 0",
    ],
)
def test_wrong_usage_is_one_line_and_status_2(bench, args):
    outcome = bench(*args.split())
    assert outcome.status == 2 and outcome.out == "" and is_one_line(outcome.err)
    assert outcome.err.startswith("medusa-benchmark: ")


def test_a_wrong_port_in_the_environment_is_named(bench):
    outcome = bench(env={"MEDUSA_PORT": "many"})
    assert outcome.status == 2 and is_one_line(outcome.err)
    assert "MEDUSA_PORT 'many'" in outcome.err and "65535" in outcome.err


def test_arguments_win_over_the_environment(bench):
    env = {"MEDUSA_HOST": "host.invalid", "MEDUSA_PORT": "1"}
    with FakeServer(good_answers()) as fake:
        outcome = bench("--mix=ping", "-n", 1, "127.0.0.1", fake.port, env=env)
    assert outcome.status == 0


def test_counts_take_suffixes(bench):
    with FakeServer(good_answers()) as fake:
        args = ["--json", "--mix=set", "-n", "1k", "-d", "1k", "-r", "2M", "-P", 50]
        run = only_run(bench(*args, "-p", fake.port))
    assert (run["operations"], run["value_bytes"], run["keys"]) == (1000, 1024, 2000000)


def test_help_and_version_go_to_stdout(bench):
    outcome = bench("--help")
    assert (outcome.status, outcome.err) == (0, "")
    flags = "clients pipeline size keys mix stress inline csv json quiet seed no-prefill timeout"
    assert all(f"--{flag}" in outcome.out for flag in flags.split())
    outcome = bench("--version")
    assert outcome.status == 0 and outcome.out.startswith("medusa-benchmark 0.")


# The terminal


def run_on_terminal(binary, *args):
    """Runs with a terminal as stderr; returns the status, stdout and what the terminal got."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [binary, *map(str, args)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # Linux says EIO once no process has the other end open
            data = b""
        if not data:
            break
        shown += data
    os.close(master)
    out, _ = process.communicate(timeout=LIMIT)
    return process.returncode, out, shown


def test_progress_is_shown_on_a_terminal_only(benchmark_binary, bench):
    args = ["--stress", 1, "--mix", "ping"]
    with FakeServer(good_answers()) as fake:
        status, out, shown = run_on_terminal(benchmark_binary, *args, "-p", fake.port)
        assert status == 0 and b"PING: " in shown and b" operations, " in shown
        assert shown.endswith(b"\r\x1b[K") and b"\x1b" not in out
        outcome = bench(*args, "-p", fake.port)
        assert (outcome.status, outcome.err) == (0, "")
        status, out, shown = run_on_terminal(benchmark_binary, "-q", *args, "-p", fake.port)
        assert (status, shown) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_run_with_what_was_measured(benchmark_binary, number):
    with FakeServer(good_answers()) as fake:
        args = ["--json", "--stress", 60, "--mix", "set", "-p", fake.port]
        process = subprocess.Popen(
            [benchmark_binary, *map(str, args)],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        eventually(lambda: len(fake.requests) > 20, "requests")
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    run = only_run(Outcome(process.returncode, out, err))
    assert (process.returncode, err) == (130, b"")
    assert run["interrupted"] is True and run["operations"] >= 20 and run["errors"] == 0


# The histogram


def test_percentiles_agree_with_those_of_sorted_samples(tmp_path):
    program = tmp_path / "test_hist"
    sources = [ROOT / "tests/unit/test_hist.c", ROOT / "final/hist.c"]
    compiler = shlex.split(os.environ.get("CC") or "cc")
    options = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-I", ROOT / "final", "-o", program]
    subprocess.run([*compiler, *options, *sources], check=True, timeout=3 * LIMIT)
    done = subprocess.run([program], capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (0, "ok\n")
