"""Exercise 09-1: INFO counts the reads that end in the middle of a request."""

from medusa import encode, eventually


def incomplete_reads(client):
    return int(client.info("stats").get("incomplete_reads", "-1"))


def test_a_request_that_comes_at_once_is_not_counted(server):
    asking = server.connect()
    assert asking.command("PING") == b"PONG"
    assert incomplete_reads(asking) == 0


def test_every_read_that_leaves_a_request_incomplete_is_counted(server):
    slow, asking = server.connect(), server.connect()
    request = encode("SET", "color", "red")
    for count, piece in enumerate((request[:6], request[6:20], request[20:25]), 1):
        slow.send_raw(piece)
        eventually(lambda: incomplete_reads(asking) == count, f"incomplete_reads:{count}")
    slow.send_raw(request[25:])
    assert slow.read() == b"OK"
    assert incomplete_reads(asking) == 3


def test_the_end_of_a_connection_is_not_counted(server):
    gone, asking = server.connect(), server.connect()
    assert gone.command("PING") == b"PONG"
    gone.close()
    eventually(lambda: asking.info("clients")["connected_clients"] == "1", "one client left")
    assert incomplete_reads(asking) == 0
