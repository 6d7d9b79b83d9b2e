"""Exercise 16-3: a backend for select(2), which refuses what does not fit into its sets."""

import resource
import socket

import pytest

from medusa import LIMIT

FD_SETSIZE = 1024

pytestmark = pytest.mark.env(MEDUSA_EVENT_LOOP="select", MEDUSA_MAX_CONNECTIONS="1200")


@pytest.fixture(autouse=True)
def descriptors():
    """Lets this process open as many connections as the tests need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_info_names_the_backend(client):
    assert client.info("server")["multiplexing_api"] == "select"


def test_long_requests_and_replies_pass(client):
    value = b"x" * 3_000_000
    assert client.command("SET", "k", value) == b"OK"
    assert client.command("GET", "k") == value


def test_a_number_that_is_used_again_is_served(server):
    for _ in range(20):
        with server.connect() as client:
            assert client.command("PING") == b"PONG"


def answers(sock):
    """Tells whether a connection is served; false where the server has closed it."""
    sock.settimeout(LIMIT)
    try:
        sock.sendall(b"PING\r\n")
        return sock.recv(64) == b"+PONG\r\n"
    except OSError:
        return False


def test_descriptors_past_the_set_are_refused_and_the_others_served(server, client):
    assert client.command("PING") == b"PONG"
    many = []
    try:
        for _ in range(FD_SETSIZE + 20):
            many.append(socket.create_connection((server.host, server.port), LIMIT))
        served = [answers(sock) for sock in many]
        assert all(served[:900])
        assert not any(served[FD_SETSIZE:])
        assert client.command("PING") == b"PONG"
    finally:
        for sock in many:
            sock.close()
    assert client.command("PING") == b"PONG"
