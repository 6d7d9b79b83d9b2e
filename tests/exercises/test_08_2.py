"""Exercise 08-2: the two bytes behind a string must be CRLF, and those behind a number."""

import pytest

WRONG_END = b"-ERR Protocol error: expected CRLF after bulk string\r\n"
WRONG_COUNT = b"-ERR Protocol error: invalid multibulk length\r\n"
WRONG_LENGTH = b"-ERR Protocol error: invalid bulk length\r\n"


def refuses(client, request, error):
    """Expects the error and then the end; any other reply fails at once."""
    client.check(request, error)
    assert client.read_to_end() == b""


@pytest.mark.parametrize("end", [b"xx", b"\r\r", b"\n\n", b"\n\r", b"x\n", b"\rx"], ids=repr)
def test_a_string_that_does_not_end_where_it_said_is_refused(client, end):
    refuses(client, b"*1\r\n$4\r\nPING" + end, WRONG_END)


def test_data_behind_a_wrong_length_is_never_run(server, client):
    other = server.connect()
    other.command("SET", "k", "v")
    request = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\ndata\r\nCLEAR\r\n"
    refuses(client, request, WRONG_END)
    assert other.command("EXISTS", "k") == 1


@pytest.mark.parametrize(
    "header, error",
    [
        pytest.param(b"*1\rx$4\r\nPING\r\n", WRONG_COUNT, id="count"),
        pytest.param(b"*+1\rx$4\r\nPING\r\n", WRONG_COUNT, id="odd count"),
        pytest.param(b"*1\r\n$4\rxPING\r\n", WRONG_LENGTH, id="length"),
        pytest.param(b"*-1\rxPING\r\n", WRONG_COUNT, id="negative count"),
    ],
)
def test_a_number_must_end_in_crlf(client, header, error):
    refuses(client, header, error)


def test_right_requests_are_read_byte_by_byte_as_before(client):
    request = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
    client.send_bytewise(request)
    assert client.read_many(2) == [b"OK", b"\r\n\r\n"]
