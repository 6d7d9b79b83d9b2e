"""Exercise 02-3: no single SET pays for the growth of the whole table."""

import statistics
import time

import pytest

KEYS = 530000  # the table grows at 524,288 for the last time
BATCH = 500


def cpu_seconds(pid):
    """Gives the CPU time of another process, to the nanosecond: what else runs does not count."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid() gives on Linux


def set_keys(client, numbers):
    client.send_raw(b"".join(b"SET key:%d %d\r\n" % (n, n) for n in numbers))
    assert client.read_bytes(5 * len(numbers)) == b"+OK\r\n" * len(numbers)


@pytest.mark.plain_build
def test_growing_never_takes_much_longer_than_the_usual_500_sets(server, client):
    times = []
    for first in range(0, KEYS, BATCH):
        before = cpu_seconds(server.pid)
        set_keys(client, range(first, first + BATCH))
        times.append(cpu_seconds(server.pid) - before)
    longest, usual = max(times), statistics.median(times)
    assert longest <= 15 * usual, f"500 SETs took {longest / usual:.0f} times as long as usual"


def test_every_key_is_found_and_removed_while_the_table_grows(client):
    for first in range(0, 40000, 100):
        set_keys(client, range(first, first + 100))
        old = first // 2
        client.check(b"GET key:%d\r\n" % old, b"$%d\r\n%d\r\n" % (len(str(old)), old))
    for first in range(0, 40000, 100):
        keys = b" ".join(b"key:%d" % n for n in range(first, first + 100))
        client.check(b"DELETE " + keys + b"\r\n", b":100\r\n")


def test_a_key_written_again_keeps_one_value(client):
    for count in range(1, 600):
        set_keys(client, range(count))
    client.check(b"DELETE key:5\r\nGET key:5\r\n", b":1\r\n$-1\r\n")


def test_a_server_can_stop_while_the_table_grows(server, client):
    set_keys(client, range(70000))  # just after 65,536
    server.stop()
