"""Settings: variables, flags, what is refused, and what goes to the log."""

import os
import pathlib
import socket
import subprocess
import time

import pytest

from medusa import LIMIT, Client, clean_environment, eventually, free_port, run_once

pytestmark = pytest.mark.since("07-config")

TCP_TABLE = pathlib.Path("/proc/net/tcp")

PROTECTED_MODE = pytest.mark.since("22-protected-mode")
EVICTION = pytest.mark.since("26-eviction")
METRICS = pytest.mark.since("27-metrics")
EPOLL = pytest.mark.since("16-epoll")
MEMORY_LIMIT = pytest.mark.since("21-memory-limit")
PASSWORD = pytest.mark.since("25-passwords")

SETTINGS = [  # variable, flag, default as --help shows it
    ("MEDUSA_HOST", "--host", "127.0.0.1"),
    ("MEDUSA_PORT", "--port", "2312"),
    ("MEDUSA_MAX_CONNECTIONS", "--max-connections", "100"),
    ("MEDUSA_TIMEOUT", "--timeout", "30"),
    ("MEDUSA_LOG_LEVEL", "--log-level", "info"),
    pytest.param("MEDUSA_EVENT_LOOP", "--event-loop", "epoll", marks=EPOLL),
    pytest.param("MEDUSA_MAX_MEMORY", "--max-memory", "0", marks=MEMORY_LIMIT),
    pytest.param("MEDUSA_PROTECTED_MODE", "--protected-mode", "true", marks=PROTECTED_MODE),
    pytest.param("MEDUSA_PASSWORD", "--password-file", "none", marks=PASSWORD),
    pytest.param("MEDUSA_EVICTION", "--eviction", "noeviction", marks=EVICTION),
    pytest.param("MEDUSA_METRICS", "--metrics", "false", marks=METRICS),
    pytest.param("MEDUSA_METRICS_PORT", "--metrics-port", "2313", marks=METRICS),
]

BAD = [  # variable, flag, value, words of which one tells what is allowed
    ("MEDUSA_PORT", "--port", "abc", "65535"),
    ("MEDUSA_PORT", "--port", "-1", "65535"),
    ("MEDUSA_PORT", "--port", "65536", "65535"),
    ("MEDUSA_PORT", "--port", "80x", "65535"),
    ("MEDUSA_PORT", "--port", "1.5", "65535"),
    ("MEDUSA_PORT", "--port", "4294967376", "65535"),
    ("MEDUSA_PORT", "--port", "99999999999999999999", "65535"),
    ("MEDUSA_MAX_CONNECTIONS", "--max-connections", "abc", "number"),
    ("MEDUSA_MAX_CONNECTIONS", "--max-connections", "0", "1"),
    ("MEDUSA_MAX_CONNECTIONS", "--max-connections", "-5", "1"),
    ("MEDUSA_MAX_CONNECTIONS", "--max-connections", "99999999999999999999", "1"),
    ("MEDUSA_TIMEOUT", "--timeout", "abc", "0"),
    ("MEDUSA_TIMEOUT", "--timeout", "-1", "0"),
    ("MEDUSA_TIMEOUT", "--timeout", "1s", "0"),
    ("MEDUSA_LOG_LEVEL", "--log-level", "loud", "debug"),
    pytest.param("MEDUSA_EVENT_LOOP", "--event-loop", "select", "poll", marks=EPOLL),
    pytest.param("MEDUSA_MAX_MEMORY", "--max-memory", "10x", "mb", marks=MEMORY_LIMIT),
    pytest.param("MEDUSA_MAX_MEMORY", "--max-memory", "-1", "mb", marks=MEMORY_LIMIT),
    pytest.param("MEDUSA_MAX_MEMORY", "--max-memory", "99999999999g", "mb", marks=MEMORY_LIMIT),
    pytest.param("MEDUSA_MAX_MEMORY", "--max-memory", "mb", "mb", marks=MEMORY_LIMIT),
    pytest.param(
        "MEDUSA_PROTECTED_MODE", "--protected-mode", "perhaps", "true", marks=PROTECTED_MODE
    ),
    pytest.param("MEDUSA_EVICTION", "--eviction", "lru", "noeviction", marks=EVICTION),
    pytest.param("MEDUSA_METRICS", "--metrics", "maybe", "true", marks=METRICS),
    pytest.param("MEDUSA_METRICS_PORT", "--metrics-port", "70000", "65535", marks=METRICS),
]


def names(rows, *columns):
    """Returns a name for each row of a table: its first column, or those given."""
    rows = [getattr(row, "values", row) for row in rows]
    return ["=".join(row[column] for column in columns or [0]) for row in rows]


@pytest.fixture
def run(binary, wrapper):
    """Runs the server where it is expected to end by itself."""

    def run_binary(*args, env=None):
        return run_once(binary, *args, env={"MEDUSA_PORT": "0", **(env or {})}, wrapper=wrapper)

    return run_binary


def check_refused(result, status, *words):
    """Checks for an exit status and one line on stderr that holds the words."""
    assert result.returncode == status, result
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n"), result.stderr
    for word in words:
        assert word.lower() in result.stderr.lower()


# --help and --version


def test_help_goes_to_stdout_with_status_0(run):
    result = run("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "usage" in result.stdout.lower()


@pytest.mark.parametrize("variable, flag, default", SETTINGS, ids=names(SETTINGS))
def test_help_lists_every_setting_with_its_default(run, variable, flag, default):
    text = run("--help").stdout
    assert variable in text and flag in text
    around = text[text.index(flag) :].split("\n  -")[0] + text[text.index(variable) :][:300]
    assert default in around


def test_version_goes_to_stdout_with_status_0(run):
    result = run("--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert "0.1.0" in result.stdout
    assert result.stdout.count("\n") == 1


def test_help_shows_no_password(run):
    result = run("--help", env={"MEDUSA_PASSWORD": "geheim"})
    assert "geheim" not in result.stdout + result.stderr


# Values that cannot be used


@pytest.mark.parametrize("variable, flag, value, allowed", BAD, ids=names(BAD, 0, 2))
def test_a_bad_value_in_a_variable_stops_the_start(run, variable, flag, value, allowed):
    check_refused(run(env={variable: value}), 2, variable, value, allowed)


@pytest.mark.parametrize("variable, flag, value, allowed", BAD, ids=names(BAD, 0, 2))
def test_a_bad_value_of_a_flag_stops_the_start(run, variable, flag, value, allowed):
    check_refused(run(f"{flag}={value}"), 2, flag, value, allowed)


@pytest.mark.parametrize("value", ["abc", "65536"])
def test_a_bad_value_as_a_word_of_its_own_stops_the_start(run, value):
    check_refused(run("--port", value), 2, "--port", value, "65535")


@pytest.mark.parametrize("args", [["--color=red"], ["--Port=1"], ["-x"], ["extra"], ["--"]])
def test_an_unknown_flag_stops_the_start(run, args):
    check_refused(run(*args), 2, args[0].partition("=")[0])


@pytest.mark.parametrize("flag", ["--port", "--host", "-p", "--log-level"])
def test_a_flag_without_its_value_stops_the_start(run, flag):
    check_refused(run(flag), 2, flag)


def test_an_empty_value_of_a_flag_stops_the_start(run):
    check_refused(run("--port="), 2, "--port")


# Values that are fine


@pytest.mark.parametrize(
    "args", [["--port={}"], ["--port", "{}"], ["-p", "{}"]], ids=["equals", "two-words", "short"]
)
def test_a_flag_wins_over_the_variable(start_server, args):
    port = free_port()
    other = free_port()
    server = start_server(*[a.format(port) for a in args], env={"MEDUSA_PORT": str(other)})
    assert server.port == port
    assert server.connect().command("PING") == b"PONG"


def test_empty_variables_count_as_unset(start_server):
    empty = {name: "" for name in names(SETTINGS) if name != "MEDUSA_PORT"}
    server = start_server(env=empty)
    assert server.host == "127.0.0.1"
    assert server.connect().command("PING") == b"PONG"


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error"])
def test_every_log_level_can_be_chosen(start_server, level):
    assert start_server(env={"MEDUSA_LOG_LEVEL": level}).connect().command("PING") == b"PONG"


def test_localhost_is_a_host(start_server):
    assert start_server("--host=localhost").connect().command("PING") == b"PONG"


@pytest.mark.ipv6
def test_an_ipv6_address_is_a_host(start_server):
    server = start_server("--host", "::1")
    assert server.host == "::1"
    assert server.connect().command("PING") == b"PONG"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), LIMIT)


@PROTECTED_MODE
@pytest.mark.parametrize("value", ["true", "false", "yes", "no", "on", "off", "1", "0"])
def test_a_boolean_takes_many_words(start_server, value):
    server = start_server(f"--protected-mode={value}")
    assert server.connect().command("PING") == b"PONG"


@EPOLL
@pytest.mark.parametrize("backend", ["poll", "epoll"])
def test_both_event_loops_serve(start_server, backend):
    server = start_server(env={"MEDUSA_EVENT_LOOP": backend})
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.send_raw(b"PING\r\n" * 100)
    for client in clients:
        assert client.read_many(100) == [b"PONG"] * 100
    with server.connect(receive_buffer=4096) as client:
        client.command("SET", "k", "v" * 3000000)
        client.send("GET", "k")
        client.close_sending_side()
        assert client.read_to_end() == b"$3000000\r\n" + b"v" * 3000000 + b"\r\n"


@MEMORY_LIMIT
@pytest.mark.parametrize(
    "text, size",
    [
        ("0", 0), ("1000000", 1000000), ("1m", 1048576), ("2MB", 2097152), ("100kb", 102400),
        ("64K", 65536), ("1g", 1073741824), ("3Gb", 3221225472),
    ],
)  # fmt: skip
def test_a_size_takes_units_of_1024(start_server, text, size):
    client = start_server(env={"MEDUSA_MAX_MEMORY": text}).connect()
    assert client.info()["maxmemory"] == str(size)


# The address


def test_a_port_in_use_is_one_line_and_status_1(server, run):
    check_refused(run("--port", server.port), 1, str(server.port))


def test_a_name_that_does_not_resolve_is_one_line_and_status_1(run):
    name = "x" * 70 + ".invalid"  # a label this long is refused without asking the network
    check_refused(run("--host", name), 1, name)


def test_an_address_of_another_machine_is_one_line_and_status_1(run):
    check_refused(run("--host", "192.0.2.1"), 1, "192.0.2.1")


# The log


def stderr_of(server):
    return server.log_path.read_text()


def test_logs_go_to_stderr_and_stdout_holds_one_line(start_server):
    server = start_server("--log-level=debug")
    server.connect().command("PING")
    assert server.out_path.read_text().count("\n") == 1
    assert stderr_of(server) != ""


def test_without_standard_descriptors_nobody_else_gets_the_log(binary):
    port = free_port()

    def connection():
        try:
            return Client("127.0.0.1", port)
        except ConnectionRefusedError:
            return None  # it has not started yet

    process = subprocess.Popen(
        [binary, "--log-level=debug"],
        env=clean_environment({"MEDUSA_PORT": str(port), "MEDUSA_METRICS_PORT": "0"}),
        preexec_fn=lambda: os.closerange(0, 3),
    )
    try:
        for client in [eventually(connection, "a server") for _ in range(4)]:
            with client:
                client.send_raw(b"PING\r\n")
                assert client.read_bytes(7) == b"+PONG\r\n"
    finally:
        process.terminate()
        assert process.wait(LIMIT) == 0


def test_an_uneventful_run_logs_nothing_at_level_error(start_server):
    server = start_server("--log-level=error")
    client = server.connect()
    client.command("PING")
    client.check_closed(b"x" * 70000, b"-ERR Protocol error: too big inline request\r\n")
    server.stop()
    assert stderr_of(server) == ""


def test_each_level_logs_no_less_than_the_next(start_server):
    counts = []
    for level in ("debug", "info", "warn", "error"):
        server = start_server(f"--log-level={level}")
        client = server.connect()
        client.command("PING")
        client.check_closed(b"QUIT\r\n", b"+OK\r\n")
        server.stop()
        counts.append(stderr_of(server).count("\n"))
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


@pytest.mark.parametrize("level", ["info", "warn"])
def test_keys_and_values_never_reach_the_log(start_server, level):
    server = start_server(f"--log-level={level}")
    client = server.connect()
    client.pipeline(
        ["SET", "secretkey", "secretvalue"], ["GET", "secretkey"], ["SECRETCOMMAND", "secretword"],
        ["SET", "secretkey", "secretvalue", "secretword"], ["KEYS", "secret*"], ["GET"],
    )  # fmt: skip
    client.check_closed(b"secret" * 20000, b"-ERR Protocol error: too big inline request\r\n")
    with server.connect() as half:
        half.send_raw(b"SET secretkey")
    eventually(lambda: server.connect().command("PING") == b"PONG", "a reply")
    server.stop()
    assert "secret" not in server.log_text().lower()


# Idle clients


def test_an_idle_client_is_closed_after_the_timeout(start_server):
    server = start_server("--timeout=1")
    start = time.monotonic()
    client = server.connect()
    assert client.read_to_end() == b""
    assert time.monotonic() - start >= 0.9


def test_a_client_in_the_middle_of_a_request_is_idle_too(start_server):
    client = start_server(env={"MEDUSA_TIMEOUT": "1"}).connect()
    client.send_raw(b"SET k va")
    assert client.read_to_end() == b""


def test_a_client_that_speaks_is_not_closed(start_server):
    server = start_server("--timeout=2")
    idle, busy = server.connect(), server.connect()
    while not idle.ended:
        assert busy.command("PING") == b"PONG"
        idle.read_bytes(1, limit=0.2)
    assert busy.command("PING") == b"PONG"


@pytest.mark.skipif(not TCP_TABLE.exists(), reason="the system shows no sockets in /proc")
def test_the_system_asks_whether_a_silent_client_is_still_there(start_server):
    server = start_server("--timeout=0")
    client = server.connect()
    assert client.command("PING") == b"PONG"
    ends = f"{server.port:04X}", f"{client.sock.getsockname()[1]:04X}"
    rows = [line.split() for line in TCP_TABLE.read_text().splitlines()[1:]]
    [timer] = [row[5] for row in rows if (row[1][-4:], row[2][-4:]) == ends]
    assert timer.startswith("02:")  # proc_net_tcp.txt: a keepalive timer is pending


def test_a_timeout_of_0_closes_nobody(start_server):
    client = start_server("--timeout=0").connect()
    assert client.command("PING") == b"PONG"
    assert client.receives_nothing(1.5)
    assert client.command("PING") == b"PONG"
