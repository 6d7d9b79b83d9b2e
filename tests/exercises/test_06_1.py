"""Exercise 06-1: INFO shows the most clients that were connected at once."""


def peak(client):
    return client.info("clients").get("peak_clients")


def test_info_shows_the_peak_of_clients(server):
    first = server.connect()
    assert peak(first) == "1"
    others = [server.connect() for _ in range(4)]
    for other in others:
        assert other.command("PING") == b"PONG"
    assert peak(first) == "5"


def test_the_peak_stays_when_clients_leave(server):
    first = server.connect()
    second = server.connect()
    assert second.command("PING") == b"PONG"
    assert second.command("QUIT") == b"OK"
    assert second.read_to_end() == b""
    assert peak(first) == "2"
    third = server.connect()
    assert third.command("PING") == b"PONG"
    assert peak(first) == "2"
