"""What the limit counts, and what the process needs beside it.

The memory of the process as a column: entries and table, counted as they were requested, are
used_memory, which the limit holds; slabs, dying tables, clients and the program stand outside of
it.
"""


def draw(d):
    d.heading(20, 36, "the memory of the process")
    parts = [
        ("entries", "header + key + value, as requested", 80, "green"),
        ("table", "4616 bytes a segment, 8 a place in the directory", 50, "green"),
        ("slabs", "rounding up to 8 bytes, slots not in use", 36, "grey"),
        ("CLEAR", "old tables, until they are freed slice by slice", 36, "grey"),
        ("clients", "their buffers, each with a bound of its own", 36, "grey"),
        ("program", "code, stack, event loop", 36, "grey"),
    ]
    y = 50
    for name, what, height, fill in parts:
        d.box(20, y, 130, height, name, fill)
        d.note(164, y + height / 2 + 5, what)
        y += height
    d.arrow((550, 50), (550, 180), heads="both")
    d.text(562, 112, "used_memory,")
    d.note(562, 131, "held by the limit")
    d.arrow((550, 182), (550, 324), heads="both")
    d.note(562, 252, "not counted")
    d.heading(20, 368, "a SET that needs 100 bytes, where the limit leaves 70")
    d.box(20, 382, 450, 34, "used_memory", "green")
    d.box(470, 382, 130, 34, "100", "red")
    d.arrow((561, 440), (561, 418))
    d.note(572, 440, "the limit")
    d.note(20, 440, "-OOM, before anything is changed; what is stored stays")
