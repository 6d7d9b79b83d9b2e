"""Exercise 22-2: INFO says how many commands a second were run lately."""

import time

from medusa import eventually


def rate(client):
    return int(client.info("stats").get("instantaneous_ops_per_sec", -1))


def test_a_busy_second_shows_and_passes(client):
    assert rate(client) >= 0

    def is_busy():
        client.pipeline(*[["PING"]] * 500)
        return rate(client) > 200

    eventually(is_busy, "more than 200 commands a second")
    # A look costs a command as well, so look seldom.
    for _ in range(4):
        time.sleep(1.1)
        if rate(client) <= 5:
            return
    raise AssertionError("the rate of a busy second is still there after some idle ones")


def test_the_rate_never_exceeds_what_was_run(client):
    start = time.monotonic()
    client.pipeline(*[["PING"]] * 3000)
    seen = 0
    while time.monotonic() < start + 1.5:
        time.sleep(0.1)
        seen = max(seen, rate(client))
    assert 0 < seen <= 3020
