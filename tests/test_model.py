"""Random requests, held against a model of a few lines of Python."""

import random
import time

import pytest

from medusa import LIMIT, Error, stage_number

pytestmark = pytest.mark.since("02-hash-map")

OPERATIONS = 3000
STAGE = {name: stage_number(name) for name in (
    "03-commands", "04-ttl", "05-patterns", "08-binary-protocol")}  # fmt: skip


class Model:
    """The keyspace as a dict; deadlines only far away, so that none of them comes."""

    def __init__(self):
        self.values = {}
        self.seconds = {}

    def set(self, key, value, seconds=None):
        self.values[key] = value
        self.seconds.pop(key, None)
        if seconds:
            self.seconds[key] = seconds
        return b"OK"

    def get(self, key):
        return self.values.get(key)

    def delete(self, *keys):
        count = 0
        for key in keys:
            count += self.values.pop(key, None) is not None
            self.seconds.pop(key, None)
        return count

    def exists(self, *keys):
        return sum(key in self.values for key in keys)

    def count(self):
        return len(self.values)

    def list(self):
        return sorted(self.values)

    def keys(self, pattern):
        assert pattern.endswith(b"*")
        return sorted(key for key in self.values if key.startswith(pattern[:-1]))

    def clear(self):
        self.values.clear()
        self.seconds.clear()
        return b"OK"

    def ttl(self, key):
        return self.seconds.get(key, -1) if key in self.values else -2

    def expire(self, key, seconds):
        if key not in self.values:
            return 0
        if seconds <= 0:
            return self.delete(key)
        self.seconds[key] = seconds
        return 1


class Requests:
    """Makes random requests that the stage under test knows."""

    def __init__(self, chance, stage):
        self.chance = chance
        self.stage = stage
        self.keys = [b"key:%d" % n for n in range(60)]
        if stage >= STAGE["03-commands"]:
            self.keys += [b"", b"two words", b'"', b"\r\n", b"\0", b"\xff\xfe", b"back\\slash"]
        names = ["set"] * 8 + ["get"] * 8 + ["delete"] * 3
        if stage >= STAGE["03-commands"]:
            names += ["exists"] * 3 + ["count"] * 2 + ["list"]
        if stage >= STAGE["04-ttl"]:
            names += ["set_seconds"] * 3 + ["expire"] * 3 + ["ttl"] * 3
        if stage >= STAGE["05-patterns"]:
            names += ["keys"]
        self.names = names

    def key(self):
        return self.chance.choice(self.keys)

    def value(self):
        size = self.chance.choice([1, 1, 5, 20, 200, 5000])
        if self.stage >= STAGE["08-binary-protocol"]:
            return self.chance.randbytes(self.chance.choice([0, size, size * 10]))
        return bytes(self.chance.choices(b"abcdefghij0123456789-_", k=size))

    def next(self):
        """Returns (the model's method, its arguments, the words of the request)."""
        if self.stage >= STAGE["03-commands"] and self.chance.random() < 0.002:
            return "clear", [], [self.chance.choice(["CLEAR", "FLUSHALL"])]
        name = self.chance.choice(self.names)
        if name == "set":
            args = [self.key(), self.value()]
        elif name == "set_seconds":
            name, args = "set", [self.key(), self.value(), self.chance.randrange(1000, 10**6)]
        elif name == "expire":
            args = [self.key(), self.chance.choice([-1, 0, 5000, 10**7])]
        elif name in ("delete", "exists"):
            args = [self.key() for _ in range(self.chance.randrange(1, 5))]
        elif name == "keys":
            args = [self.chance.choice([b"*", b"key:1*", b"k*", b"nothing*"])]
        elif name in ("count", "list"):
            args = []
        else:
            args = [self.key()]
        return name, args, [self.chance.choice([name, name.upper()]), *args]


def is_same(name, reply, expected):
    """Compares a reply with the model; a TTL may have become a little less meanwhile."""
    if isinstance(reply, Error):
        return False
    if name in ("list", "keys"):
        return sorted(reply) == expected
    if name == "ttl" and expected > 0:
        return expected - 20 * LIMIT <= reply <= expected
    return reply == expected


def send_in_chunks(client, data, chance):
    """Sends `data` split at random places, some of them in the middle of a line end."""
    at = 0
    while at < len(data):
        size = chance.choice([1, 2, 3, 10, 100, 1000, 100000])
        client.send_raw(data[at : at + size])
        at += size


@pytest.mark.parametrize("turn", range(2))
def test_random_requests_are_answered_as_the_model_says(client, stage, seed, turn):
    chance = random.Random(seed + turn)
    model, requests = Model(), Requests(chance, stage)
    done = 0
    start = time.monotonic()
    while done < OPERATIONS:
        batch = [requests.next() for _ in range(chance.choice([1, 1, 2, 10, 50]))]
        expected = [getattr(model, name)(*args) for name, args, _ in batch]
        data = b"".join(client.encode(*words) for _, _, words in batch)
        send_in_chunks(client, data, chance)
        for (name, _, words), wanted in zip(batch, expected):
            reply = client.read()
            assert is_same(name, reply, wanted), f"{words!r}: {reply!r} is not {wanted!r}"
        done += len(batch)
        assert time.monotonic() - start < 6 * LIMIT
    for key in requests.keys:
        assert client.command("GET", key) == model.get(key)
