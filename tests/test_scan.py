"""SCAN keeps its promise whatever the table does meanwhile, and RANDOMKEY is fair."""

import random

import pytest

from medusa import Error, eventually

pytestmark = pytest.mark.since("28-scan")

SYNTAX = b"ERR syntax error"
NOT_AN_INTEGER = b"ERR value is not an integer or out of range"
INVALID_CURSOR = b"ERR invalid cursor"
EXACT = 2**53  # no larger integer is safe in a double
MOST = 2**63 - 1
FACTOR = 100  # by which the table grows and shrinks
STAYING = 400


def names_of(count, prefix):
    return [b"%s:%d" % (prefix, n) for n in range(count)]


def store(client, names):
    for at in range(0, len(names), 2000):
        client.pipeline(*[("SET", name, "v") for name in names[at : at + 2000]])


def remove(client, names):
    for at in range(0, len(names), 2000):
        client.command("DELETE", *names[at : at + 2000])


def replies_of(client, *options, between=lambda: None, most=50_000):
    """Makes a whole scan, and gives the keys of each of its replies."""
    cursor, replies = b"0", []
    while not replies or cursor != b"0":
        cursor, keys = client.command("SCAN", cursor, *options)
        assert cursor.isdigit() and int(cursor) < EXACT
        replies.append(keys)
        assert len(replies) <= most, "the scan comes to no end"
        between()
    return replies


def scan(client, *options, **settings):
    """Makes a whole scan, and gives all keys in the order they came."""
    return [key for keys in replies_of(client, *options, **settings) for key in keys]


@pytest.fixture
def staying(client):
    names = names_of(STAYING, b"staying")
    store(client, names)
    return names


class Changes:
    """Stores or removes names piece by piece, between the calls of a scan."""

    def __init__(self, client, names, change, pieces):
        step = -(-len(names) // pieces)
        self.todo = [names[at : at + step] for at in range(0, len(names), step)]
        self.client, self.change = client, change

    def __call__(self):
        if self.todo:
            self.change(self.client, self.todo.pop())


# The promise


def test_a_key_that_stays_is_shown_while_the_table_grows_a_hundredfold(client, staying):
    changes = Changes(client, names_of(STAYING * FACTOR, b"new"), store, 20)
    found = set(scan(client, "COUNT", 10, between=changes))
    assert changes.todo == []  # all of it has happened during the scan
    assert set(staying) - found == set()


def test_a_key_that_stays_is_shown_while_the_table_shrinks_a_hundredfold(client, staying):
    others = names_of(STAYING * FACTOR, b"old")
    store(client, others)
    changes = Changes(client, others, remove, 20)
    found = set(scan(client, "COUNT", 200, between=changes))
    assert changes.todo == []  # all of it has happened during the scan
    assert set(staying) - found == set()


@pytest.mark.parametrize("count", [4, 20, 100])
def test_a_key_that_stays_is_shown_while_the_table_grows_and_shrinks_in_turn(
    client, staying, count, seed
):
    others = names_of(8_000, b"other")
    dice = random.Random(seed)

    def breathe():
        if dice.random() < 0.05:
            at = dice.randrange(len(others))
            dice.choice([store, remove])(client, others[at : at + 3000])

    for _ in range(2):
        found = set(scan(client, "COUNT", count, between=breathe))
        assert set(staying) - found == set()


def test_a_key_that_stays_is_shown_while_its_neighbors_are_removed(client, seed):
    dice = random.Random(seed)
    for _ in range(30):
        names = names_of(440, b"key")  # all in one segment, in a new order each time
        dice.shuffle(names)
        client.command("CLEAR")
        store(client, names)
        staying, others = names[140:], names[:140]
        changes = Changes(client, others, remove, 10)
        found = set(scan(client, "COUNT", 20, between=changes))
        assert set(staying) - found == set()


def test_a_key_that_stays_is_shown_although_all_others_expire(client, staying):
    for at in range(0, 20_000, 2000):
        client.pipeline(*[("SET", f"short:{n}", "v", "1") for n in range(at, at + 2000)])
    cursor, found = b"0", set()
    for _ in range(20):
        cursor, keys = client.command("SCAN", cursor, "COUNT", 100)
        found.update(keys)
    assert cursor != b"0"
    eventually(lambda: client.command("COUNT") == STAYING, "the end of the others")
    while cursor != b"0":
        cursor, keys = client.command("SCAN", cursor, "COUNT", 100)
        assert set(keys) <= set(staying)
        found.update(keys)
    assert set(staying) - found == set()


@pytest.mark.since("final")
def test_a_key_that_stays_is_shown_in_spite_of_another_client(server, client):
    staying = names_of(3000, b"staying")
    store(client, staying)
    other = server.connect()
    calls = [0]

    def change():
        calls[0] += 1
        names = [f"come:{calls[0]}:{n}" for n in range(400)]
        other.pipeline(*[("SET", name, "v", "PX", 1) for name in names])
        if calls[0] % 3 == 0:
            other.command("DEL", *[f"come:{calls[0] - 1}:{n}" for n in range(400)])

    found = set(scan(client, "COUNT", 50, between=change))
    assert set(staying) - found == set()


def test_a_table_that_rests_is_shown_without_repetition(client):
    names = names_of(5000, b"key")
    store(client, names)
    assert sorted(scan(client)) == sorted(names)
    for count in (1, 7, 9, 10, 450, 3000, 100_000, MOST):
        assert sorted(scan(client, "COUNT", count)) == sorted(names)


def test_scans_at_the_same_time_do_not_know_of_each_other(server, client):
    names = names_of(1500, b"key")
    store(client, names)
    clients = [client, client, client, server.connect(), server.connect()]
    cursors, found = [b"0"] * 5, [[] for _ in clients]
    running = set(range(5))
    while running:
        for n in sorted(running):
            cursors[n], keys = clients[n].command("SCAN", cursors[n], "COUNT", 1 + 5 * n)
            found[n] += keys
            if cursors[n] == b"0":
                running.remove(n)
    assert [sorted(keys) for keys in found] == [sorted(names)] * 5


def test_a_scan_may_go_on_over_another_connection(server, client):
    names = names_of(1000, b"key")
    store(client, names)
    cursor, found = client.command("SCAN", 0)
    client.close()
    other = server.connect()
    while cursor != b"0":
        cursor, keys = other.command("SCAN", cursor)
        found += keys
    assert sorted(found) == sorted(names)


def test_a_scan_ends_although_the_table_grows_and_shrinks_between_any_two_calls(client, staying):
    others = names_of(4000, b"other")
    calls = [0]

    def breathe():
        calls[0] += 1
        [store, remove][calls[0] % 2](client, others)

    found = set(scan(client, "COUNT", 10, between=breathe, most=300))
    assert set(staying) - found == set()


def test_a_scan_ends_although_the_store_is_cleared_and_filled(client):
    names = names_of(5000, b"key")
    store(client, names)
    calls = [0]

    def refill():
        calls[0] += 1
        if calls[0] % 50 == 0:
            client.command("CLEAR")
            store(client, names[: 100 * calls[0] // 50])

    replies_of(client, between=refill, most=5000)


# COUNT, MATCH, TYPE


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_count_is_about_the_number_of_keys_in_a_reply(client, count):
    store(client, names_of(20_000, b"key"))
    sizes = [len(keys) for keys in replies_of(client, "COUNT", count)]
    mean = 20_000 / len(sizes)
    assert count / 2 < mean < 3 * count
    assert max(sizes) < 4 * count + 50


def test_ten_keys_are_shown_where_no_count_is_given(client):
    store(client, names_of(5000, b"key"))
    assert 5 < 5000 / len(replies_of(client)) < 30


def test_an_enormous_count_shows_everything_at_once(client):
    names = names_of(3000, b"key")
    store(client, names)
    for count in (10**6, 2**31, 2**32, 2**62, MOST):
        assert len(scan(client, "COUNT", count)) == 3000


def test_a_nearly_empty_store_is_scanned_in_few_calls(client):
    names = names_of(20_000, b"key")
    store(client, names)
    remove(client, names[5:])
    replies = replies_of(client)
    assert len(replies) < 200
    assert sorted(key for keys in replies for key in keys) == sorted(names[:5])


def test_match_shows_only_what_matches(client):
    store(client, names_of(2000, b"key") + names_of(50, b"job"))
    found = scan(client, "MATCH", "job:*")
    assert sorted(found) == sorted(names_of(50, b"job"))
    assert scan(client, "MATCH", "jo[a-c]:1?") == scan(client, "match", "job:1?")
    assert len(scan(client, "MATCH", "job:1?")) == 10
    for pattern in ("", "nothing*"):
        assert scan(client, "MATCH", pattern, "COUNT", 50) == []


def test_a_reply_without_keys_is_not_the_end(client):
    store(client, names_of(3000, b"key") + [b"job"])
    replies = replies_of(client, "MATCH", "job")
    assert sum(map(len, replies)) == 1
    assert len(replies) > 50


def test_match_and_count_may_come_in_any_order_and_case_and_the_last_one_counts(client):
    store(client, names_of(30, b"key"))
    expected = scan(client, "MATCH", "key:1*", "COUNT", "7")
    assert len(expected) == 11
    assert scan(client, "count", "7", "match", "key:1*") == expected
    assert scan(client, "Count", "9", "MATCH", "x", "COUNT", "7", "MATCH", "key:1*") == expected


def test_all_keys_are_strings(client):
    store(client, names_of(30, b"key"))
    assert len(scan(client, "TYPE", "string")) == 30
    assert len(scan(client, "type", "STRING", "MATCH", "key:2*")) == 11
    for other in ("list", "hash", "zset", "stream", "nosuch", ""):
        assert scan(client, "TYPE", other) == scan(client, "TYPE", other, "COUNT", 1000) == []


def test_keys_may_be_any_bytes(client):
    names = [b"", b"\0", b"\r\n", b"*", bytes(range(256)), b"x" * 100_000]
    store(client, names)
    assert sorted(scan(client, "COUNT", "2")) == sorted(names)


def test_an_empty_store_has_nothing_to_show(client):
    client.check(b"SCAN 0\r\n", b"*2\r\n$1\r\n0\r\n*0\r\n")
    client.check(b"SCAN 0 MATCH x COUNT 5 TYPE string\r\n", b"*2\r\n$1\r\n0\r\n*0\r\n")


def test_what_has_expired_is_not_shown(client):
    store(client, [b"stays"])
    client.pipeline(*[("SET", f"short:{n}", "v", "1") for n in range(200)])
    eventually(lambda: client.command("EXISTS", "short:199") == 0, "the end of the last key")
    assert scan(client) == [b"stays"]


def test_a_transaction_may_scan(client):
    store(client, names_of(20, b"key"))
    replies = client.pipeline(
        ["MULTI"], ["SCAN", "0", "COUNT", "100"], ["DELETE", "key:1"],
        ["SCAN", "0", "COUNT", "100"], ["EXEC"],
    )  # fmt: skip
    (_, before), deleted, (_, after) = replies[-1]
    assert (len(before), deleted, len(after)) == (20, 1, 19)


# What cannot be understood


@pytest.mark.parametrize(
    "words, error",
    [
        (["x"], INVALID_CURSOR),
        ([""], INVALID_CURSOR),
        (["1x"], INVALID_CURSOR),
        (["1.5"], INVALID_CURSOR),
        ([" 1"], INVALID_CURSOR),
        (["0x10"], INVALID_CURSOR),
        (["99999999999999999999"], INVALID_CURSOR),
        (["x", "COUNT", "0"], INVALID_CURSOR),
        (["x", "nosuch"], INVALID_CURSOR),
        (["0", "COUNT", "0"], SYNTAX),
        (["0", "COUNT", "-1"], SYNTAX),
        (["0", "COUNT"], SYNTAX),
        (["0", "MATCH"], SYNTAX),
        (["0", "TYPE"], SYNTAX),
        (["0", "MATCH", "*", "COUNT"], SYNTAX),
        (["0", "nosuch", "x"], SYNTAX),
        (["0", "0"], SYNTAX),
        (["0", "COUNT", "x"], NOT_AN_INTEGER),
        (["0", "COUNT", ""], NOT_AN_INTEGER),
        (["0", "COUNT", "1.5"], NOT_AN_INTEGER),
        (["0", "COUNT", "9223372036854775808"], NOT_AN_INTEGER),
        (["0", "COUNT", "x", "nosuch", "x"], NOT_AN_INTEGER),
    ],
)
def test_errors_of_scan(client, words, error):
    reply = client.command("SCAN", *words)
    assert isinstance(reply, Error) and reply == error


@pytest.mark.parametrize("words", [["SCAN"], ["RANDOMKEY", "x"]])
def test_a_wrong_number_of_arguments_is_refused(client, words):
    name = words[0].lower().encode()
    assert client.command(*words) == b"ERR wrong number of arguments for '%s' command" % name


def test_any_number_is_a_cursor(client, seed):
    names = set(names_of(3000, b"key"))
    store(client, sorted(names))
    dice = random.Random(seed)
    edges = [1, 31, 32, 511 * 32 + 31, 2**42 - 1, 2**42, 2**53, MOST, -1, -(2**63)]
    edges += [42, 12345678, 2**40, 2**62]
    for cursor in edges + [dice.getrandbits(dice.randrange(1, 64)) for _ in range(100)]:
        cursor, keys = client.command("SCAN", cursor, "COUNT", "50")
        assert cursor.isdigit() and int(cursor) < EXACT
        assert set(keys) <= names
    for cursor in edges:
        for _ in range(1000):
            cursor, keys = client.command("SCAN", cursor, "COUNT", "50")
            assert set(keys) <= names
            if cursor == b"0":
                break
        assert cursor == b"0"


# RANDOMKEY


def draw(client, draws):
    """Draws so many keys, and gives how often each of them came."""
    times = {}
    for at in range(0, draws, 1000):
        for name in client.pipeline(*[["RANDOMKEY"]] * min(1000, draws - at)):
            times[name] = times.get(name, 0) + 1
    return times


@pytest.mark.parametrize("count", [2, 10, 30, 50, 333, 400])
def test_randomkey_prefers_no_key(client, count):
    names = names_of(count, b"key")
    store(client, names)
    times = draw(client, 100 * count)
    assert set(times) <= set(names)
    chi_squared = sum((times.get(name, 0) - 100) ** 2 / 100 for name in names)
    # With fair draws its mean is count - 1 and its deviation the root of twice that. Ten of
    # those, and 20 as few keys spread wider, are never seen by chance; a draw that prefers some
    # keys is far beyond.
    degrees = count - 1
    assert chi_squared < degrees + 10 * (2 * degrees) ** 0.5 + 20


def test_randomkey_draws_from_all_of_a_large_store(client):
    names = names_of(20_000, b"key")
    store(client, names)
    times = draw(client, 20_000)
    assert set(times) <= set(names)
    assert len(times) > 10_000  # 12,642 are expected; segments differ by some percent
    assert max(times.values()) < 25


def test_randomkey_finds_the_last_keys(client):
    names = names_of(10_000, b"key")
    store(client, names)
    remove(client, names[3:])
    assert set(client.pipeline(*[["RANDOMKEY"]] * 200)) == set(names[:3])
    remove(client, names[1:3])
    assert set(client.pipeline(*[["RANDOMKEY"]] * 100)) == {names[0]}
    remove(client, names)
    assert client.command("RANDOMKEY") is None


def test_randomkey_never_shows_what_has_expired(client):
    store(client, names_of(3, b"stays"))
    client.pipeline(*[("SET", f"short:{n}", "v", "1") for n in range(2000)])
    eventually(lambda: client.command("EXISTS", "short:1999") == 0, "the end of the last key")
    drawn = set(client.pipeline(*[["RANDOMKEY"]] * 300))
    assert drawn == set(names_of(3, b"stays"))


def test_randomkey_shows_nothing_in_the_very_moment_of_expiry(client):
    names = names_of(20_000, b"short")  # too many for the server to remove at once
    # All commands of a transaction have the same moment, so all keys have the same deadline.
    client.pipeline(["MULTI"], *[("SET", name, "v", "1") for name in names], ["EXEC"])
    is_there = True
    while is_there:
        is_there, drawn = client.pipeline(["EXISTS", names[-1]], ["RANDOMKEY"])
    assert drawn is None


def test_randomkey_of_an_empty_store_is_null(client):
    client.check(b"RANDOMKEY\r\n", b"$-1\r\n")
    client.command("HELLO", "3")
    client.check(b"RANDOMKEY\r\n", b"_\r\n")
