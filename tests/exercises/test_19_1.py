"""Exercise 19-1: how often a client had to wait with requests left."""


def yields(client):
    info = client.info("stats")
    assert "total_yields" in info, "INFO stats has no line total_yields"
    return int(info["total_yields"])


def test_nobody_has_yielded_at_the_start(client):
    assert yields(client) == 0


def test_short_requests_do_not_yield(client):
    client.pipeline(*(("PING", n) for n in range(100)))
    assert yields(client) == 0


def test_a_single_list_does_not_yield(client):
    for _ in range(3):
        client.command("LIST")
    assert yields(client) == 0


def test_each_list_with_something_behind_it_yields(client):
    assert client.pipeline(("LIST",), ("LIST",), ("KEYS", "*"), ("LIST",)) == [[]] * 4
    assert yields(client) == 3


def test_a_half_request_behind_a_list_yields_as_well(client):
    client.send_raw(client.encode("LIST") + b"PI")
    assert client.read() == []
    client.check(b"NG\r\n", b"+PONG\r\n")
    assert yields(client) == 1
