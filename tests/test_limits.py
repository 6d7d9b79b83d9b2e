"""Limits: connections, memory, and who may connect."""

import resource
import signal
import time

import pytest

from medusa import LIMIT, MEGABYTE, SLOWNESS, Client, Error, eventually, outside_address

pytestmark = pytest.mark.since("07-config")

PROTECTED_MODE = pytest.mark.since("22-protected-mode")
MEMORY_LIMIT = pytest.mark.since("21-memory-limit")
TOO_MANY = b"-ERR max number of clients reached\r\n"
OVER_LIMIT = b"OOM command not allowed when used memory > 'maxmemory'."
NO_MEMORY = b"OOM out of memory, nothing was changed"
TIMEOUT = max(2, round(2 * SLOWNESS))  # seconds that a test can tell from the machine's own delays


def address_space(megabytes):
    """Returns a function that limits the address space of the process it runs in."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))

    return limit


# Connections


def test_a_client_too_many_is_told_so_and_closed(start_server):
    server = start_server("--max-connections=3")
    clients = [server.connect() for _ in range(3)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 3
    assert server.connect().read_to_end() == TOO_MANY
    assert [client.command("PING") for client in clients] == [b"PONG"] * 3


def test_a_client_too_many_that_has_already_spoken_gets_the_reason(start_server):
    server = start_server("--max-connections=1")
    assert server.connect().command("PING") == b"PONG"
    for _ in range(20):
        with server.connect() as client:
            client.send_raw(b"PING\r\n")
            assert client.read_to_end() == TOO_MANY


def test_a_place_is_free_again_when_a_client_has_gone(start_server):
    server = start_server(env={"MEDUSA_MAX_CONNECTIONS": "2"})
    first, second = server.connect(), server.connect()
    assert [first.command("PING"), second.command("PING")] == [b"PONG"] * 2
    first.close()
    eventually(server.serves_newcomers, "a place for a new client")
    assert second.command("PING") == b"PONG"


def exchange(server, clients):
    """Lets all clients go and as many call, in one and the same wait of the server."""
    assert [client.command("PING") for client in clients] == [b"PONG"] * len(clients)
    server.signal(signal.SIGSTOP)
    for client in clients:
        client.close()
    callers = [server.connect() for _ in clients]
    server.signal(signal.SIGCONT)
    return callers


def test_callers_find_the_places_that_others_leave_at_the_same_time(start_server):
    server = start_server("--max-connections=50")
    clients = [server.connect() for _ in range(50)]
    for _ in range(5):
        clients = exchange(server, clients)
    assert [client.command("PING") for client in clients] == [b"PONG"] * 50


def test_callers_find_the_places_of_others_after_a_lack_of_descriptors(start_server):
    server = start_server("--max-connections=50")
    clients = [server.connect() for _ in range(49)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 49
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (16, hard))
    clients.append(server.connect())
    assert clients[-1].receives_nothing(0.3)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
    # The server has to watch for callers anew, in whatever order that leaves.
    for _ in range(5):
        clients = exchange(server, clients)
    assert [client.command("PING") for client in clients] == [b"PONG"] * 50


def test_a_hundred_clients_fit_by_default(server):
    clients = [server.connect() for _ in range(100)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 100
    assert server.connect().read_to_end() == TOO_MANY


def test_more_clients_than_descriptors_allow_are_made_possible_or_explained(start_server):
    def few_descriptors():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    server = start_server("--max-connections=200", preexec_fn=few_descriptors)
    clients = [server.connect() for _ in range(200)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 200


# A client that does not take its replies


@MEMORY_LIMIT
def test_a_client_whose_output_makes_no_progress_is_dropped(start_server):
    server = start_server("--timeout=1")
    client, stuck = server.connect(), server.connect(receive_buffer=4096)
    client.command("SET", "k", "v" * 3000000)
    stuck.send_raw(b"GET k\r\n" * 20)
    assert client.info()["connected_clients"] == "2"
    # Asking again and again keeps the first connection from being idle.
    eventually(lambda: client.info()["connected_clients"] == "1", "the end of the stuck one")


@pytest.mark.plain_build
def test_replies_that_are_read_slowly_arrive_whole_and_take_bounded_memory(server):
    client = server.connect()
    value = bytes(range(97, 123)) * 2300  # 59,800 bytes
    client.command("SET", "k", value)
    before = server.memory()
    count = 4000  # 240 MB of replies: what was sent must not stay in memory, either
    client.send_raw(client.encode("GET", "k") * count)
    for n in range(count):
        assert client.read() == value
        if n % 50 == 0:
            # 64 MiB, and room for a buffer that doubles.
            assert server.memory() - before < 160 * MEGABYTE


def test_a_client_that_reads_slowly_is_not_taken_for_one_that_does_not_read(start_server):
    server = start_server(f"--timeout={TIMEOUT}")
    client, slow = server.connect(), server.connect(receive_buffer=65536)
    client.command("SET", "k", "v" * 60000)
    slow.send_raw(b"GET k\r\n" * 400)
    # So slowly that the kernel's buffer gets by far not a third emptier within the timeout.
    pause, end = TIMEOUT / 40, time.monotonic() + 2.5 * TIMEOUT
    while time.monotonic() < end:
        assert len(slow.read_bytes(10000)) == 10000
        assert client.info()["stuck_connections"] == "0"
        time.sleep(pause)
    assert client.info()["connected_clients"] == "2"


# Requests that the server comes to late


def check_a_late_server(server, keep_busy=lambda: None):
    """Stops the server for longer than the timeout while the requests of two clients wait."""
    clients = [server.connect(), server.connect()]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 2
    keep_busy()
    server.signal(signal.SIGSTOP)
    for client in clients:
        client.send("SET", "k", "v")
    time.sleep(1.3 * TIMEOUT)
    server.signal(signal.SIGCONT)
    assert [client.read() for client in clients] == [b"OK"] * 2
    assert clients[0].info()["timed_out_connections"] == "0"


def test_who_asks_while_the_server_is_stopped_was_not_silent(start_server):
    check_a_late_server(start_server(f"--timeout={TIMEOUT}"))


@pytest.mark.since("16-epoll")
def test_who_asks_while_a_server_with_poll_is_stopped_was_not_silent(start_server):
    # Here the wait ends with the requests, not with EINTR: they are read before the tick.
    check_a_late_server(start_server(f"--timeout={TIMEOUT}", "--event-loop=poll"))


def test_who_asks_while_a_command_takes_long_was_not_silent(start_server):
    server = start_server(f"--timeout={TIMEOUT}")
    busy = server.connect()
    busy.command("SET", "a" * 45000, "v")

    def keep_busy():
        # A quarter of a second for a fast machine; being stopped in the middle makes it long.
        busy.send("KEYS", "*" + "a" * 22500 + "b")
        time.sleep(0.1)

    check_a_late_server(server, keep_busy)
    assert busy.read() == []


# Many clients that time out at once


def test_a_crowd_that_times_out_together_leaves_while_others_are_served(start_server):
    server = start_server("--max-connections=1000", "--timeout=1")
    client = server.connect()
    crowd = [server.connect() for _ in range(600)]

    def all_have_left():
        assert client.command("PING") == b"PONG"
        return client.info()["timed_out_connections"] == "600"

    eventually(all_have_left, "the end of 600 silent clients")
    assert [silent.read_to_end() for silent in crowd] == [b""] * 600
    assert client.info()["connected_clients"] == "1"


# The memory of the system


def fill_the_memory(client, value):
    """Sets keys until the server has no memory for one; returns how many were stored.

    The server may close the connection then: it cannot find the end of a request that it has no
    room for.
    """
    for n in range(1000):
        reply = client.command("SET", f"key:{n}", value)
        if reply != b"OK":
            assert isinstance(reply, Error) and reply == NO_MEMORY
            return n
    raise AssertionError("there was no end of memory")


@pytest.mark.since("08-binary-protocol")
@pytest.mark.plain_build
def test_without_memory_the_server_says_so_and_loses_nothing(start_server):
    server = start_server(preexec_fn=address_space(96))
    client, other = server.connect(), server.connect()
    stored = fill_the_memory(client, "v" * 300000)
    assert stored > 20
    assert other.command("COUNT") == stored
    # The replies below need memory, too.
    assert other.command("DELETE", *(f"key:{n}" for n in range(stored - 10, stored))) == 10
    for n in range(stored - 10):
        assert other.command("GET", f"key:{n}") == b"v" * 300000


@pytest.mark.since("08-binary-protocol")
@pytest.mark.plain_build
def test_after_a_delete_there_is_memory_again(start_server):
    server = start_server(preexec_fn=address_space(96))
    client, other = server.connect(), server.connect()
    stored = fill_the_memory(client, "v" * 500000)
    assert other.command("DELETE", *(f"key:{n}" for n in range(stored))) == stored
    assert other.command("SET", "again", "v" * 500000) == b"OK"
    assert other.command("GET", "again") == b"v" * 500000


@pytest.mark.since("08-binary-protocol")
@pytest.mark.plain_build
def test_a_set_without_memory_leaves_the_old_value(start_server):
    server = start_server(preexec_fn=address_space(96))
    client, other = server.connect(), server.connect()
    other.command("SET", "k", "old", 10_000)
    fill_the_memory(client, "v" * 500000)
    with server.connect() as unlucky:
        assert unlucky.command("SET", "k", "w" * 5000000) == NO_MEMORY
    value, ttl = other.pipeline(["GET", "k"], ["TTL", "k"])
    assert value == b"old" and 10_000 - 10 * LIMIT < ttl <= 10_000


@MEMORY_LIMIT
@pytest.mark.plain_build
def test_a_request_larger_than_the_memory_is_refused(start_server):
    server = start_server(preexec_fn=address_space(96))
    client, other = server.connect(), server.connect()
    other.command("SET", "k", "v")
    client.send("SET", "big", b"v" * 200 * MEGABYTE)
    reply = client.read(3 * LIMIT)
    assert isinstance(reply, Error) and reply.startswith(b"OOM ")
    assert other.pipeline(["GET", "k"], ["EXISTS", "big"]) == [b"v", 0]


@MEMORY_LIMIT
@pytest.mark.plain_build
def test_a_reply_larger_than_the_memory_harms_nobody(start_server):
    server = start_server(preexec_fn=address_space(96))
    client, other = server.connect(), server.connect()
    client.command("SET", "k", "v" * 5000000)
    client.send_raw(client.encode("GET", "k") * 50)
    client.close_sending_side()
    assert other.command("PING") == b"PONG"
    reply = b"$5000000\r\n" + b"v" * 5000000 + b"\r\n"
    received = client.read_to_end(3 * LIMIT)
    whole = len(received) // len(reply)
    assert received.startswith(reply)
    assert received[: whole * len(reply)] == reply * whole
    assert other.command("GET", "k") == b"v" * 5000000


# The limit of the data


def fill_to_the_limit(client):
    """Sets keys of 10 kB until one is refused; returns how many were stored."""
    for n in range(10000):
        reply = client.command("SET", f"key:{n}", "v" * 10000)
        if reply != b"OK":
            assert reply == OVER_LIMIT
            return n
    raise AssertionError("no limit")


@MEMORY_LIMIT
@pytest.mark.env(MEDUSA_MAX_MEMORY="1mb")
def test_a_write_over_the_limit_is_refused(server, client):
    stored = fill_to_the_limit(client)
    assert 40 < stored < 105
    assert client.command("COUNT") == stored
    assert client.command("GET", "key:0") == b"v" * 10000
    assert client.command("SET", "small", "v" * 100000) == OVER_LIMIT
    assert client.command("EXISTS", "small") == 0


@MEMORY_LIMIT
@pytest.mark.env(MEDUSA_MAX_MEMORY="1mb")
def test_deleting_makes_room_below_the_limit(server, client):
    stored = fill_to_the_limit(client)
    assert client.command("DELETE", "key:0", "key:1") == 2
    assert client.command("SET", "new", "v" * 10000) == b"OK"
    assert client.command("CLEAR") == b"OK"
    assert eventually(lambda: fill_to_the_limit(client) >= stored - 2, "all of the room")


@MEMORY_LIMIT
@pytest.mark.args("--max-memory=1mb")
def test_reading_and_expiring_work_at_the_limit(server, client):
    fill_to_the_limit(client)
    assert client.pipeline(["EXPIRE", "key:0", 1], ["TTL", "key:1"]) == [1, -1]
    eventually(lambda: client.command("SET", "new", "v" * 9000) == b"OK", "room after an expiry")


@MEMORY_LIMIT
@pytest.mark.env(MEDUSA_MAX_MEMORY="1mb")
def test_a_value_can_be_replaced_by_one_that_fits(server, client):
    fill_to_the_limit(client)
    assert client.command("SET", "key:0", "v" * 100) == b"OK"
    assert client.command("GET", "key:0") == b"v" * 100


# Who may connect


@PROTECTED_MODE
@pytest.mark.network
def test_an_outside_address_is_refused_while_there_is_no_password(start_server):
    server = start_server("--host=0.0.0.0")
    with Client(outside_address(), server.port) as client:
        received = client.read_to_end()
    assert received.startswith(b"-DENIED ") and received.endswith(b"\r\n")
    assert b"MEDUSA_PASSWORD" in received or b"password" in received.lower()


@PROTECTED_MODE
@pytest.mark.network
def test_an_outside_address_is_served_without_protected_mode(start_server):
    server = start_server("--host=0.0.0.0", "--protected-mode=no")
    with Client(outside_address(), server.port) as client:
        assert client.command("PING") == b"PONG"


@PROTECTED_MODE
def test_a_loopback_address_is_served_in_protected_mode(start_server):
    server = start_server("--host=0.0.0.0")
    with Client("127.0.0.1", server.port) as client:
        assert client.command("PING") == b"PONG"


@PROTECTED_MODE
def test_a_refused_client_costs_nobody_a_place(start_server):
    server = start_server("--max-connections=1")
    first = server.connect()
    assert first.command("PING") == b"PONG"
    start = time.monotonic()
    for _ in range(10):
        assert server.connect().read_to_end() == TOO_MANY
    assert time.monotonic() - start < LIMIT
    assert first.command("PING") == b"PONG"


@pytest.mark.plain_build
def test_a_flood_of_clear_piles_up_no_memory(server, client):
    before = server.memory()
    for _ in range(10):
        client.send_raw(b"CLEAR\r\n" * 10000)
        assert client.read_many(10000) == [b"OK"] * 10000
    assert server.memory() - before < 20 * MEGABYTE
