"""Exercise 15-1: INFO tells how many removed keys wait to be freed."""

from medusa import encode, eventually

KEYS = 200_000


def pending(client):
    return client.info("stats").get("lazyfree_pending_objects")


def fill(client):
    for start in range(0, KEYS, 10_000):
        client.pipeline(*(("SET", f"key:{n}", "v") for n in range(start, start + 10_000)))


def test_info_shows_how_many_keys_wait_and_they_become_none(client):
    assert pending(client) == "0"
    fill(client)
    client.send_raw(encode("CLEAR") + encode("INFO", "stats"))
    assert client.read() == b"OK"
    lines = client.read().decode().splitlines()
    (shown,) = [line for line in lines if line.startswith("lazyfree_pending_objects:")]
    assert 0 < int(shown.split(":")[1]) <= KEYS
    eventually(lambda: pending(client) == "0", "no key that waits to be freed")


def test_clearing_nothing_leaves_nothing_waiting(client):
    client.pipeline(*[("CLEAR",)] * 20)
    eventually(lambda: pending(client) == "0", "no key that waits to be freed")
