"""Exercise 24-2: clients in version 3 are told that the server is about to stop."""

import signal

PUSH = b">1\r\n$8\r\nshutdown\r\n"


def test_a_client_in_version_3_is_told(server, client):
    client.command("HELLO", "3")
    server.signal(signal.SIGTERM)
    assert client.read_to_end() == PUSH


def test_a_client_in_version_2_gets_nothing(server, client):
    other, back = server.connect(), server.connect()
    other.command("HELLO", "3")
    back.command("HELLO", "3")
    back.command("HELLO", "2")
    assert client.command("PING") == b"PONG"
    server.signal(signal.SIGTERM)
    assert client.read_to_end() == b""
    assert back.read_to_end() == b""
    assert other.read_to_end() == PUSH


def test_it_stands_between_two_replies_of_a_long_output(server):
    client = server.connect(receive_buffer=4096)
    client.command("SET", "k", "v" * 2000000)
    client.command("HELLO", "3")
    client.send("GET", "k")
    assert client.read_bytes(10) == b"$2000000\r\n"  # the rest waits to be read
    server.signal(signal.SIGTERM)
    assert client.read_to_end() == b"v" * 2000000 + b"\r\n" + PUSH


def test_what_was_sent_before_is_still_answered(server, client):
    client.command("HELLO", "3")
    client.send_raw(b"PING\r\n" * 3)
    server.signal(signal.SIGTERM)
    received = client.read_to_end()
    assert received.replace(PUSH, b"", 1) == b"+PONG\r\n" * 3
    assert PUSH in received
