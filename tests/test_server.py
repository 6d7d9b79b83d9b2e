"""The process: its first line, its port, one client after the other, and its end."""

import signal
import socket
import threading
import time

import pytest

from medusa import LIMIT, free_port, run_once


def test_the_first_line_names_a_port_that_accepts(server):
    with socket.create_connection((server.host, server.port), LIMIT):
        pass


def test_the_server_listens_on_the_loopback_address_only(server):
    assert server.host == "127.0.0.1"


def test_port_zero_gives_each_server_a_port_of_its_own(start_server):
    assert start_server().port != start_server().port


def test_the_port_comes_from_the_environment(start_server):
    port = free_port()
    assert start_server(env={"MEDUSA_PORT": str(port)}).port == port


def test_a_port_in_use_ends_the_start_with_a_message(server, binary, wrapper):
    result = run_once(binary, env={"MEDUSA_PORT": str(server.port)}, wrapper=wrapper)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr != ""


def test_a_port_can_be_used_again_at_once(start_server):
    first = start_server()
    with first.connect() as client:
        client.send_raw(b"GET k\r\n")
        assert client.read_bytes(1) != b""
        first.signal(signal.SIGTERM)
        assert first.wait() == 0
    assert start_server(env={"MEDUSA_PORT": str(first.port)}).port == first.port


def test_twenty_clients_are_served_one_after_the_other(server):
    for _ in range(20):
        with server.connect() as client:
            client.send_raw(b"GET k\r\n")
            client.close_sending_side()
            assert client.read_to_end() != b""


def test_a_client_that_goes_without_a_word_is_no_problem(server):
    server.connect().close()
    with server.connect() as client:
        client.send_raw(b"GET k\r\n")
        assert client.read_bytes(1) != b""


def test_a_client_that_resets_its_connection_is_no_problem(server):
    first = server.connect()
    first.send_raw(b"GET k\r\n" * 100)
    first.reset()
    with server.connect() as client:
        client.send_raw(b"GET k\r\n")
        assert client.read_bytes(1) != b""


@pytest.mark.since("02-hash-map")
def test_data_stays_when_a_client_has_gone(server):
    with server.connect() as first:
        first.check(b"SET k v\r\n", b"+OK\r\n")
    with server.connect() as second:
        second.check(b"GET k\r\n", b"$1\r\nv\r\n")


@pytest.mark.until("05-patterns", "stage 06 serves many clients at once")
def test_a_second_client_waits_until_the_first_has_gone(server):
    first, second = server.connect(), server.connect()
    first.send_raw(b"GET k\r\n")
    assert first.read_bytes(1) != b""
    second.send_raw(b"GET k\r\n")
    assert second.receives_nothing(0.2)
    first.close()
    assert second.read_bytes(1) != b""


def test_sigterm_ends_the_server_with_status_0(server):
    server.signal(signal.SIGTERM)
    assert server.wait() == 0


def test_sigterm_ends_the_server_while_a_client_is_connected(server):
    client = server.connect()
    client.send_raw(b"GET k\r\n")
    assert client.read_bytes(1) != b""
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert client.read_to_end() is not None


def test_an_idle_server_uses_no_cpu_time(server):
    client = server.connect()
    client.send_raw(b"GET k\r\n")
    assert client.read_bytes(1) != b""
    before, start = server.cpu_seconds(), time.monotonic()
    assert client.read_bytes(1000, limit=0.5) is not None  # waits for what never comes
    elapsed = time.monotonic() - start
    assert server.cpu_seconds() - before < elapsed / 3


def until_it_ends(action):
    """Repeats an action on a connection until the server ends it."""
    try:
        while action():
            pass
    except OSError:
        pass


def test_a_client_that_sends_without_a_pause_does_not_delay_the_end(server):
    connection = socket.create_connection((server.host, server.port), LIMIT)
    lines = b"GET k\r\n" * 5000
    threads = [
        threading.Thread(target=until_it_ends, args=(action,))
        for action in (lambda: not connection.sendall(lines), lambda: connection.recv(65536))
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.2)  # both directions are busy
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    status = server.wait()
    took = time.monotonic() - start
    for thread in threads:
        thread.join()
    connection.close()
    assert status == 0
    assert took < LIMIT / 2
