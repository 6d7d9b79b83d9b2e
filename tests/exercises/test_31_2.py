"""Exercise 31-2: DELIFEQ key value removes a key only if it has this value."""

from medusa import encode, eventually


def test_the_owner_releases_its_lock(client):
    client.command("SET", "lock", "me", "NX", "EX", 100)
    assert client.command("DELIFEQ", "lock", "me") == 1
    assert client.command("EXISTS", "lock") == 0


def test_nobody_else_does(client):
    client.command("SET", "lock", "me", "NX", "EX", 100)
    for value in ("you", "m", "mee", "ME", ""):
        assert client.command("DELIFEQ", "lock", value) == 0
    assert client.command("GET", "lock") == b"me"
    assert client.command("TTL", "lock") > 90


def test_a_missing_key_is_not_removed(client):
    assert client.command("DELIFEQ", "nothing", "") == 0


def test_a_lock_that_has_ended_is_not_released(client):
    client.command("SET", "lock", "me", "PX", 50)
    eventually(lambda: client.command("EXISTS", "lock") == 0, "the end of the lock")
    assert client.command("DELIFEQ", "lock", "me") == 0


def test_values_are_compared_as_bytes(client):
    client.command("SET", "k", b"a\0b")
    assert client.command("DELIFEQ", "k", b"a\0c") == 0
    assert client.command("DELIFEQ", "k", b"a") == 0
    assert client.command("DELIFEQ", "k", b"a\0b") == 1


def test_it_takes_two_words(client):
    error = b"-ERR wrong number of arguments for 'delifeq' command\r\n"
    client.check(encode("DELIFEQ", "k") + encode("DELIFEQ", "k", "v", "w"), error * 2)
