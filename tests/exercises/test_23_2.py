"""Exercise 23-2: EXEC says which request has spoiled the transaction, and why."""

START = b"EXECABORT Transaction discarded because of request "
MEGABYTE = 1048576


def verdict(client, *requests):
    """Runs a transaction; returns what EXEC answers."""
    return client.pipeline(["MULTI"], *requests, ["EXEC"])[-1]


def test_the_first_error_is_named_with_its_place(client):
    assert verdict(client, ["NOSUCH"]) == START + b"1: unknown command"
    assert (
        verdict(client, ["SET", "k", "v"], ["GET"], ["PING"])
        == START + b"2: wrong number of arguments"
    )
    assert verdict(client, *[["PING"]] * 99, ["NOSUCH"]) == START + b"100: unknown command"
    assert client.command("COUNT") == 0


def test_later_errors_do_not_count(client):
    received = verdict(client, ["PING"], ["GET"], ["NOSUCH"], ["PING"], ["GET", "a", "b"])
    assert received == START + b"2: wrong number of arguments"


def test_a_queue_that_is_too_long_is_named(client):
    client.command("MULTI")
    for _ in range(4):
        assert client.command("SET", "k", "v" * 15 * MEGABYTE) == b"QUEUED"
    assert client.command("SET", "k", "v" * 15 * MEGABYTE).startswith(b"ERR more than 64 MiB")
    assert client.command("NOSUCH").startswith(b"ERR unknown command")
    assert client.command("EXEC") == START + b"5: more than 64 MiB"


def test_the_next_transaction_knows_nothing_of_it(client):
    assert verdict(client, ["NOSUCH"]) == START + b"1: unknown command"
    assert verdict(client, ["SET", "k", "v"], ["GET", "k"]) == [b"OK", b"v"]
    assert verdict(client, ["PING"], ["NOSUCH"]) == START + b"2: unknown command"


def test_a_line_that_cannot_be_read_is_named(client):
    client.send_raw(b'MULTI\r\nPING\r\nPING "x\r\nEXEC\r\n')
    assert client.read_many(4)[-1] == START + b"2: a line that cannot be read"


def test_what_is_not_queued_is_not_counted(client):
    received = verdict(client, ["PING"], ["MULTI"], ["NOSUCH"])
    assert received == START + b"2: unknown command"
