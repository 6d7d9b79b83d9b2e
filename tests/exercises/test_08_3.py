"""Exercise 08-3: a setting for the longest string, with units."""

import pytest

from medusa import encode, run_once

TOO_LONG = b"-ERR Protocol error: invalid bulk length\r\n"


def refuses(client, length):
    """Sends the header of a string, without the string, and expects the end."""
    client.check_closed(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n" % length, TOO_LONG)


@pytest.mark.parametrize(
    "text, size",
    [("65536", 65536), ("64k", 65536), ("65KB", 66560), ("1M", 1048576), ("1mb", 1048576)],
)
def test_a_string_may_be_as_long_as_the_setting_says(start_server, text, size):
    server = start_server(f"--max-value={text}")
    client = server.connect()
    value = b"v" * size
    assert client.command("SET", "k", value) == b"OK"
    assert client.command("GET", "k") == value
    refuses(client, size + 1)


def test_the_variable_works_as_well(start_server):
    client = start_server(env={"MEDUSA_MAX_VALUE": "100k"}).connect()
    refuses(client, 100 * 1024 + 1)


def test_the_limit_still_holds_after_a_request_with_many_words(start_server):
    client = start_server("--max-value", "64k").connect()
    assert client.command("EXISTS", *["k"] * 5000) == 0
    client.send_raw(encode("PING"))
    assert client.read() == b"PONG"
    refuses(client, 65537)


def test_by_default_a_string_may_have_512_mib(client):
    refuses(client, 512 * 1024 * 1024 + 1)


@pytest.mark.parametrize(
    "text",
    [
        "63k",
        "513m",
        "1gb",
        "k",
        "64kk",
        "64 k",
        "-64k",
        "1.5m",
        "0x10000",
        "64kib",
        "9223372036854775808",
        "18014398509482048k",  # 2^64 bytes and 64 KiB
        "17592186044417m",  # 2^64 bytes and 1 MiB
    ],
)
def test_a_size_that_cannot_be_used_stops_the_start(binary, wrapper, text):
    done = run_once(binary, "--port=0", f"--max-value={text}", wrapper=wrapper)
    assert done.returncode == 2
    for part in ("--max-value", f"'{text}'", "64k", "512m"):
        assert part in done.stderr
    assert done.stderr.count("\n") == 1
