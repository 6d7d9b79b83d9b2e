"""One row of the table, and all that is made of it.

The row of FLUSHALL has its name, handler, fewest and most words, flags, group, arguments and
summary; lookup, the check of a request, and COMMAND with LIST, INFO and DOCS take some of them, and
DOCS makes a tree of the text ASYNC or SYNC.
"""


def draw(d):
    d.heading(20, 36, "a row of commands[]")
    fields = [
        ('"FLUSHALL"', 108, "green"),
        ("cmd_clear", 100, "green"),
        ("1, 2", 60, "amber"),
        ("CMD_WRITE", 98, "amber"),
    ]
    fields += [('"server"', 90, "blue"), ('"[ASYNC | SYNC]"', 148, "blue"), ('"Rem…"', 76, "blue")]
    x, made = 20, []
    for text, width, fill in fields:
        made.append(d.box(x, 50, width, 40, text, fill))
        x += width
    users = [
        ("find, run, COMMAND LIST", (0, 1), "green", 150),
        ("check, COMMAND INFO", (2, 3), "amber", 150),
        ("COMMAND DOCS", (4, 5, 6), "blue", 150),
    ]
    x = 20
    for (name, taken, fill, y), width in zip(users, (210, 190, 240)):
        box = d.box(x, y, width, 40, name, fill, mono=False)
        for place in taken:
            d.arrow(made[place].bottom, box.top)
        x += width + 20
    d.arrow((580, 190), (580, 234))
    d.heading(20, 226, "the tree made of [ASYNC | SYNC]")
    top = d.box(460, 234, 240, 40, "oneof choice, optional", "blue")
    for y, name, token in (256, "async", "ASYNC"), (312, "sync", "SYNC"):
        leaf = d.box(60, y, 290, 40, f"{name}  pure-token  {token}", "blue")
        d.arrow(top.left, leaf.right)
    d.note(
        20,
        388,
        "A person reads and writes the text, a client wants the tree; one is made of the other.",
    )
