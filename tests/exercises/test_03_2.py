"""Exercise 03-2: MGET."""


def test_mget_answers_in_the_order_asked(client):
    client.command("SET", "a", "1")
    client.command("SET", "b", "2")
    assert client.command("MGET", "b", "a") == [b"2", b"1"]


def test_mget_answers_null_for_a_missing_key(client):
    client.command("SET", "a", "1")
    client.check(b"MGET x a x\r\n", b"*3\r\n$-1\r\n$1\r\n1\r\n$-1\r\n")


def test_mget_answers_a_key_named_twice_twice(client):
    client.command("SET", "a", "1")
    assert client.command("MGET", "a", "a") == [b"1", b"1"]


def test_mget_wants_at_least_one_key(client):
    assert client.command("MGET") == b"ERR wrong number of arguments for 'mget' command"
