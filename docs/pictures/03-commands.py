"""From a line to a handler.

The words of the line set k "a b" stand in request->text without their quotes, argv points at
them, the first one finds the row of SET in the table of commands, and the handler of that row
gets a struct call.
"""


def draw(d):
    d.heading(20, 36, "c->in")
    d.box(20, 48, 250, 36, 'set  k  "a b"\\r\\n', "grey")
    d.heading(20, 122, "the words, one behind the other")
    text = d.cells(
        20,
        134,
        36,
        36,
        ["s", "e", "t", "k", "a", "␣", "b"],
        ["blue"] * 3 + ["green"] + ["amber"] * 3,
    )
    d.arrow((270, 66), (300, 66), (300, 152), (272, 152))
    d.note(312, 112, "request_parse(): the quotes are gone")
    d.heading(84, 288, "argv: addresses and lengths")
    argv = d.cells(20, 222, 84, 36, ["len 3", "len 1", "len 3"], ["blue", "green", "amber"])
    for word, place in zip(argv, (0, 3, 4)):
        d.arrow(word.top, (word.top[0], 196), (text[place].x + 18, 196), text[place].bottom)
    d.heading(370, 208, "commands[]")
    rows = [
        "GET     cmd_get      2   2",
        "SET     cmd_set      3   3",
        "DELETE  cmd_delete   2  any",
        "…",
    ]
    made = d.cells(370, 222, 260, 34, rows, ["plain", "blue", "plain", "plain"], down=True)
    d.arrow(argv[0].bottom, (62, 306), (340, 306), (340, 273), made[1].left)
    d.note(20, 332, "argv[0] finds the row; argc is 3, and fits")
    d.heading(20, 394, "struct call, for cmd_set()")
    fields = ["argc 3", "argv", "store", "reply", "session", "stats"]
    d.cells(20, 408, 110, 36, fields, ["blue", "blue"] + ["plain"] * 4)
    d.arrow((630, 273), (665, 273), (665, 408))
