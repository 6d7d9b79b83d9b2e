"""Exercise 19-3: a turn ends after a MiB of replies."""

import signal

import pytest

VALUE = b"v" * 60000


def fill(server):
    """Returns a connection to a server that has a long value at `big`."""
    client = server.connect()
    assert client.command("SET", "big", VALUE) == b"OK"
    return client


def run_before_a_guest(server, client, requests):
    """Lets `client` send all at once, and a guest ask right behind it what has been run then."""
    guest = server.connect()
    assert guest.command("PING") == b"PONG"
    before = int(guest.info("stats")["total_commands_processed"]) + 1
    server.signal(signal.SIGSTOP)  # so that both are ready in the same wait
    client.send_raw(b"".join(client.encode(*words) for words in requests))
    guest.send("INFO", "stats")
    server.signal(signal.SIGCONT)
    lines = guest.read().decode().split("\r\n")
    counts = dict(line.split(":") for line in lines if ":" in line)
    return int(counts["total_commands_processed"]) - before


def test_a_guest_waits_for_a_mebibyte_of_replies_at_most(server):
    client = fill(server)
    for _ in range(3):  # the guest may be first by chance
        run = run_before_a_guest(server, client, [("GET", "big")] * 300)
        assert run <= 40, f"{run} values of 60 KB were answered before the guest had its turn"
        assert client.read_many(300) == [VALUE] * 300


def test_short_requests_stay_together(server):
    client = fill(server)
    requests = [("PING", n) for n in range(500)]
    run = run_before_a_guest(server, client, requests)
    assert client.read_many(500) == [b"%d" % n for n in range(500)]
    assert run == 500 or run == 0, f"the guest had its turn after {run} of 500"


@pytest.mark.parametrize("count", [1, 17, 18, 19, 100])
def test_no_reply_is_lost_or_comes_twice(server, count):
    client = fill(server)
    requests = [("GET", "big")] * count + [("PING", "end")]
    assert client.pipeline(*requests) == [VALUE] * count + [b"end"]
    assert client.receives_nothing(0.1)


def test_a_half_closed_client_gets_every_reply(server):
    client = fill(server)
    client.send_raw(client.encode("GET", "big") * 100)
    client.close_sending_side()
    assert client.read_to_end() == (b"$60000\r\n" + VALUE + b"\r\n") * 100


@pytest.mark.plain_build
def test_a_client_that_does_not_read_is_still_paused(server):
    client = fill(server)
    before = server.memory()
    stuck = server.connect(receive_buffer=4096)
    stuck.send_raw(client.encode("GET", "big") * 4000)  # 240 MB
    assert client.command("PING") == b"PONG"
    assert client.receives_nothing(0.5)
    assert server.memory() - before < 160 * 1048576
