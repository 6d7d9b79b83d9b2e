"""The bytes of an entry.

Three entries byte by byte: without a deadline 11 bytes, with a deadline of eight bytes 19, and a
wide one, whose lengths take four bytes each, 315.
"""


def draw(d):
    def entry(y, title, fields, total):
        d.heading(20, y, title, mono=True)
        x = 20
        for fill, name, texts in fields:
            made = d.cells(x, y + 12, 32, 34, texts.split(), fill)
            d.note((made[0].x + made[-1].x + 32) / 2, y + 66, name, align="middle")
            x += 32 * len(made)
        d.text(x + 12, y + 35, total)

    short = ("grey", "lengths", "06 02")
    wide = ("grey", "lengths: 6 and 300", "06 00 00 00 2c 01 00 00")
    deadline = ("red", "deadline in ms, lowest byte first", "e8 03 5c a1 9a 01 00 00")
    key = ("green", "key", "u s e r : 1")
    value = ("blue", "value", "1 2")
    long_value = ("blue", "value", "a b …")
    entry(36, "SET user:1 12", [("amber", "flags", "00"), short, key, value], "11 bytes")
    fields = [("amber", "flags", "01"), short, deadline, key, value]
    entry(140, "SET user:1 12 100", fields, "19")
    fields = [("amber", "flags", "02"), wide, key, long_value]
    entry(244, "SET user:1 (300 bytes)", fields, "315 bytes")
    d.note(20, 346, "flags: bit 0, a deadline follows the lengths;")
    d.note(20, 365, "bit 1, each of the two lengths takes four bytes instead of one")
