"""Exercise 20-3: a client that still sends while it is closed is listened to for a while."""

import signal
import socket
import time

from medusa import LIMIT, eventually

BAD = b"*1\r\n$-5\r\n"
ERROR = b"-ERR Protocol error: invalid bulk length\r\n"


def connect(server):
    sock = socket.create_connection((server.host, server.port), LIMIT)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def receive_all(sock):
    """Reads to the end of the stream; fails where the connection was reset instead."""
    received = b""
    while True:
        try:
            some = sock.recv(65536)
        except ConnectionResetError:
            raise AssertionError(f"the connection was reset behind {received!r}") from None
        if not some:
            return received
        received += some


def send_late(sock, seconds):
    """Goes on sending for that long, in pieces; tells whether the connection held."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            sock.sendall(b"more of the same\r\n" * 10)
        except (ConnectionResetError, BrokenPipeError):
            return False
        time.sleep(0.02)
    return True


def test_a_client_that_goes_on_sending_behind_an_error_is_not_reset(server):
    with connect(server) as sock:
        sock.sendall(BAD)
        assert send_late(sock, 0.3), "the server has reset the connection"
        assert receive_all(sock) == ERROR


def test_a_client_that_goes_on_sending_behind_quit_is_not_reset(server):
    with connect(server) as sock:
        sock.sendall(b"PING\r\nQUIT\r\n")
        assert send_late(sock, 0.3), "the server has reset the connection"
        assert receive_all(sock) == b"+PONG\r\n+OK\r\n"


def test_the_count_of_clients_comes_down_again(server):
    observer = server.connect()
    for _ in range(5):
        with connect(server) as sock:
            sock.sendall(b"QUIT\r\n")
            assert receive_all(sock) == b"+OK\r\n"
    silent = connect(server)
    silent.sendall(BAD)
    assert receive_all(silent) == ERROR  # and it does not close its side

    def is_alone():
        return observer.info("clients")["connected_clients"] == "1"

    eventually(is_alone, "a count of one client")
    silent.close()


def test_a_client_that_never_stops_sending_is_dropped_in_the_end(server):
    with connect(server) as sock:
        sock.sendall(BAD)
        assert not send_late(sock, 4), "it was still listened to after 4 s"


def test_a_lingering_client_delays_nobody(server):
    with connect(server) as sock:
        sock.sendall(BAD)
        client = server.connect()
        for n in range(100):
            assert client.command("PING", n) == b"%d" % n


def test_a_lingering_client_does_not_delay_the_end_of_the_server(server):
    with connect(server) as sock:
        sock.sendall(b"QUIT\r\n")
        assert receive_all(sock) == b"+OK\r\n"
        start = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - start < LIMIT / 4
