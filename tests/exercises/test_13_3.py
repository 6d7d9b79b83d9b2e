"""Entries in slabs that are nearly empty move together, and the memory comes back."""

import random

from medusa import eventually

KEYS = 60000
LENGTH = 100
MIB = 1 << 20


def value_of(i):
    return f"{i:0{LENGTH}d}".encode()


def test_memory_comes_back_when_nine_keys_of_ten_go(server, client):
    for first in range(0, KEYS, 20000):
        numbers = range(first, first + 20000)
        client.pipeline(*(("SET", f"key:{i}", value_of(i)) for i in numbers))
    full = server.memory()
    gone = [i for i in range(KEYS) if i % 10]
    for first in range(0, len(gone), 1000):
        client.command("DELETE", *(f"key:{i}" for i in gone[first : first + 1000]))

    goal = full - 4 * MIB
    eventually(lambda: server.memory() < goal, "4 MiB less memory, of more than 6", limit=4)
    kept = range(0, KEYS, 10)
    assert client.command("COUNT") == len(kept)
    received = client.pipeline(*(("GET", f"key:{i}") for i in kept))
    assert received == [value_of(i) for i in kept]


def test_entries_that_move_keep_their_values_and_can_be_changed(server, client, seed):
    choose = random.Random(seed)
    model = {}
    for _ in range(40):
        writes = [(f"k{choose.randrange(5000)}", choose.randrange(3, 300)) for _ in range(500)]
        client.pipeline(*(("SET", key, "v" * length) for key, length in writes))
        model.update(writes)
        gone = choose.sample(sorted(model), len(model) // 2)
        client.command("DELETE", *gone)
        for key in gone:
            del model[key]
    received = client.pipeline(*(("GET", key) for key in model))
    assert [len(value) for value in received] == list(model.values())
    assert client.command("COUNT") == len(model)
