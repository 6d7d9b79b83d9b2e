"""Exercise 07-1: the log says where a client comes from."""

import re

from medusa import eventually


def lines(server, port):
    pattern = rf" debug client \d+: connected from 127\.0\.0\.1:{port}$"
    return re.findall(pattern, server.log_text(), re.MULTILINE)


def test_the_debug_log_has_the_address_of_each_client(start_server):
    server = start_server("--log-level", "debug")
    for _ in range(3):
        client = server.connect()
        port = client.sock.getsockname()[1]
        assert client.command("PING") == b"PONG"
        eventually(lambda port=port: len(lines(server, port)) == 1, f"a line with port {port}")


def test_the_info_log_does_not_have_it(server, client):
    assert client.command("PING") == b"PONG"
    assert f":{client.sock.getsockname()[1]}" not in server.log_text()
