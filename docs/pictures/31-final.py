"""Two shops count visitors.

With GET and SET both shops read 41 and both write 42, and one visitor is lost; with INCR each
reads, adds and writes in one command, between whose steps nothing else is run, and the counter
comes to 43.
"""


def draw(d):
    def story(x, title, rows, lost):
        d.heading(x, 36, title)
        for offset, name in (0, "shop 1"), (112, "shop 2"), (232, "visitors"):
            d.note(x + offset, 66, name)
        for number, (shop, text, value) in enumerate(rows):
            y = 78 + number * 44
            fill = "blue" if shop == 1 else "green"
            d.box(x + (0 if shop == 1 else 112), y, 102, 34, text, fill)
            is_wrong = lost and number == len(rows) - 1
            d.box(x + 232, y, 60, 34, value, "red" if is_wrong else "plain")

    steps = [(1, "GET → 41", "41"), (2, "GET → 41", "41"), (1, "SET 42", "42"), (2, "SET 42", "42")]
    story(20, "read, think, write: a lost update", steps, True)
    story(390, "one command each", [(1, "INCR → 42", "42"), (2, "INCR → 43", "43")], False)
    d.note(
        390,
        188,
        "One thread runs the commands, so a\n"
        "handler is alone with the store from\n"
        "its first line to its last.",
    )
    d.heading(20, 296, "what INCR does, with nothing between the steps")
    boxes = [
        ("store_get\n41", "grey"),
        ("a number?\n41 + 1", "amber"),
        ("store_set\n42", "grey"),
        ("reply\n:42", "blue"),
    ]
    last = None
    for number, (text, fill) in enumerate(boxes):
        box = d.box(20 + number * 180, 310, 140, 56, text, fill)
        if last:
            d.arrow(last.right, box.left)
        last = box
    d.arrow((270, 366), (270, 396))
    d.arrow((450, 366), (450, 396))
    d.note(190, 414, "no: an error")
    d.note(400, 414, "no room: an error, nothing is changed")
