"""Exercise 10-3: INFO table shows the shape of the table, and only when it is asked for."""

NAMES = ("table_buckets", "table_used_buckets", "table_longest_chain")


def shape(client):
    info = client.info("table")
    return tuple(int(info.get(name, "-1")) for name in NAMES)


def fill(client, count):
    client.pipeline(*[("SET", f"key:{number}", "v") for number in range(count)])


def test_an_empty_table_has_no_buckets(client):
    assert shape(client) == (0, 0, 0)


def test_the_first_key_makes_sixteen_buckets_and_uses_one(client):
    fill(client, 1)
    assert shape(client) == (16, 1, 1)


def test_a_thousand_keys_are_spread_well(client):
    fill(client, 1000)
    buckets, used, longest = shape(client)
    assert buckets == 1024
    assert 500 < used < 760
    assert 2 < longest < 20


def test_the_chains_are_gone_when_the_keys_are(client):
    fill(client, 100)
    client.command("DELETE", *[f"key:{number}" for number in range(100)])
    assert shape(client) == (128, 0, 0)


def test_plain_info_does_not_walk_over_the_table(client):
    fill(client, 1)
    assert shape(client) == (16, 1, 1)
    assert "table_buckets" not in client.info()
    assert "table_buckets" not in client.info("ALL")
