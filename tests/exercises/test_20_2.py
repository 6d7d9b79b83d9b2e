"""Exercise 20-2: SHUTDOWN."""

import signal

import pytest


def test_shutdown_answers_and_ends_the_server_with_status_0(server):
    client = server.connect()
    assert client.command("SHUTDOWN") == b"OK"
    assert client.read_to_end() == b""
    assert server.wait() == 0


def test_requests_before_shutdown_are_answered_and_those_behind_it_are_not_run(server):
    client = server.connect()
    client.check_closed(b"SET k 1\r\nGET k\r\nSHUTDOWN\r\nPING\r\n", b"+OK\r\n$1\r\n1\r\n+OK\r\n")
    assert server.wait() == 0


def test_what_other_clients_have_sent_is_answered(server):
    one, two = server.connect(), server.connect()
    assert one.command("PING") == two.command("PING") == b"PONG"
    server.signal(signal.SIGSTOP)  # so that everything waits in the kernel's buffers
    one.send("SHUTDOWN")
    two.send_raw(b"".join(two.encode("PING", n) for n in range(100)))
    server.signal(signal.SIGCONT)
    assert one.read() == b"OK"
    assert two.read_many(100) == [b"%d" % n for n in range(100)]
    assert two.read_to_end() == b""
    assert server.wait() == 0


def test_shutdown_takes_no_argument(client):
    expected = b"ERR wrong number of arguments for 'shutdown' command"
    assert client.command("SHUTDOWN", "now") == expected
    assert client.command("PING") == b"PONG"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_signal_behind_shutdown_ends_the_server_at_once(server, number):
    stuck = server.connect(receive_buffer=4096)
    assert stuck.command("SET", "k", "v" * 60000) == b"OK"
    stuck.send_raw(b"GET k\r\n" * 300)
    assert stuck.read_bytes(1) == b"$"
    other = server.connect()
    assert other.command("SHUTDOWN") == b"OK"
    assert other.read_to_end() == b""  # closed by the drain or just before it
    while "stopping" not in server.log_text():
        assert server.is_running()
    server.signal(number)
    server.expected_status = 1
    assert server.wait(3) == 1
