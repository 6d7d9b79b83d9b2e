"""Exercise 04-3: active expiry that goes on while it is worth it."""

import pytest

from medusa import eventually

KEYS = 20_000


@pytest.fixture
def full(client):
    """A connection to a server in which many keys have just expired, next to a few that stay."""
    client.pipeline(*(("SET", f"stays{i}", "v") for i in range(100)))
    client.pipeline(*(("SET", f"k{i}", "v", 1) for i in range(KEYS)))
    eventually(lambda: client.command("TTL", f"k{KEYS - 1}") == -2, "the keys expire")
    return client


def test_a_wave_of_dead_keys_is_gone_after_500_commands(full):
    assert full.pipeline(*([("COUNT",)] * 500))[-1] == 100


def test_one_slice_is_bounded(full):
    counts = full.pipeline(*([("COUNT",)] * 100))
    most = max(before - after for before, after in zip(counts, counts[1:]))
    assert most <= 1000, f"one slice removed {most} keys"


def test_live_keys_stay(full):
    full.pipeline(*([("COUNT",)] * 500))
    assert full.command("EXISTS", *(f"stays{i}" for i in range(100))) == 100
