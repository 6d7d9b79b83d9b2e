"""Exercise 06-2: INFO counts the clients that have replies to read, and stops counting them."""

from medusa import eventually

VALUE = "v" * 60000
REPLY = b"$60000\r\n" + VALUE.encode() + b"\r\n"
COUNT = 400  # replies, 24 MB: more than the buffers of both kernels' ends hold


def waiting(client):
    return client.info("clients").get("waiting_clients")


def ask_without_reading(server):
    """Connects a client that has asked for a lot and reads nothing."""
    client = server.connect(receive_buffer=4096)
    client.sock.sendall(b"GET big\r\n" * COUNT)
    return client


def test_a_client_that_reads_everything_is_counted_and_then_not(server, client):
    client.command("SET", "big", VALUE)
    assert waiting(client) == "0"
    reader = ask_without_reading(server)
    eventually(lambda: waiting(client) == "1", "waiting_clients:1")
    assert reader.read_bytes(COUNT * len(REPLY)) == REPLY * COUNT
    eventually(lambda: waiting(client) == "0", "waiting_clients:0")


def test_a_client_that_vanishes_is_not_counted_any_more(server, client):
    client.command("SET", "big", VALUE)
    readers = [ask_without_reading(server) for _ in range(2)]
    eventually(lambda: waiting(client) == "2", "waiting_clients:2")
    for reader in readers:
        reader.reset()
    eventually(lambda: waiting(client) == "0", "waiting_clients:0")
