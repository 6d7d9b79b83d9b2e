"""Exercise 28-2: RANDOMKEY is fair, however the keys are spread over the table."""

import pytest


def fill(client, count):
    for at in range(0, count, 4000):
        client.pipeline(*[("SET", f"key:{n}", "v") for n in range(at, min(at + 4000, count))])


def in_order(client):
    """Gives all keys in the order of their hashes."""
    cursor, found = b"0", []
    while not found or cursor != b"0":
        cursor, keys = client.command("SCAN", cursor, "COUNT", "300")
        found += keys
    return found


def draw(client, draws):
    times = {}
    for at in range(0, draws, 2000):
        for name in client.pipeline(*[["RANDOMKEY"]] * 2000):
            times[name] = times.get(name, 0) + 1
    return times


def share(times, names):
    """Gives the part of all draws that fell on some keys."""
    return sum(times.get(name, 0) for name in names) / sum(times.values())


def test_the_keys_behind_a_large_gap_are_not_preferred(client):
    fill(client, 20_000)
    keys = in_order(client)
    client.command("DELETE", *keys[:10_000])
    left = keys[10_000:]
    times = draw(client, 10_000)
    assert set(times) <= set(left)
    assert share(times, left[:1000]) < 0.2  # a tenth of the keys


def test_few_keys_in_one_half_are_drawn_as_often_as_each_of_many_in_the_other(client):
    fill(client, 20_000)
    keys = in_order(client)
    client.command("DELETE", *keys[1000:10_000])
    few = keys[:1000]
    times = draw(client, 10_000)
    assert 0.05 < share(times, few) < 0.15  # an eleventh of the keys


@pytest.mark.parametrize("count", [1, 2, 100, 5000])
def test_all_of_a_plain_store_is_drawn(client, count):
    fill(client, count)
    times = draw(client, 10_000)
    assert len(times) > 0.7 * count
    assert max(times.values()) < 10_000 / count + 10 * (10_000 / count) ** 0.5 + 10


def test_a_few_keys_are_found_where_many_were(client):
    fill(client, 20_000)
    keys = in_order(client)
    client.command("DELETE", *keys[3:])
    assert set(draw(client, 2000)) == set(keys[:3])
    client.command("DELETE", *keys)
    assert client.command("RANDOMKEY") is None


def test_one_end_of_the_order_may_be_all_that_is_left(client):
    fill(client, 20_000)
    keys = in_order(client)
    client.command("DELETE", *keys[:-500])
    times = draw(client, 4000)
    assert set(times) <= set(keys[-500:])
    assert len(times) > 400
