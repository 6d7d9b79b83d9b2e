"""Exercise 27-3: a histogram of how long each round of the loop took, without its wait."""

import re
import time

import pytest

from medusa import SLOWNESS, Client, eventually

pytestmark = pytest.mark.args("--metrics=1", "--metrics-port=0")

NAME = "medusa_loop_busy_seconds"
BOUNDS = [1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, float("inf")]


def scrape(server):
    """Gives the text of /metrics."""
    found = eventually(
        lambda: re.search(r"metrics on http://\S+:(\d+)/metrics\n", server.log_text()),
        "a line in the log that names the metrics port",
    )
    with Client(server.host, int(found.group(1)), stage=server.stage) as client:
        client.send_raw(b"GET /metrics HTTP/1.1\r\n\r\n")
        return client.read_to_end().partition(b"\r\n\r\n")[2].decode()


def rounds(server):
    """Gives the buckets as {bound: count}, the sum and the count."""
    text = scrape(server)
    assert f"# TYPE {NAME} histogram\n" in text
    pairs = re.findall(rf'^{NAME}_bucket{{le="([^"]+)"}} (\d+)$', text, re.MULTILINE)
    total = re.search(rf"^{NAME}_sum (\S+)$", text, re.MULTILINE)
    count = re.search(rf"^{NAME}_count (\d+)$", text, re.MULTILINE)
    assert pairs and total and count
    return {float(le): int(n) for le, n in pairs}, float(total[1]), int(count[1])


def test_it_is_a_histogram_with_the_bounds_of_the_others(server):
    buckets, total, count = rounds(server)
    assert list(buckets) == BOUNDS
    assert list(buckets.values()) == sorted(buckets.values())
    assert buckets[float("inf")] == count
    assert total >= 0


def test_rounds_are_counted_and_waiting_is_not_in_their_time(server, client):
    assert client.command("PING") == b"PONG"
    _, total, count = rounds(server)
    time.sleep(1)  # nearly all of it is spent waiting
    _, later_total, later_count = rounds(server)
    assert later_count >= count + 3
    assert later_total - total < 0.5 * SLOWNESS


def test_a_slow_command_makes_a_long_round(server, client):
    for start in range(0, 20000, 5000):
        client.pipeline(*(["SET", f"key:{n}", "v"] for n in range(start, start + 5000)))
    before, _, count = rounds(server)
    for _ in range(20):
        client.command("KEYS", "none*")
    after, _, later_count = rounds(server)
    longer = (later_count - after[3e-5]) - (count - before[3e-5])
    assert longer >= 20


def test_the_other_histograms_are_as_they_were(server, client):
    client.pipeline(["PING"], ["PING"])
    text = scrape(server)
    name = "medusa_command_duration_seconds"
    assert f'{name}_bucket{{command="ping",le="1"}} 2\n' in text
    assert f'{name}_bucket{{command="ping",le="+Inf"}} 2\n' in text
    assert f'{name}_count{{command="ping"}} 2\n' in text
    assert re.search(rf'^{name}_sum{{command="ping"}} \d\S*$', text, re.MULTILINE)
