"""Exercise 07-2: at the limit, a client that has been silent for a second makes room."""

import time

TOO_MANY = b"-ERR max number of clients reached\r\n"


def test_the_client_that_was_silent_longest_makes_room(start_server):
    server = start_server("--max-connections", "2")
    first, second = server.connect(), server.connect()
    assert first.command("PING") == b"PONG"
    assert second.command("PING") == b"PONG"
    time.sleep(1.2)
    assert second.command("PING") == b"PONG"
    third = server.connect()
    assert third.command("PING") == b"PONG"
    assert first.read_to_end() == b""
    assert second.command("PING") == b"PONG"


def test_nobody_who_was_active_just_now_is_thrown_out(start_server):
    server = start_server("--max-connections", "2")
    start = time.monotonic()
    clients = [server.connect() for _ in range(2)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 2
    received = server.connect().read_bytes(len(TOO_MANY), limit=2)
    if time.monotonic() - start < 0.9:  # otherwise they have been silent, on a busy machine
        assert received == TOO_MANY
