"""Buckets and chains.

The hash of the key berry ends in the bits 1111, which choose bucket 15 of 16; the entries of
that bucket form a chain, apple and then berry.
"""


def draw(d):
    d.box(20, 30, 100, 34, '"berry"', "blue")
    d.box(190, 30, 250, 34, "hash  … 0110 1011 1111")
    d.arrow((120, 47), (190, 47))
    d.note(460, 45, "the low four bits of the hash\nare the number of the bucket")
    d.arrow((415, 64), (415, 90), (70, 90), (70, 342), (118, 342))
    d.heading(118, 122, "buckets")
    buckets = d.cells(118, 134, 80, 32, ["0", "…", "11", "12", "13", "14", "15"], "grey", down=True)
    d.note(208, 155, "NULL: nothing in here")
    for bucket, keys in (buckets[2], ["plum"]), (buckets[4], ["pear"]), (
        buckets[6], ["apple", "berry"]
    ):
        end = bucket.right
        for key in keys:
            entry = d.box(
                end[0] + 50, bucket.y + 2, 80, 28, key, "blue" if key == "berry" else "green"
            )
            d.arrow(end, entry.left)
            end = entry.right
        d.arrow(end, (end[0] + 50, end[1]))
        d.text(end[0] + 58, end[1] + 5, "NULL")
    d.heading(20, 398, "An entry, one piece of memory")
    x = 20
    for name, size, width in (("next", "8", 90), ("hash", "8", 90), ("key_len", "8", 90)):
        d.box(x, 410, width, 32, name)
        d.text(x + width / 2, 462, size, align="middle", soft=True)
        x += width
    for name, size, width in (
        ("value_len", "8", 100), ("key", "key_len", 140), ("value", "value_len", 140)
    ):
        d.box(x, 410, width, 32, name, "plain" if size == "8" else "green")
        d.text(x + width / 2, 462, size, align="middle", soft=True)
        x += width
    d.note(660, 462, "bytes")
