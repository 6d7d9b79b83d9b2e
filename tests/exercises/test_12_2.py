"""GETEX key seconds: read a value and renew its TTL."""

import pytest


@pytest.mark.parametrize("length", [1, 10, 24, 100, 255, 256, 5000])
@pytest.mark.parametrize("seconds", [(), (50,)], ids=["no TTL", "TTL"])
def test_getex_answers_the_value_and_sets_the_ttl(client, length, seconds):
    value = bytes(i % 251 for i in range(length))
    client.command("SET", "k", value, *seconds)
    assert client.command("GETEX", "k", 1800) == value
    assert client.command("TTL", "k") == 1800
    assert client.command("GET", "k") == value


def test_getex_of_many_keys_answers_each_with_its_own_value(client):
    values = {f"k{i}": f"value number {i}".encode() for i in range(500)}
    client.pipeline(*(("SET", key, value) for key, value in values.items()))
    received = client.pipeline(*(("GETEX", key, 100) for key in values))
    assert received == list(values.values())


def test_getex_of_a_key_that_is_not_there_is_null(client):
    assert client.command("GETEX", "nobody", 100) is None
    assert client.command("EXISTS", "nobody") == 0


@pytest.mark.parametrize("seconds", ["0", "-1", "9223372036854775807"])
def test_a_bad_ttl_is_refused_and_changes_nothing(client, seconds):
    client.command("SET", "k", "v")
    request = f"GETEX k {seconds}\r\n".encode()
    client.check(request, b"-ERR invalid expire time in 'getex' command\r\n")
    assert client.command("TTL", "k") == -1


def test_a_ttl_that_is_no_number_is_refused(client):
    client.command("SET", "k", "v")
    client.check(b"GETEX k soon\r\n", b"-ERR value is not an integer or out of range\r\n")
