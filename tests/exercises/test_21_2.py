"""Exercise 21-2: INFO says what the tables that CLEAR left behind still hold."""

from medusa import eventually


def field(reply, name):
    """Gives a number from the text of INFO, or None."""
    lines = dict(line.split(":", 1) for line in reply.decode().splitlines() if ":" in line)
    return int(lines[name]) if name in lines else None


def freeing(client):
    return field(client.command("INFO", "memory"), "freeing_bytes")


def test_nothing_is_being_freed_at_the_start(client):
    client.command("SET", "k", "v")
    assert freeing(client) == 0


def test_what_clear_left_behind_is_counted_to_the_byte(client):
    client.pipeline(*(["SET", f"{n:03}", "v"] for n in range(200)))
    # What arrives at once is run at once: only CLEAR itself frees something, 32 entries.
    replies = client.pipeline(["INFO", "memory"], ["CLEAR"], ["INFO", "memory"])
    entry = 3 + len("000") + len("v")  # three bytes of header
    assert field(replies[2], "freeing_bytes") == field(replies[0], "used_memory") - 32 * entry


def test_it_is_zero_when_all_is_freed(client):
    client.pipeline(*(["SET", f"key:{n}", "v" * 100] for n in range(20000)))
    replies = client.pipeline(["CLEAR"], ["INFO", "memory"])
    assert field(replies[1], "freeing_bytes") > 20000 * 100
    eventually(lambda: freeing(client) == 0, "freeing_bytes:0")


def test_it_goes_down_as_entries_are_freed(client):
    count, value = 60000, "v" * 100
    for start in range(0, count, 10000):
        client.pipeline(*(["SET", n, value] for n in range(start, start + 10000)))
    # Each LIST ends the client's turn, so that a slice is freed before what follows it.
    replies = client.pipeline(["CLEAR"], *[["INFO", "memory"], ["LIST"]] * 200)
    sizes = [field(reply, "freeing_bytes") for reply in replies[1::2]]
    assert sizes == sorted(sizes, reverse=True)
    assert any(0 < size < count * len(value) for size in sizes)
