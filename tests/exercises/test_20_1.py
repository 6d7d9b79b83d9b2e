"""Exercise 20-1: the time for the end is a setting."""

import signal
import time

import pytest

from medusa import run_once


def stuck_client(server):
    """Returns a client with megabytes of replies that it does not read."""
    client = server.connect(receive_buffer=4096)
    assert client.command("SET", "k", "v" * 60000) == b"OK"
    client.send_raw(b"GET k\r\n" * 300)
    assert client.read_bytes(1) == b"$"
    return client


def end(server):
    """Ends a server and returns the seconds that it took."""
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait(4) == 0
    return time.monotonic() - start


def test_the_variable_sets_the_time(start_server):
    server = start_server(env={"MEDUSA_DRAIN": "1"})
    client = stuck_client(server)
    assert 0.9 < end(server) < 4
    assert "gave up 1 client" in server.log_text()
    client.close()


def test_the_flag_wins_over_the_variable(start_server):
    server = start_server("--drain", "1", env={"MEDUSA_DRAIN": "60"})
    client = stuck_client(server)
    assert 0.9 < end(server) < 4
    client.close()


def test_a_client_that_reads_is_not_waited_for_any_longer(start_server):
    server = start_server("--drain", "60")
    client = server.connect()
    assert client.command("PING") == b"PONG"
    end(server)
    assert client.read_to_end() == b""
    assert "gave up" not in server.log_text()


def test_help_names_the_setting_and_its_default(binary):
    shown = run_once(binary, "--help").stdout
    assert "MEDUSA_DRAIN" in shown and "default 5" in shown


@pytest.mark.parametrize("value", ["0", "3601", "-1", "soon"])
def test_a_time_that_cannot_be_used_stops_the_start(binary, value):
    run = run_once(binary, "--port=0", f"--drain={value}")
    assert run.returncode == 2
    assert "--drain" in run.stderr and value in run.stderr and "3600" in run.stderr
