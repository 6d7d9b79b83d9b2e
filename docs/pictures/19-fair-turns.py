"""A turn ends where a slow command ends.

Before, the four LISTs of client A fill one turn and B and C wait until all are done; now each
turn runs one LIST, B and C are answered in the first turn, and a look at the sockets without
sleeping lies between two turns.
"""


def draw(d):
    fills = {"L": "blue", "B": "green", "C": "amber"}

    def turn(x, y, items):
        start = x
        for item in items:
            width = 120 if item == "LIST" else 40
            d.box(x, y, width, 40, item, fills[item[0]])
            x += width
        d.arrow((start, y + 54), (x, y + 54), heads="both")
        return (start + x) / 2, x

    d.heading(20, 36, "before: one turn, all that A has sent, and then B and C")
    middle, end = turn(20, 50, ["LIST"] * 4 + ["B", "C"])
    d.note(middle, 126, "one turn; B and C wait for all of it", align="middle")
    d.note(end + 12, 75, "wait")
    d.heading(20, 176, "now: a slow command is the last of its client in a turn")
    x = 20
    for number, items in enumerate((["LIST", "B", "C"], ["LIST"], ["LIST"], ["LIST"])):
        middle, x = turn(x, 190, items)
        d.note(middle, 266, f"turn {number + 1}", align="middle")
        if number < 3:
            d.arrow((x + 12, 286), (x + 12, 240))
            x += 24
    d.note(222, 304, "wait(0): who else is ready joins the next turn")
    d.heading(20, 354, "the flags of client A at the end of turn 1")
    flags = [
        ("stopped", "true → false", "plain"),
        ("again", "true", "amber"),
        ("in_turn", "true", "amber"),
    ]
    for number, (name, value, fill) in enumerate(flags):
        d.text(92 + number * 228, 394, name, align="end")
        d.box(102 + number * 228, 374, 130, 30, value, fill)
    d.note(
        20,
        430,
        "It stands in the list of the next turn, and its requests that are left wait in c->in.",
    )
