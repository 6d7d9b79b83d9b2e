"""Exercise 22-1: INFO says how resident and requested memory compare."""

import re

from medusa import eventually


def memory(client):
    """Gives requested and resident bytes and the ratio, as text, from one reply."""
    info = client.info("memory")
    ratio = info.get("mem_fragmentation_ratio", "")
    return int(info["used_memory"]), int(info["used_memory_rss"]), ratio


def test_the_ratio_is_that_of_the_two_figures_beside_it(client):
    used, rss, ratio = memory(client)
    assert ratio == f"{rss / used:.2f}"


def test_it_has_two_decimals_and_follows_the_data(client):
    empty = memory(client)[2]
    for start in range(0, 50000, 10000):
        client.pipeline(*(["SET", n, "v" * 100] for n in range(start, start + 10000)))
    used, rss, full = memory(client)
    assert re.fullmatch(r"\d+\.\d\d", full)
    assert full == f"{rss / used:.2f}"
    assert float(full) < float(empty)
    client.command("CLEAR")
    eventually(lambda: float(memory(client)[2]) > float(full), "a larger ratio without data")
