"""Exercise 31-1: INCREX key seconds counts, and gives a new counter an end."""

from medusa import Error, encode, eventually

BAD_TIME = b"ERR invalid expire time in 'increx' command"


def test_a_new_counter_gets_a_deadline(client):
    assert client.command("INCREX", "k", 100) == 1
    assert 99 <= client.command("TTL", "k") <= 100


def test_an_old_deadline_stays(client):
    client.command("SET", "k", 41, "EX", 1000)
    assert client.command("INCREX", "k", 5) == 42
    assert client.command("TTL", "k") > 900


def test_a_counter_that_has_none_gets_one(client):
    client.command("SET", "k", 41)
    assert client.command("INCREX", "k", 100) == 42
    assert 99 <= client.command("TTL", "k") <= 100


def test_after_the_end_it_starts_again(client):
    assert client.command("INCREX", "k", 1) == 1
    assert client.command("INCREX", "k", 1000) == 2
    eventually(lambda: client.command("EXISTS", "k") == 0, "the end of the counter")
    assert client.command("INCREX", "k", 1000) == 1


def test_a_bad_time_changes_nothing(client):
    for seconds in ("0", "-1", "9223372036854775807"):
        reply = client.command("INCREX", "k", seconds)
        assert isinstance(reply, Error) and reply == BAD_TIME
    reply = client.command("INCREX", "k", "soon")
    assert reply == b"ERR value is not an integer or out of range"
    assert client.command("EXISTS", "k") == 0


def test_what_is_no_number_is_left_alone(client):
    client.command("SET", "k", "text")
    reply = client.command("INCREX", "k", 100)
    assert isinstance(reply, Error) and reply == b"ERR value is not an integer or out of range"
    assert client.pipeline(["GET", "k"], ["TTL", "k"]) == [b"text", -1]


def test_the_other_counters_are_as_before(client):
    client.command("SET", "k", 1, "EX", 1000)
    assert client.pipeline(["INCR", "k"], ["DECRBY", "k", 5]) == [2, -3]
    assert client.command("INCRBYFLOAT", "k", "0.5") == b"-2.5"
    assert client.command("TTL", "k") > 900
    client.check(encode("INCR", "new") + encode("TTL", "new"), b":1\r\n:-1\r\n")
