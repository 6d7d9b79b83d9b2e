#!/usr/bin/env python3
"""Sends right, wrong, half and hostile bytes to a running server, and watches what it does.

    tests/fuzz/socket_fuzz.py --port 2312 [--host 127.0.0.1] [--seconds 30] [--seed 1]

Some connections send requests that are well formed: each must get its reply. Others send what is
broken: the server may answer or close, but all that it says must be whole replies. Others stop in
the middle, or vanish. A witness with keys of its own checks all the while that these are as it has
left them. The last line is a summary as JSON; exit status 1 means that something was wrong.

The server must be one that may be filled and emptied, without a password; keys that begin with
`fuzz:` and `witness:` are used.
"""

import argparse
import json
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from medusa import Client, Closed, encode, encode_inline  # noqa: E402

# They would end the server, another connection or the keys of the witness, or change settings.
LEFT_OUT = {"shutdown", "flushall", "flushdb", "clear", "client|kill", "config|set", "quit", "exit"}
NUMBERS = [-(2**63) - 1, -(2**63), -1, 0, 1, 2, 10, 3000, 2**31, 2**63 - 1, 2**63, 2**64]
WORDS = """NX XX GT LT EX PX EXAT PXAT KEEPTTL PERSIST GET MATCH COUNT TYPE string SETNAME AUTH
default ID LIB-NAME FILTERBY PATTERN SAMPLES all * fuzz:* [a-z [^ \\ 1.5 nan -inf 1e400""".split()
PIECES = [b"\r\n", b"\0", b"*", b"$", b"$-1\r\n", b"*1000000\r\n", b"$536870912\r\n", b'"']
KEYS = [f"fuzz:{n}" for n in range(40)]
MOST_IDLE = 40  # connections that are left alone
LIVE = 10  # connections that go on, with what they have said before
REPLY_LIMIT = 20  # seconds; no reply takes that long
WITNESS_KEYS = 50


class Requests:
    """Makes requests out of all that the server knows."""

    def __init__(self, chance, names):
        self.chance = chance
        self.names = [name.split("|") for name in names if name not in LEFT_OUT]

    def word(self):
        """Returns an argument, which may make no sense."""
        kind = self.chance.randrange(10)
        if kind < 4:
            return self.chance.choice(KEYS)
        if kind < 6:
            return self.chance.choice(NUMBERS)
        if kind < 8:
            return self.chance.choice(WORDS)
        return self.chance.randbytes(self.chance.choice([0, 1, 5, 60, 300, 20000]))

    def words(self):
        """Returns the words of a request."""
        count = self.chance.choice([0, 1, 1, 2, 2, 3, 4, 6])
        return [*self.chance.choice(self.names), *(self.word() for _ in range(count))]

    def right(self):
        """Returns the bytes of a request that is well formed."""
        words = self.words()
        binary = self.chance.random() < 0.7 or any(len(str(word)) > 1000 for word in words)
        return (encode if binary else encode_inline)(*words)

    def broken(self):
        """Returns bytes that were requests before something happened to them."""
        data = bytearray(b"".join(self.right() for _ in range(self.chance.randrange(1, 5))))
        for _ in range(self.chance.randrange(1, 8)):
            at = self.chance.randrange(len(data))
            how = self.chance.randrange(4)
            if how == 0:
                data[at] = self.chance.randrange(256)
            elif how == 1:
                del data[at : at + self.chance.randrange(1, 20)]
            elif how == 2:
                data[at:at] = self.chance.choice(PIECES)
            else:
                data[at:at] = data[: self.chance.randrange(1, 50)]
            if not data:
                data += b"*"
        return bytes(data)


class Fuzz:
    """A run: its connections and what it has counted."""

    def __init__(self, host, port, seed):
        self.address = host, port
        self.chance = random.Random(seed)
        self.idle = []
        self.live = {}  # connections that go on, by place
        self.problems = []
        self.slowest = 0
        self.counts = dict.fromkeys("connections requests bytes replies checks".split(), 0)
        self.witness = Client(host, port)
        names = self.witness.command("COMMAND", "LIST")
        self.requests = Requests(self.chance, [name.decode() for name in names])
        self.model = {}
        self.start_info = self.witness.info()

    def connect(self):
        self.counts["connections"] += 1
        return Client(*self.address)

    def send(self, client, data):
        self.counts["bytes"] += len(data)
        client.send_raw(data)

    # What a connection may do

    def talk_right(self):
        """Sends requests that are well formed: every one is answered."""
        requests = [self.requests.right() for _ in range(self.chance.choice([1, 1, 5, 30]))]
        data = b"".join(requests)
        place = self.chance.randrange(LIVE)
        client = self.live.pop(place, None) or self.connect()
        is_last = self.chance.random() < 0.2
        if self.chance.random() < 0.2 and len(data) < 2000:
            client.send_bytewise(data, self.chance.choice([1, 7, 100]))
        else:
            self.send(client, data)
        if is_last and self.chance.random() < 0.5:
            client.close_sending_side()
        for _ in requests:
            client.read(REPLY_LIMIT)
        self.counts["requests"] += len(requests)
        self.counts["replies"] += len(requests)
        if is_last:
            client.close()
        else:
            self.live[place] = client

    def talk_broken(self):
        """Sends what is broken: what comes back must be whole replies, or the end."""
        with self.connect() as client:
            self.send(client, self.requests.broken())
            client.close_sending_side()
            try:
                while True:
                    client.read(REPLY_LIMIT)
                    self.counts["replies"] += 1
            except Closed:
                rest = client.reader.pending()
            assert not rest, f"the last reply is cut short: {rest[:100]!r}"

    def vanish(self):
        """Sends something and resets the connection."""
        client = self.connect()
        data = self.requests.broken() if self.chance.random() < 0.5 else self.requests.right()
        self.send(client, data[: self.chance.randrange(len(data) + 1)])
        client.reset()

    def stop_in_the_middle(self):
        """Sends half a request and leaves the connection alone; ends one that was left before."""
        client = self.connect()
        data = self.requests.right()
        self.send(client, data[: self.chance.randrange(len(data) + 1)])
        self.idle.append(client)
        if len(self.idle) > MOST_IDLE:
            self.idle.pop(self.chance.randrange(len(self.idle))).close()

    def check(self):
        """Lets the witness compare one of its keys with what it knows, and change it."""
        key = b"witness:%d" % self.chance.randrange(WITNESS_KEYS)
        value = self.chance.randbytes(self.chance.choice([1, 20, 500, 5000]))
        start = time.monotonic()
        got, stored = self.witness.pipeline(["GET", key], ["SET", key, value], limit=REPLY_LIMIT)
        self.slowest = max(self.slowest, time.monotonic() - start)
        assert got == self.model.get(key), f"the witness finds {got!r} at {key!r}"
        assert stored == b"OK", f"the witness cannot store: {stored!r}"
        self.model[key] = value
        self.counts["checks"] += 1

    def clean(self):
        """Keeps what APPEND and its like have made from growing without end."""
        self.witness.command("DEL", *KEYS)

    # The run

    def run(self, seconds):
        """Does so for some seconds, or until the server is not there any more."""
        actions = [self.talk_right] * 6 + [self.talk_broken] * 4 + [self.vanish] * 2
        actions += [self.stop_in_the_middle, self.clean]
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.problems) < 10:
            action = self.chance.choice(actions)
            try:
                action()
                self.check()
            except (AssertionError, OSError) as problem:
                self.problems.append(f"{action.__name__}: {type(problem).__name__}: {problem}")
                if isinstance(problem, ConnectionRefusedError) or self.witness.ended:
                    break

    def summary(self):
        """Returns what has happened as a dict; `problems` is empty if all was well."""
        result = dict(self.counts, problems=self.problems)
        result["slowest_check_ms"] = round(self.slowest * 1000, 2)
        result["rss_start"] = int(self.start_info["used_memory_rss"])
        try:
            self.clean()
            result["rss_end"] = int(self.witness.info()["used_memory_rss"])
        except (AssertionError, OSError, KeyError):
            result["rss_end"] = None
        return result

    def close(self):
        for client in [*self.idle, *self.live.values(), self.witness]:
            client.close()


def fuzz(port, seconds=30, seed=None, host="127.0.0.1"):
    """Fuzzes a running server for some seconds; returns the summary."""
    seed = random.randrange(2**32) if seed is None else seed
    run = Fuzz(host, port, seed)
    start = time.monotonic()
    try:
        run.run(seconds)
        summary = run.summary()
    finally:
        run.close()
    return {"seed": seed, "seconds": round(time.monotonic() - start, 1), **summary}


def main():
    parser = argparse.ArgumentParser(description="Fuzzes a running server over its socket.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    summary = fuzz(options.port, options.seconds, options.seed, options.host)
    print(json.dumps(summary))
    sys.exit(1 if summary["problems"] else 0)


if __name__ == "__main__":
    main()
