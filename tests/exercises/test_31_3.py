"""Exercise 31-3: a snapshot file keeps the data from one run to the next."""

import signal

import pytest

from medusa import run_once


@pytest.fixture
def path(tmp_path):
    """The name of a snapshot that is not there yet."""
    return tmp_path / "snapshot"


def stop(server, client=None):
    """Ends a server in good order and waits until it has gone."""
    if client is None:
        server.signal(signal.SIGTERM)
    else:
        client.send("SHUTDOWN")
    assert server.wait() == 0


@pytest.mark.parametrize("command", [True, False], ids=["shutdown", "sigterm"])
def test_the_data_are_there_again(start_server, path, command):
    server = start_server("--snapshot", str(path))
    client = server.connect()
    client.pipeline(*[("SET", f"k{n}", b"\r\n\0%d" % n) for n in range(3000)])
    client.pipeline(["SET", "", ""], ["SET", "large", "x" * 3_000_000])
    stop(server, client if command else None)
    client = start_server(env={"MEDUSA_SNAPSHOT": str(path)}).connect()
    assert client.command("DBSIZE") == 3002
    assert client.command("GET", "k2999") == b"\r\n\0002999"
    assert client.pipeline(["GET", ""], ["STRLEN", "large"]) == [b"", 3_000_000]


def test_deadlines_are_kept_to_the_millisecond(start_server, path):
    server = start_server("--snapshot", str(path))
    client = server.connect()
    client.pipeline(["SET", "k", "v", "PXAT", 4102444800123], ["SET", "stays", "v"])
    client.pipeline(["SET", "ended", "v", "PXAT", 1])
    stop(server)
    client = start_server("--snapshot", str(path)).connect()
    deadlines = client.pipeline(["PEXPIRETIME", "k"], ["PEXPIRETIME", "stays"])
    assert deadlines == [4102444800123, -1]
    assert client.command("EXISTS", "ended") == 0


def test_the_file_is_one_of_requests(start_server, path):
    server = start_server("--snapshot", str(path))
    server.connect().command("SET", "k", "v")
    stop(server)
    assert path.read_bytes() == b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
    assert [file.name for file in path.parent.glob("snapshot*")] == ["snapshot"]


def test_a_removed_key_does_not_come_back(start_server, path):
    for command in (["SET", "k", "v"], ["DEL", "k"]):
        server = start_server("--snapshot", str(path))
        server.connect().command(*command)
        stop(server)
    assert start_server("--snapshot", str(path)).connect().command("DBSIZE") == 0


def test_without_the_setting_nothing_is_written(start_server, path):
    server = start_server()
    server.connect().command("SET", "k", "v")
    stop(server)
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n", b"*2\r\n$3\r\nSET\r\n$1\r\nk\r\n", b"\0\1\2",
     b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*1\r\n$8\r\nSHUTDOWN\r\n"],
    ids=["cut", "short", "other", "command"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_stops_the_start(binary, path, content):
    path.write_bytes(content)
    done = run_once(binary, "--snapshot", str(path), "--port", "0")
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and str(path) in lines[0]
    assert path.read_bytes() == content
