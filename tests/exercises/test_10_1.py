"""Exercise 10-1: MEDUSA_HASH_SECRET makes runs repeatable."""

import pytest

from medusa import run_once

SECRET = "000102030405060708090a0b0c0d0e0f"
OTHER = "000102030405060708090a0b0c0d0e10"


def order(server):
    client = server.connect()
    client.pipeline(*[("SET", f"key:{number}", "v") for number in range(200)])
    keys = client.command("LIST")
    assert sorted(keys) == sorted(b"key:%d" % number for number in range(200))
    return keys


def test_the_same_secret_gives_the_same_order(start_server):
    servers = [start_server(env={"MEDUSA_HASH_SECRET": SECRET}) for _ in range(2)]
    first, second = map(order, servers)
    assert second == first


def test_a_secret_that_differs_in_one_bit_gives_another_order(start_server):
    first = order(start_server(env={"MEDUSA_HASH_SECRET": SECRET}))
    assert order(start_server("--hash-secret", OTHER)) != first


def test_without_a_secret_it_is_random(start_server):
    assert order(start_server()) != order(start_server())


@pytest.mark.parametrize("secret", ["00", "0x" + 30 * "0", 33 * "0", 31 * "0" + "g"])
def test_what_is_no_secret_stops_the_start(binary, secret):
    result = run_once(binary, env={"MEDUSA_HASH_SECRET": secret, "MEDUSA_PORT": "0"}, limit=2)
    assert result.returncode == 2
    assert "MEDUSA_HASH_SECRET" in result.stderr
