"""used_memory in INFO: the bytes that the slabs' users asked for."""

import pytest


def used(client):
    return int(client.info("memory")["used_memory"])


@pytest.mark.parametrize("length", [1, 12, 255, 256, 4000, 5000, 100000])
def test_a_key_is_counted_while_it_is_there(client, length):
    before = used(client)
    client.command("SET", "user:1", "v" * length)
    header = 3 if length <= 255 else 9
    assert used(client) - before == header + 6 + length
    client.command("DELETE", "user:1")
    assert used(client) == before


def test_a_ttl_costs_eight_bytes(client):
    client.command("SET", "user:1", "12")
    before = used(client)
    client.command("EXPIRE", "user:1", 100)
    assert used(client) - before == 8


def test_a_value_that_is_replaced_is_counted_once(client):
    client.command("SET", "k", "v" * 100)
    before = used(client)
    for length in (10, 5000, 10, 100):
        client.command("SET", "k", "v" * length)
    assert used(client) == before


def test_clear_gives_everything_back(client):
    before = used(client)
    client.pipeline(*(("SET", f"k{i}", "v" * (i % 300)) for i in range(5000)))
    assert used(client) > before + 5000 * 100
    client.command("CLEAR")
    assert used(client) == before
