"""Exercise 02-1: APPEND adds to a value and answers its new length."""


def test_append_to_a_missing_key_stores_the_value(client):
    client.check(b"APPEND k hello\r\n", b":5\r\n")
    client.check(b"GET k\r\n", b"$5\r\nhello\r\n")


def test_append_adds_at_the_end(client):
    client.check(b"SET k one\r\nAPPEND k ,two\r\nappend k ,three\r\n", b"+OK\r\n:7\r\n:13\r\n")
    client.check(b"GET k\r\n", b"$13\r\none,two,three\r\n")


def test_a_value_may_grow_far_past_the_length_of_a_line(client):
    piece = b"0123456789" * 5000
    for count in range(1, 21):
        client.check(b"APPEND k " + piece + b"\r\n", b":%d\r\n" % (count * len(piece)))
    received = client.command("GET", "k")
    assert received == piece * 20


def test_other_keys_are_not_touched(client):
    client.check(b"SET a 1\r\nSET b 2\r\nAPPEND a x\r\n", b"+OK\r\n+OK\r\n:2\r\n")
    client.check(b"GET b\r\n", b"$1\r\n2\r\n")


def test_append_wants_a_key_and_a_value(client):
    error = b"-ERR wrong number of arguments for 'append' command\r\n"
    client.check(b"APPEND\r\nAPPEND k\r\nAPPEND k v w\r\n", error * 3)
