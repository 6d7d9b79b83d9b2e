"""Exercise 11-3: SCAN walks over the keys in steps, while the table changes."""


def fill(client, name, numbers):
    client.pipeline(*[("SET", f"{name}:{number}", "v") for number in numbers])


def scan(client, between=lambda step: None):
    """Walks once over all keys; calls `between` after each step."""
    cursor, seen, steps = b"0", [], 0
    while True:
        cursor, keys = client.command("SCAN", cursor)
        assert len(keys) <= 512, "one step shows one segment"
        seen += keys
        if cursor == b"0":
            return seen, steps
        assert steps < 1000, "the walk does not end"
        between(steps)
        steps += 1


def test_an_empty_store_is_done_at_once(client):
    assert client.command("SCAN", "0") == [b"0", []]


def test_all_keys_of_a_quiet_store_are_shown_once(client):
    fill(client, "stay", range(3000))
    seen, steps = scan(client)
    assert sorted(seen) == sorted(b"stay:%d" % number for number in range(3000))
    assert steps > 3


def test_what_stays_is_seen_while_the_table_grows_and_shrinks(client):
    fill(client, "stay", range(3000))

    def change(step):
        if step < 5:
            fill(client, "new", range(step * 2000, step * 2000 + 2000))
        elif step < 10:
            client.command("DELETE", *[f"new:{number}" for number in range(10000)])

    seen, _ = scan(client, change)
    assert {b"stay:%d" % number for number in range(3000)} <= set(seen)


def test_a_word_that_is_no_cursor_is_an_error(client):
    assert client.command("SCAN", "x") == b"ERR invalid cursor"
    assert client.command("SCAN", "-1") == b"ERR invalid cursor"
    assert client.command("SCAN") == b"ERR wrong number of arguments for 'scan' command"
