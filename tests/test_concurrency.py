"""Many clients at once: none delays, starves or breaks another."""

import errno
import resource
import socket
import threading
import time

import pytest

from medusa import (
    LIMIT,
    MEGABYTE,
    SOON,
    check_nobody_starves,
    encode,
    encode_inline,
    eventually,
    most_in_a_turn,
    wait_for,
)

pytestmark = pytest.mark.since("06-poll")


def fill(client, count, size):
    """Sets `count` keys with values of `size` bytes that fit on a line."""
    client.pipeline(*(["SET", f"big:{n}", "v" * size] for n in range(count)))


def flood(client, request, most=200 * MEGABYTE):
    """Sends a request again and again, and reads nothing, until the server takes no more."""
    block = request * (MEGABYTE // len(request) + 1)
    sent = 0
    while sent < most:
        _, writable = wait_for(client.sock, 0.5, read=False, write=True)
        if not writable:
            return sent
        try:
            sent += client.sock.send(block[sent % len(request) :])
        except BlockingIOError:
            continue
    return sent


# Side by side


def test_fifty_clients_are_served_at_once(server):
    clients = [server.connect() for _ in range(50)]
    for n, client in enumerate(clients):
        client.send("SET", f"k{n}", n)
    assert [client.read() for client in clients] == [b"OK"] * 50
    for n, client in enumerate(reversed(clients)):
        assert client.command("GET", f"k{n}") == b"%d" % n


def test_a_client_that_says_nothing_delays_nobody(server):
    server.connect()
    assert server.connect().command("PING", limit=SOON) == b"PONG"


def test_a_client_in_the_middle_of_a_request_delays_nobody(server):
    slow = server.connect()
    slow.send_raw(b"SET k va")
    assert server.connect().command("GET", "k", limit=SOON) is None
    slow.check(b"lue\r\n", b"+OK\r\n")


def test_all_clients_see_the_same_data(server):
    one, two = server.connect(), server.connect()
    one.command("SET", "k", "v")
    assert two.command("GET", "k") == b"v"
    two.command("DELETE", "k")
    assert one.command("GET", "k") is None


def test_the_replies_of_interleaved_clients_do_not_mix(server):
    clients = [server.connect() for _ in range(10)]
    for turn in range(50):
        for n, client in enumerate(clients):
            client.send("PING", f"{n}:{turn}")
    for n, client in enumerate(clients):
        assert client.read_many(50) == [b"%d:%d" % (n, turn) for turn in range(50)]


def test_quit_closes_only_its_own_connection(server):
    one, two = server.connect(), server.connect()
    one.check_closed(b"QUIT\r\n", b"+OK\r\n")
    assert two.command("PING") == b"PONG"


def test_a_connection_survives_others_coming_and_going(server):
    client = server.connect()
    for n in range(300):
        other = server.connect()
        assert other.command("PING") == b"PONG"
        if n % 2:
            other.reset()
        else:
            other.close()
    assert client.command("PING") == b"PONG"


# Long pipelines and large replies


def test_a_pipeline_of_100_000_requests_is_answered_in_order(client):
    client.send_raw(b"".join(b"PING %d\r\n" % n for n in range(100000)))
    assert client.read_many(100000, 6 * LIMIT) == [b"%d" % n for n in range(100000)]


def test_a_client_that_sends_everything_before_it_reads_gets_every_reply(client):
    fill(client, 1, 60000)
    sent = b"GET big:0\r\n" * 2000
    client.sock.setblocking(True)
    client.sock.settimeout(LIMIT)
    client.sock.sendall(sent)
    client.sock.setblocking(False)
    for _ in range(2000):
        assert len(client.read()) == 60000


def test_a_half_closed_client_gets_every_reply(server):
    client = server.connect(receive_buffer=4096)
    fill(client, 1, 60000)
    client.send_raw(b"GET big:0\r\n" * 200 + b"PING\r\n")
    client.close_sending_side()
    reply = b"$60000\r\n" + b"v" * 60000 + b"\r\n"
    assert client.read_to_end() == reply * 200 + b"+PONG\r\n"


def test_a_reply_read_in_small_pieces_is_whole(server):
    client = server.connect(receive_buffer=2048)
    fill(client, 1, 60000)
    client.send_raw(b"GET big:0\r\n" * 20)
    received = bytearray()
    while len(received) < 20 * 60010:
        readable, _ = wait_for(client.sock, LIMIT)
        assert readable
        received += client.sock.recv(997)
    assert received == (b"$60000\r\n" + b"v" * 60000 + b"\r\n") * 20


def test_requests_behind_a_list_are_answered_in_order(client):
    pings = [["PING", n] for n in range(40)]
    echoes = [b"%d" % n for n in range(40)]
    client.command("SET", "k", "v")
    for before in (0, 1, 15, 16, 17, 40):
        requests = [*pings[:before], ["LIST"], *pings, ["LIST"], ["LIST"], *pings]
        expected = [*echoes[:before], [b"k"], *echoes, [b"k"], [b"k"], *echoes]
        assert client.pipeline(*requests) == expected


def test_a_long_list_is_whole(client):
    client.pipeline(*(["SET", f"key:{n}", n] for n in range(20000)))
    assert len(set(client.command("LIST"))) == 20000


# Clients that do not read


def test_a_client_that_never_reads_delays_nobody(server):
    client = server.connect()
    fill(client, 1, 60000)
    flood(server.connect(receive_buffer=4096), b"GET big:0\r\n")
    for _ in range(20):
        assert client.command("PING", limit=SOON) == b"PONG"


@pytest.mark.plain_build
def test_a_client_that_never_reads_costs_bounded_memory(server):
    client = server.connect()
    fill(client, 1, 60000)
    before = server.memory()
    flood(server.connect(receive_buffer=4096), b"GET big:0\r\n")
    assert client.command("PING") == b"PONG"
    assert server.memory() - before < 160 * MEGABYTE  # 64 MiB, and room for a buffer that doubles


def test_a_client_that_reads_late_gets_every_reply(server):
    client = server.connect()
    fill(client, 1, 60000)
    count = 3000  # 180 MB of replies: far over the limit of pending output
    client.send_raw(b"PING first\r\n")
    assert client.read() == b"first"
    sender = threading.Thread(target=client.sock.sendall, args=(b"GET big:0\r\n" * count,))
    client.sock.settimeout(LIMIT)
    sender.start()
    sender.join()
    assert server.connect().command("PING") == b"PONG"
    client.sock.setblocking(False)
    for _ in range(count):
        assert len(client.read()) == 60000
    assert client.command("PING", "last") == b"last"


def test_a_client_that_goes_with_replies_pending_harms_nobody(server):
    client = server.connect()
    fill(client, 1, 60000)
    for _ in range(5):
        stuck = server.connect(receive_buffer=4096)
        stuck.send_raw(b"GET big:0\r\n")
        flood(stuck, b"GET big:0\r\n", most=MEGABYTE)
        stuck.reset()
    assert client.command("PING", limit=SOON) == b"PONG"


# Fairness


@pytest.mark.parametrize(
    "request_line, keys",
    [
        (b"PING\r\n", 10),
        (b"GET big:0\r\n", 10),
        pytest.param(b"LIST\r\n", 10000, marks=pytest.mark.since("19-fair-turns")),
        pytest.param(b"KEYS *z*z*z\r\n", 10000, marks=pytest.mark.since("19-fair-turns")),
    ],
    ids=["ping", "get", "list", "keys"],
)
def test_an_endless_pipeline_starves_nobody(server, request_line, keys):
    client = server.connect()
    fill(client, keys, 100)
    check_nobody_starves(server, client, request_line * 5000)


@pytest.mark.since("27-metrics")
@pytest.mark.parametrize(
    "requests",
    [
        b"LIST\r\n",
        b"KEYS a*\r\n",
        b"INFO memory\r\n",
        pytest.param(b"SCAN 0 MATCH a*\r\n", marks=pytest.mark.since("28-scan")),
        pytest.param(b"RANDOMKEY\r\n", marks=pytest.mark.since("28-scan")),
        pytest.param(b"COMMAND INFO get\r\n", marks=pytest.mark.since("29-one-table")),
        pytest.param(b"COMMAND DOCS get\r\n", marks=pytest.mark.since("29-one-table")),
        pytest.param(b"CLIENT LIST\r\n", marks=pytest.mark.since("30-administration")),
        pytest.param(b"RENAME a b\r\nRENAMENX b a\r\n", marks=pytest.mark.since("final")),
        pytest.param(b"EXPIRE a 9\r\nPERSIST a\r\n", marks=pytest.mark.since("final")),
        pytest.param(b"SETRANGE a 9 b\r\nDEL a\r\n", marks=pytest.mark.since("final")),
    ],
    ids=lambda requests: requests.split()[0].decode().lower(),
)
def test_a_command_that_may_take_long_ends_the_turn(server, client, requests):
    client.command("SET", "a", "v")
    assert most_in_a_turn(server, requests) <= 10  # and not some hundreds


# Descriptors


@pytest.mark.since("07-config")
def test_descriptor_exhaustion_is_survived(server):
    first = server.connect()
    assert first.command("PING") == b"PONG"
    # As low as the descriptors in use: the next accept() must fail.
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (16, 16))
    waiting = [server.connect() for _ in range(30)]
    for client in waiting:
        client.send("PING")
    served = []

    def count_served():
        for client in waiting:
            if client not in served and not client.receives_nothing(0) and not client.ended:
                served.append(client)
        return len(served)

    eventually(lambda: count_served() > 0, "service for the first of 30 clients")
    assert first.command("PING", limit=SOON) == b"PONG"

    before, start = server.cpu_seconds(), time.monotonic()
    assert first.receives_nothing(0.5)
    assert server.cpu_seconds() - before < (time.monotonic() - start) / 2

    assert count_served() < 30
    for client in waiting:
        client.close()
    eventually(server.serves_newcomers, "service once descriptors are free")
    assert first.command("PING", limit=SOON) == b"PONG"


def test_connections_beyond_the_backlog_are_served_in_the_end(server):
    clients = []
    try:
        for _ in range(80):
            client = server.connect()
            client.send_raw(encode_inline("PING"))
            clients.append(client)
    except socket.timeout as error:
        raise AssertionError("the server does not accept") from error
    assert [client.read() for client in clients] == [b"PONG"] * 80


def test_a_connection_can_be_closed_before_it_is_accepted(server):
    for _ in range(50):
        raw = socket.socket()
        raw.setblocking(False)
        assert raw.connect_ex((server.host, server.port)) in (0, errno.EINPROGRESS)
        raw.close()
    assert server.connect().command("PING") == b"PONG"


@pytest.mark.since("08-binary-protocol")
def test_who_has_ended_gets_the_replies_to_all_requests_that_had_to_wait(server, client):
    value = b"x" * 100_000
    client.command("SET", "k", value)
    client.send_raw(encode("GET", "k") * 1000)  # more than may be pending, so some wait
    client.close_sending_side()
    assert len(client.read_to_end()) == 1000 * len(b"$100000\r\n" + value + b"\r\n")
