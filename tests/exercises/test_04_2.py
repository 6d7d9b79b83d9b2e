"""Exercise 04-2: PEXPIRE and PTTL."""

from medusa import eventually


def test_pttl_is_in_milliseconds(client):
    client.command("SET", "k", "v", 100)
    left = client.command("PTTL", "k")
    assert isinstance(left, int) and 90_000 < left <= 100_000, f"PTTL answered {left!r}"


def test_pttl_tells_no_deadline_from_no_key(client):
    client.command("SET", "k", "v")
    assert client.command("PTTL", "k") == -1
    assert client.command("PTTL", "nothing") == -2


def test_pexpire_sets_a_deadline(client):
    client.command("SET", "k", "v")
    assert client.command("PEXPIRE", "k", 100_000) == 1
    assert client.command("TTL", "k") in (99, 100)
    assert client.command("PEXPIRE", "nothing", 100) == 0


def test_a_key_is_gone_after_its_milliseconds(client):
    client.command("SET", "k", "v")
    assert client.command("PEXPIRE", "k", 50) == 1
    eventually(lambda: client.command("GET", "k") is None, "the key expires")


def test_zero_milliseconds_remove_the_key(client):
    client.command("SET", "k", "v")
    assert client.command("PEXPIRE", "k", 0) == 1
    assert client.command("GET", "k") is None


def test_pexpire_cannot_overflow(client):
    client.command("SET", "k", "v")
    expected = b"ERR invalid expire time in 'pexpire' command"
    assert client.command("PEXPIRE", "k", 2**63 - 1) == expected
    assert client.command("GET", "k") == b"v"
    assert client.command("PEXPIRE", "k", -(2**63)) == 1
    assert client.command("GET", "k") is None


def test_pexpire_reads_its_number_strictly(client):
    client.command("SET", "k", "v")
    expected = b"ERR value is not an integer or out of range"
    for word in ("1.5", "x", "+1", "9223372036854775808"):
        assert client.command("PEXPIRE", "k", word) == expected


def test_expire_still_counts_in_seconds(client):
    client.command("SET", "k", "v")
    assert client.command("EXPIRE", "k", 100) == 1
    assert client.command("TTL", "k") == 100
