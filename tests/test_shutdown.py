"""The end of a server: signals, what is still answered, and how long it takes."""

import signal
import socket
import threading
import time

import pytest

from medusa import LIMIT, eventually

pytestmark = pytest.mark.since("06-poll")

REFINED = pytest.mark.since("20-draining")
FLUSH_LIMIT = 5  # seconds that replies may take to leave


def refuses_connections(server):
    try:
        socket.create_connection((server.host, server.port), LIMIT).close()
    except OSError:
        return True
    return False


def stuck_client(server):
    """Returns a client with megabytes of replies that it does not read."""
    client = server.connect(receive_buffer=4096)
    client.send("SET", "k", "v" * 60000)
    assert client.read() == b"OK"
    client.send_raw(b"GET k\r\n" * 300)
    assert client.read_bytes(1) == b"$"
    return client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_signal_ends_the_server_with_status_0(server, number):
    server.connect().command("SET", "k", "v")
    server.signal(number)
    assert server.wait() == 0


def test_the_end_closes_every_connection(server):
    clients = [server.connect() for _ in range(20)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 20
    clients[0].send_raw(b"SET k va")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert [client.read_to_end() for client in clients] == [b""] * 20


def test_idle_clients_do_not_delay_the_end(server):
    clients = [server.connect() for _ in range(5)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 5
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert time.monotonic() - start < LIMIT / 4


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGPIPE], ids=["hup", "pipe"])
def test_a_signal_that_is_not_fatal_is_survived(server, number):
    client = server.connect()
    assert client.command("PING") == b"PONG"
    for _ in range(3):
        server.signal(number)
        assert client.command("PING") == b"PONG"
    assert server.connect().command("PING") == b"PONG"


def test_writing_to_a_client_that_has_gone_is_survived(server):
    for _ in range(10):
        client = server.connect()
        client.send_raw(b"PING\r\n" * 1000)
        client.close()
    assert server.connect().command("PING") == b"PONG"


@REFINED
def test_what_was_received_before_the_signal_is_answered(server):
    clients = [server.connect() for _ in range(10)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 10
    server.signal(signal.SIGSTOP)  # so that the requests wait in the kernel's buffers
    for n, client in enumerate(clients):
        client.send_raw(b"".join(client.encode("PING", f"{n}:{i}") for i in range(100)))
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    for n, client in enumerate(clients):
        assert client.read_many(100) == [b"%d:%d" % (n, i) for i in range(100)]
        assert client.read_to_end() == b""
    assert server.wait() == 0


@REFINED
def test_replies_that_are_pending_are_still_delivered(server):
    client = stuck_client(server)
    server.signal(signal.SIGTERM)
    reply = b"$60000\r\n" + b"v" * 60000 + b"\r\n"
    assert b"$" + client.read_to_end() == reply * 300
    assert server.wait() == 0


@REFINED
def test_the_server_ends_under_load_and_breaks_no_reply(server):
    clients = [server.connect() for _ in range(4)]
    stop = threading.Event()
    received = {}

    def work(client):
        data = b""
        while not stop.is_set() and not client.ended:
            client.send_raw(client.encode("PING", "x" * 10) * 20)
            data += client.read_bytes(20 * 17)
        received[client] = data + client.read_to_end()

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    eventually(lambda: all(len(client.transcript) > 10 for client in clients), "some load")
    server.signal(signal.SIGTERM)
    status = server.wait()
    stop.set()
    for thread in threads:
        thread.join()
    assert status == 0
    for data in received.values():
        assert data == b"$10\r\nxxxxxxxxxx\r\n" * (len(data) // 17)


@REFINED
def test_a_client_that_does_not_read_delays_the_end_for_5_seconds_at_most(server):
    client = stuck_client(server)
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    assert server.wait(FLUSH_LIMIT + LIMIT) == 0
    assert time.monotonic() - start < FLUSH_LIMIT + LIMIT / 4
    client.close()


@REFINED
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_second_signal_ends_the_server_at_once_with_status_1(server, second):
    client = stuck_client(server)
    server.signal(signal.SIGTERM)
    eventually(lambda: refuses_connections(server), "the end of the listening socket")
    start = time.monotonic()
    server.signal(second)
    assert server.wait() == 1
    assert time.monotonic() - start < FLUSH_LIMIT / 2
    server.expected_status = 1
    client.close()


@REFINED
def test_no_new_client_is_accepted_while_replies_leave(server):
    client = stuck_client(server)
    server.signal(signal.SIGTERM)
    eventually(lambda: refuses_connections(server), "the end of the listening socket")
    client.close()
    assert server.wait() == 0


@REFINED
def test_requests_after_the_signal_are_not_waited_for(server):
    client = server.connect()
    client.send_raw(client.encode("SET", "k", "v")[:-2])
    other = server.connect()
    assert other.command("PING") == b"PONG"
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    assert client.read_to_end() == b""
    assert server.wait() == 0
    assert time.monotonic() - start < LIMIT / 4


@REFINED
def test_who_has_called_before_the_signal_is_answered(server):
    first = server.connect()
    assert first.command("PING") == b"PONG"
    server.signal(signal.SIGSTOP)  # so that the calls wait in the kernel's queue
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.send("PING", "early")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    assert [client.read_to_end() for client in clients] == [b"$5\r\nearly\r\n"] * 20
    assert first.read_to_end() == b""
    assert server.wait() == 0


@REFINED
def test_all_who_have_called_before_the_signal_are_answered(start_server):
    server = start_server("--max-connections=200")
    server.signal(signal.SIGSTOP)
    clients = [server.connect() for _ in range(200)]  # several rounds of accepting
    for client in clients:
        client.send("PING", "early")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    assert [client.read_to_end() for client in clients] == [b"$5\r\nearly\r\n"] * 200
    assert server.wait() == 0
