"""Exercise 22-3: the server listens on a Unix socket as well."""

import os
import shutil
import socket
import stat
import tempfile

import pytest

from medusa import LIMIT, run_once


@pytest.fixture
def path():
    """A path for a socket: short, as there is room for about a hundred bytes."""
    folder = tempfile.mkdtemp(prefix="medusa-", dir="/tmp")
    yield os.path.join(folder, "sock")
    shutil.rmtree(folder)


def ask(path, request, expected):
    """Sends a request over a Unix socket and compares what comes back."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT)
        sock.connect(path)
        sock.sendall(request)
        received = b""
        while len(received) < len(expected) and (data := sock.recv(4096)):
            received += data
    assert received == expected


def test_both_doors_lead_to_the_same_data(start_server, path):
    client = start_server(env={"MEDUSA_UNIX_SOCKET": path}).connect()
    assert client.command("SET", "k", "v") == b"OK"
    ask(path, b"GET k\r\nSET k w\r\n", b"$1\r\nv\r\n+OK\r\n")
    assert client.command("GET", "k") == b"w"


def test_the_file_is_a_socket_for_its_user_only_and_goes_in_the_end(start_server, path):
    server = start_server(f"--unix-socket={path}")
    mode = os.stat(path).st_mode
    assert stat.S_ISSOCK(mode)
    assert oct(stat.S_IMODE(mode)) == oct(0o600)
    server.stop()
    assert not os.path.exists(path)


def test_what_a_killed_server_left_behind_does_not_stop_the_start(start_server, path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)  # and it never listens
    start_server(f"--unix-socket={path}")
    ask(path, b"PING\r\n", b"+PONG\r\n")


def test_a_running_server_keeps_its_socket(start_server, binary, wrapper, path):
    start_server(f"--unix-socket={path}")
    done = run_once(binary, "--port=0", f"--unix-socket={path}", wrapper=wrapper)
    assert done.returncode == 1
    assert path in done.stderr
    ask(path, b"PING\r\n", b"+PONG\r\n")


def test_a_file_that_is_no_socket_is_left_alone(binary, wrapper, path):
    with open(path, "w") as file:
        file.write("precious")
    done = run_once(binary, "--port=0", f"--unix-socket={path}", wrapper=wrapper)
    assert done.returncode == 1
    assert path in done.stderr
    with open(path) as file:
        assert file.read() == "precious"


def test_a_path_that_is_too_long_stops_the_start(binary, wrapper, path):
    long = path + "x" * 200
    done = run_once(binary, "--port=0", f"--unix-socket={long}", wrapper=wrapper)
    assert done.returncode == 1
    assert long in done.stderr


def test_a_server_with_both_doors_ends_on_sigterm_with_a_client_at_each(start_server, path):
    server = start_server(f"--unix-socket={path}")
    client = server.connect()
    assert client.command("PING") == b"PONG"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT)
        sock.connect(path)
        sock.sendall(b"PING\r\n")
        assert sock.recv(100) == b"+PONG\r\n"
        server.stop()
        assert sock.recv(100) == b""
