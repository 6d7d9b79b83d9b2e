"""Exercise 27-1: GET /health on the metrics port tells whether the server works."""

import re
import signal
import socket

import pytest

from medusa import LIMIT, Client, eventually

pytestmark = pytest.mark.args("--metrics=1", "--metrics-port=0")


def metrics_port(server):
    found = eventually(
        lambda: re.search(r"metrics on http://\S+:(\d+)/metrics\n", server.log_text()),
        "a line in the log that names the metrics port",
    )
    return int(found.group(1))


def ask(server, request):
    """Sends one HTTP request; gives the head as text and the body."""
    with Client(server.host, metrics_port(server), stage=server.stage) as client:
        client.send_raw(request)
        head, _, body = client.read_to_end().partition(b"\r\n\r\n")
    return head.decode(), body


@pytest.mark.parametrize("target", [b"/health", b"/health?full=1"])
def test_a_server_that_works_says_ok(server, target):
    head, body = ask(server, b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target)
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert body == b"ok\n"
    assert "Content-Length: 3" in head and "Connection: close" in head


def test_a_head_request_gets_the_head_alone(server):
    head, body = ask(server, b"HEAD /health HTTP/1.1\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert (body, "Content-Length: 3" in head) == (b"", True)


def test_other_methods_are_refused(server):
    head, _ = ask(server, b"POST /health HTTP/1.1\r\n\r\n")
    assert head.startswith("HTTP/1.1 405 ")
    assert "Allow: GET, HEAD" in head


@pytest.mark.parametrize("target", [b"/healthy", b"/health/", b"/", b"/heal"])
def test_other_paths_are_not_found(server, target):
    for method in (b"GET", b"POST"):
        head, _ = ask(server, method + b" %s HTTP/1.1\r\n\r\n" % target)
        assert head.startswith("HTTP/1.1 404 ")


def test_the_metrics_are_still_there(server):
    head, body = ask(server, b"GET /metrics HTTP/1.1\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert b"medusa_uptime_seconds" in body


def test_a_server_that_stops_does_not_say_ok(server):
    slow = server.connect(receive_buffer=4096)
    slow.command("SET", "k", "v" * 60000)
    slow.send_raw(slow.encode("GET", "k") * 300)
    slow.read_bytes(1)
    port = metrics_port(server)
    server.signal(signal.SIGTERM)

    def is_refused():
        try:
            socket.create_connection((server.host, port), LIMIT).close()
        except ConnectionRefusedError:
            return True
        return False

    eventually(is_refused, "a closed port")
    slow.close()
    assert server.wait() == 0
