"""Exercise 01-1: one line on standard error for each client."""

from medusa import eventually


def own_address(client):
    """Gives the address of our side of a connection, as the server should print it."""
    return "%s:%d" % client.sock.getsockname()


def test_each_client_is_announced_with_its_address(server):
    for _ in range(3):
        with server.connect() as client:
            client.check(b"hello", b"hello")
            line = f"medusa: {own_address(client)} connected"
            eventually(lambda: line in server.log_text().splitlines(), line, limit=2)


def test_the_line_is_not_on_standard_output(server):
    with server.connect() as client:
        client.check(b"hello", b"hello")
        eventually(lambda: own_address(client) in server.log_path.read_text(), "the line", limit=2)
        assert own_address(client) not in server.out_path.read_text()
