"""Exercise 23-1: INFO says how many clients are in a transaction."""

from medusa import eventually


def count(client):
    return client.info("clients").get("clients_in_transaction")


def test_it_is_zero_without_transactions(client):
    assert count(client) == "0"
    assert client.pipeline(["MULTI"], ["PING"], ["EXEC"])[-1] == [b"PONG"]
    assert count(client) == "0"


def test_each_client_counts_once_until_its_transaction_ends(server, client):
    others = [server.connect() for _ in range(5)]
    for other in others:
        other.pipeline(["MULTI"], ["SET", "k", "v"], ["MULTI"])
    eventually(lambda: count(client) == "5", "five transactions")
    assert others[0].command("EXEC") == [b"OK"]
    assert others[1].command("DISCARD") == b"OK"
    eventually(lambda: count(client) == "3", "three transactions")
    assert others[2].command("NOSUCH").startswith(b"ERR unknown command")
    assert count(client) == "3"
    assert others[2].command("EXEC").startswith(b"EXECABORT")
    eventually(lambda: count(client) == "2", "two transactions")


def test_a_client_that_goes_counts_no_more(server, client):
    for leave in ("close", "reset"):
        other = server.connect()
        assert other.command("MULTI") == b"OK"
        eventually(lambda: count(client) == "1", "a transaction")
        getattr(other, leave)()
        eventually(lambda: count(client) == "0", "the end of it")
    other = server.connect()
    assert other.pipeline(["MULTI"], ["QUIT"]) == [b"OK", b"OK"]
    eventually(lambda: count(client) == "0", "the end of it")
