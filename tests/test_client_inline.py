"""medusa-client --inline: text lines, for every stage from the first one on."""

import socket

import pytest

from test_client import FakeServer, run
from terminal import ENTER, Terminal, ctrl


def echo(connection):
    """Sends back what comes, as the first stage does."""
    while True:
        data = connection.recv(65536)
        if not data:
            return
        connection.sendall(data)


def test_a_line_tool_answers_with_the_same_line(client_binary):
    done = run(client_binary, FakeServer(echo).port, "--inline", "hello", "world")
    assert (done.stdout, done.stderr, done.returncode) == (b"hello world\n", b"", 0)


@pytest.mark.parametrize("line", ["+OK", "-ERR no", ":1", "$5", "*2", "it's", '"open', "a\tb"])
def test_an_echo_that_looks_like_a_reply_is_printed_as_it_came(client_binary, line):
    done = run(client_binary, FakeServer(echo).port, "--inline", stdin=f"{line}\nx\n".encode())
    assert (done.stdout.decode(), done.stderr, done.returncode) == (f"{line}\nx\n", b"", 0)


def test_an_empty_line_is_not_sent_as_no_server_has_to_answer_it(client_binary):
    done = run(client_binary, FakeServer(echo).port, "--inline", stdin=b"a\n\n \nb\n")
    assert done.stdout == b"a\nb\n"


def test_the_prompt_works_with_a_line_tool(client_binary, tmp_path):
    port = FakeServer(echo).port
    env = {"HOME": str(tmp_path)}
    with Terminal(client_binary, "-p", str(port), "--inline", env=env) as terminal:
        terminal.wait_for_line(f"127.0.0.1:{port}>")
        terminal.type("it's +1", ENTER)
        terminal.wait_for_lines(f"127.0.0.1:{port}> it's +1", "it's +1", f"127.0.0.1:{port}>")
        terminal.type(ctrl("d"))
        assert terminal.wait_for_end() == 0


def test_a_line_longer_than_a_packet_is_echoed_whole(client_binary):
    line = b"x" * 200_000
    done = run(client_binary, FakeServer(echo).port, "--inline", stdin=line)
    assert done.stdout == line + b"\n"


def test_a_server_that_takes_lines_only_is_recognized(client_binary):
    def lines_only(connection):
        reader = connection.makefile("rb")
        for line in reader:
            connection.sendall(b"-ERR unknown command '%s'\r\n" % line.strip())

    done = run(client_binary, FakeServer(lines_only).port, "PING")
    assert done.returncode == 1
    assert b"use --inline" in done.stderr


@pytest.mark.since("02-hash-map")
def test_a_server_is_driven_with_lines(server, client_binary):
    done = run(client_binary, server.port, "--inline", stdin=b"SET k v\nGET k\nGET none\n")
    assert (done.stdout, done.stderr, done.returncode) == (b"OK\nv\n\n", b"", 0)
    done = run(client_binary, server.port, "--inline", "--no-raw", "GET", "none")
    assert done.stdout == b"(nil)\n"
    done = run(client_binary, server.port, "--inline", "NOSUCH")
    assert done.returncode == 1
    assert done.stderr.startswith(b"ERR unknown command")


@pytest.mark.since("03-commands")
def test_words_that_need_quotes_get_them(server, client_binary):
    words = ["a b", "it's", 'say "x"', "back\\slash \t", "", "line\nend", "é"]
    for word in words:
        run(client_binary, server.port, "--inline", "SET", word, word)
        done = run(client_binary, server.port, "--inline", "GET", word)
        assert done.stdout.decode() == word + "\n"


@pytest.mark.until("01-echo-server", "later stages answer with replies")
def test_the_echo_stage_is_a_line_tool(server, client_binary):
    with socket.create_connection(("127.0.0.1", server.port)):
        pass
    done = run(client_binary, server.port, "--inline", "hello")
    assert done.stdout == b"hello\n"
