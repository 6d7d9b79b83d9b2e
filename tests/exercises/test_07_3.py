"""Exercise 07-3: a request must be complete within the timeout from its first byte on."""

import time


def test_a_client_that_sends_a_byte_now_and_then_is_closed(start_server):
    server = start_server("--timeout", "1")
    client = server.connect()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        client.send_raw(b"x")
        if not client.receives_nothing(0.2):
            break
    else:
        raise AssertionError("after 4 s of one byte now and then the connection is still open")
    assert client.read_to_end() == b""
    assert server.connect().info("stats")["timed_out_connections"] == "1"


def test_a_client_that_completes_its_requests_stays(start_server):
    server = start_server("--timeout", "1")
    client = server.connect()
    end = time.monotonic() + 1.8
    while time.monotonic() < end:
        client.send_raw(b"PI")
        time.sleep(0.15)
        client.check(b"NG\r\nPI", b"+PONG\r\n")
        time.sleep(0.15)
        client.check(b"NG\r\n", b"+PONG\r\n")
