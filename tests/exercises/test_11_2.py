"""Exercise 11-2: RANDOMKEY."""


def fill(client, count):
    client.pipeline(*[("SET", f"key:{number}", "v") for number in range(count)])
    return {b"key:%d" % number for number in range(count)}


def test_an_empty_store_answers_null(client):
    assert client.command("RANDOMKEY") is None


def test_a_single_key_is_found(client):
    fill(client, 1)
    assert client.pipeline(*[("RANDOMKEY",)] * 20) == [b"key:0"] * 20


def test_many_keys_come_up_in_turn(client):
    keys = fill(client, 2000)
    drawn = client.pipeline(*[("RANDOMKEY",)] * 400)
    assert set(drawn) <= keys
    assert len(set(drawn)) > 200
    assert drawn[:20] != sorted(drawn[:20])


def test_a_key_that_has_expired_never_comes_up(client):
    client.command("SET", "short", "v", "1")
    assert client.command("RANDOMKEY") in (b"short", None)
    fill(client, 3)
    assert client.command("EXPIRE", "short", "0") in (0, 1)
    assert b"short" not in client.pipeline(*[("RANDOMKEY",)] * 50)


def test_null_comes_back_when_the_last_key_is_gone(client):
    fill(client, 600)
    client.command("DELETE", *[f"key:{number}" for number in range(600)])
    assert client.command("RANDOMKEY") is None


def test_it_takes_no_argument(client):
    error = client.command("RANDOMKEY", "x")
    assert error == b"ERR wrong number of arguments for 'randomkey' command"
