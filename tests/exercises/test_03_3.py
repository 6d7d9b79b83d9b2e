"""Exercise 03-3: SCAN."""


def scan(client, cursor):
    """Runs one SCAN and returns the next cursor and the keys."""
    reply = client.command("SCAN", cursor)
    assert isinstance(reply, list) and len(reply) == 2, f"SCAN {cursor} answered {reply!r}"
    return reply


def scan_all(client, between=lambda: None):
    """Runs a whole scan and returns all keys that it showed; `between` runs after each call."""
    keys, cursor = [], b"0"
    while True:
        cursor, some = scan(client, cursor)
        keys += some
        if cursor == b"0":
            return keys
        between()


def fill(client, prefix, count):
    client.pipeline(*(("SET", f"{prefix}{i}", "v") for i in range(count)))


def test_an_empty_store_is_scanned_in_one_call(client):
    assert scan(client, 0) == [b"0", []]


def test_a_scan_shows_every_key_once(client):
    fill(client, "k", 1000)
    assert sorted(scan_all(client)) == sorted(client.command("LIST"))


def test_one_call_shows_a_small_part(client):
    fill(client, "k", 1000)
    assert len(scan(client, 0)[1]) < 200


def test_no_key_is_missed_while_the_table_doubles(client):
    fill(client, "k", 200)
    expected = set(client.command("LIST"))
    rounds = []

    def grow():
        if len(rounds) < 4:
            fill(client, f"more{len(rounds)}-", 400)
            rounds.append(1)

    assert set(scan_all(client, grow)) & expected == expected
    assert rounds, "the scan ended after one call"


def test_a_cursor_behind_the_end_ends_the_scan(client):
    fill(client, "k", 10)
    assert scan(client, 2**64 - 1) == [b"0", []]


def test_a_cursor_that_is_no_number_is_refused(client):
    for word in ("x", "-1", "1.5", "18446744073709551616"):
        assert client.command("SCAN", word) == b"ERR invalid cursor"
