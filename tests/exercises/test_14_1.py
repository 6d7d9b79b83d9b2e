"""INFO says how many keys have a TTL."""

import random

from medusa import eventually


def keyspace(client):
    return client.info("keyspace").get("db0")


def test_keys_with_a_ttl_are_counted(client):
    client.command("SET", "a", "1")
    assert keyspace(client) == "keys=1,expires=0"
    client.command("SET", "b", "2", 100)
    assert keyspace(client) == "keys=2,expires=1"
    client.command("EXPIRE", "a", 100)
    assert keyspace(client) == "keys=2,expires=2"


def test_a_plain_set_takes_the_ttl_away(client):
    client.command("SET", "a", "1", 100)
    client.command("SET", "a", "1")
    assert keyspace(client) == "keys=1,expires=0"


def test_a_new_ttl_for_the_same_key_is_not_counted_again(client):
    for seconds in (100, 200, 50):
        client.command("SET", "a", "1", seconds)
        client.command("EXPIRE", "a", seconds)
    assert keyspace(client) == "keys=1,expires=1"


def test_keys_that_go_are_no_longer_counted(client):
    client.pipeline(*(("SET", f"k{i}", "v", 1 if i < 5 else 100) for i in range(10)))
    client.pipeline(("SET", "stays", "v"), ("DELETE", "k9"))
    eventually(lambda: keyspace(client) == "keys=5,expires=4", "keys=5,expires=4", limit=4)
    client.command("CLEAR")
    client.command("SET", "a", "1")
    assert keyspace(client) == "keys=1,expires=0"


def test_the_count_holds_while_the_table_grows_and_shrinks(client, seed):
    choose = random.Random(seed)
    model = {}
    for _ in range(20):
        keys = [f"k{choose.randrange(4000)}" for _ in range(500)]
        model.update((key, choose.random() < 0.5) for key in keys)
        client.pipeline(
            *(("SET", key, "v", 1000) if model[key] else ("SET", key, "v") for key in keys)
        )
        gone = choose.sample(sorted(model), len(model) // 3)
        client.command("DELETE", *gone)
        for key in gone:
            del model[key]
        assert keyspace(client) == f"keys={len(model)},expires={sum(model.values())}"
