"""Stage 01: every byte that a client sends comes back to it."""

import pytest

pytestmark = pytest.mark.until("01-echo-server", "from stage 02 on the bytes are requests")


@pytest.mark.parametrize(
    "data",
    [b"hello\n", b"no newline", b"\0", bytes(range(256)), b"GET k\r\n", b"x" * 65537],
    ids=["line", "no-newline", "nul", "all-bytes", "request", "64k"],
)
def test_the_bytes_come_back(client, data):
    client.check(data, data)


def test_bytes_sent_one_at_a_time_come_back(client):
    for byte in b"one at a time":
        client.check(bytes([byte]), bytes([byte]))


def test_ten_megabytes_come_back(client):
    data = bytes(range(256)) * 40960
    client.check(data, data)


def test_a_client_that_closes_its_sending_side_gets_everything_back(client):
    client.send_raw(b"last words")
    client.close_sending_side()
    assert client.read_to_end() == b"last words"


def test_the_connection_stays_open_between_messages(client):
    client.check(b"one", b"one")
    assert client.receives_nothing(0.1)
    client.check(b"two", b"two")


def test_the_server_closes_when_the_client_has_closed(client):
    client.close_sending_side()
    assert client.read_to_end() == b""
