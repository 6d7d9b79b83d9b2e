"""A slab and its list of free slots.

A slab of 16-byte slots begins with its header; three slots are in use, two were given back and
form a list from freed on, and from fresh on no slot was ever used.
"""


def draw(d):
    d.heading(20, 36, "a slab, 64 KiB, at an address whose low 16 bits are 0")
    names = ["next", "prev", "freed", "fresh", "used 3"]
    head = d.cells(20, 50, 64, 40, names, "grey")
    kinds = ["used", "free", "used", "free", "used", "never", "…"]
    fills = {"used": "green", "free": "amber"}
    x = 20 + 64 * 5 + 14
    slots = d.cells(x, 50, 50, 40, kinds, [fills.get(kind, "plain") for kind in kinds])
    d.note(20, 112, "header, 40 bytes")
    third, first = slots[3], slots[1]
    d.arrow(head[2].bottom, (head[2].x + 32, 160), (third.x + 32, 160), (third.x + 32, 90))
    d.arrow((third.x + 16, 90), (third.x + 16, 124), (first.x + 25, 124), first.bottom)
    d.arrow(head[3].bottom, (head[3].x + 32, 186), (slots[5].x + 25, 186), slots[5].bottom)
    d.text(third.x - 12, 116, "next", align="end", soft=True)
    d.note(
        20,
        212,
        "The slot given back last is used first: it holds the address of the one before it.",
    )
    d.heading(20, 262, "the pool: for each size, the slabs that have room")
    sizes = ["open[1]   8 bytes", "open[2]  16 bytes", "open[3]  24 bytes", "spare"]
    rows = d.cells(20, 276, 190, 34, sizes, "grey", down=True)
    for row, count in (rows[1], 2), (rows[2], 1), (rows[3], 1):
        end = row.right
        for number in range(count):
            slab = d.box(
                end[0] + 50, row.y + 4, 70, 26, "slab", "plain" if row is rows[3] else "green"
            )
            d.arrow(end, slab.left, heads="both" if number else "end")
            end = slab.right
    d.note(222, 298, "NULL: all full, or none there")
    d.note(345, 400, "one empty slab, for any size")
    d.note(475, 331, "An object finds its slab:\nits own address with the\nlow 16 bits cleared.")
