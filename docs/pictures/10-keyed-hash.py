"""Keys made for one bucket, with and without a secret.

Four keys that an attacker has made all fall into bucket 3 where the hash is a public formula;
with a secret mixed into it, the same keys are spread over the buckets, and nobody outside can
see where.
"""


def draw(d):
    keys = ["k07", "k31", "k58", "k90"]

    def side(x, title, name, fill, places):
        d.heading(x, 36, title)
        sent = d.cells(x, 100, 64, 34, keys, "red", down=True)
        engine = d.box(x + 100, 134, 80, 68, name, fill)
        for key in sent:
            d.arrow(key.right, engine.left)
        buckets = d.cells(x + 216, 66, 40, 30, list("01234567"), "grey", down=True)
        for place in sorted(set(places)):
            d.arrow(engine.right, buckets[place].left)
        chains = {}
        for place in places:
            chains[place] = chains.get(place, 0) + 1
            d.box(x + 262 + (chains[place] - 1) * 16, 69 + place * 30, 12, 24, "", "red")
        return engine

    side(20, "a public formula", "hash", "plain", [3, 3, 3, 3])
    engine = side(385, "the same keys, and a secret", "hash", "green", [1, 2, 4, 7])
    secret = d.box(385, 52, 196, 30, "secret, 16 bytes", "amber")
    d.arrow((525, 82), engine.top)
    d.note(20, 338, "one chain holds all: each SET\nwalks over all before it")
    d.note(385, 338, "nobody can go backward from a\nbucket to keys, nor see where they land")
