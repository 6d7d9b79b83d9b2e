"""Exercise 03-1: STRLEN."""


def test_strlen_counts_bytes(client):
    client.command("SET", "k", "hello")
    assert client.command("STRLEN", "k") == 5


def test_strlen_does_not_stop_at_a_nul(client):
    client.check(b'SET k "a\\x00b"\r\n', b"+OK\r\n")
    assert client.command("STRLEN", "k") == 3


def test_strlen_of_a_missing_key_is_zero(client):
    assert client.command("STRLEN", "nothing") == 0


def test_strlen_wants_exactly_one_key(client):
    expected = b"ERR wrong number of arguments for 'strlen' command"
    assert client.command("STRLEN") == expected
    assert client.command("STRLEN", "a", "b") == expected
