"""Exercise 09-2: MEDUSA_MAX_REQUEST bounds what one client may make the server keep."""

import pytest

from medusa import encode, eventually

pytestmark = pytest.mark.env(MEDUSA_MAX_REQUEST="100000")
TOO_BIG = b"-ERR Protocol error: too big request\r\n"


def test_a_request_over_the_limit_is_refused_and_the_client_closed(server):
    big, asking = server.connect(), server.connect()
    request = encode("SET", "k", b"v" * 200000)
    big.send_raw(request[:100000])

    def all_is_read():
        return int(asking.info("stats")["total_net_input_bytes"]) > 100000

    eventually(all_is_read, "100,000 bytes read")
    big.send_raw(request[100000:100001])
    assert big.read_bytes(len(TOO_BIG), limit=2) == TOO_BIG
    assert big.read_to_end() == b""
    assert asking.command("EXISTS", "k") == 0


def test_a_request_within_the_limit_is_served(client):
    assert client.command("SET", "k", b"v" * 90000) == b"OK"
    assert client.command("GET", "k") == b"v" * 90000


def test_many_small_requests_may_be_longer_than_the_limit_together(client):
    requests = [("SET", "k", b"v" * 1000)] * 300
    assert client.pipeline(*requests) == [b"OK"] * 300
