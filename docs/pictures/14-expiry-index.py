"""The same question on three levels.

The store knows the earliest deadline of all, each group of 8 homes in a segment the earliest of
its entries, and a bit in each slot tells whether its entry has one; the walk at 5000 ms looks into
the group that may have something due and passes by the others.
"""


def draw(d):
    store = d.box(255, 26, 210, 40, "store  due_ms 4000", "amber")
    d.note(20, 42, "the time is 5000:\nso a walk begins")
    d.note(485, 42, "with nothing due, this is\nall that is looked at")
    bounds = [("none", "plain"), ("9000", "plain"), ("4000", "amber"), ("7500", "plain")]
    groups = []
    for number, (bound, fill) in enumerate(bounds):
        x = 20 + number * 174
        homes = f"homes {8 * number} to {8 * number + 7}"
        groups.append(d.box(x, 130, 158, 60, f"{homes}\nearliest {bound}", fill))
        d.arrow(store.bottom, groups[-1].top, heads="none")
    for one, two in zip(groups, groups[1:]):
        d.arrow(one.right, two.left)
    d.note(20, 214, "passed by, in one comparison")
    d.note(542, 214, "passed by")
    d.arrow(groups[2].bottom, (447, 264))
    d.heading(20, 258, "slots from 16 on; the walk reads the bit D of each")
    kinds = ["empty", "D 0", "D 1", "D 0", "D 1", "empty", "D 1", "…"]
    fills = ["plain", "plain", "red", "plain", "green", "plain", "green", "plain"]
    slots = d.cells(20, 270, 85, 38, kinds, fills)
    for place, what, fill in (2, "4000\nfreed", "red"), (4, "6200\nstays", "green"), (
        6,
        "8800\n"
        "stays",
        "green",
    ):
        entry = d.box(slots[place].x, 342, 85, 54, what, fill)
        d.arrow(slots[place].bottom, entry.top)
    d.note(20, 356, "only an entry\nwith a deadline\nis looked at")
    d.note(
        20,
        428,
        "Behind the walk, the bound of that group is 6200, and so is due_ms. A bound may be\n"
        "too early, which costs a look in vain; it is never too late.",
    )
