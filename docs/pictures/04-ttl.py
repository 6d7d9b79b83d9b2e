"""A deadline, and the two who look at it.

The key exists until deadline_ms and not from that millisecond on; a GET removes it when it meets
it, and after each command a slice looks at the next sixteen buckets, from a cursor on.
"""


def draw(d):
    d.heading(20, 36, "time, in milliseconds")
    d.arrow((20, 92), (700, 92))
    d.box(60, 60, 380, 24, "the key exists", "green", mono=False)
    d.box(440, 60, 220, 24, "it does not", "red", mono=False)
    for x, name in (60, "now_ms, at SET"), (440, "deadline_ms"):
        d.arrow((x, 116), (x, 94))
        d.text(x, 134, name)
    d.note(220, 134, "seconds × 1000 later")
    d.heading(20, 186, "lazy: find() meets the key")
    get = d.box(20, 200, 90, 36, "GET k", "blue")
    entry = d.box(180, 200, 220, 36, "k  deadline_ms", "red")
    d.arrow(get.right, entry.left)
    d.arrow(entry.right, (470, 218))
    d.note(480, 223, "past: removed, and GET\nanswers null")
    d.heading(20, 292, "active: expire_slice(), after each command")
    kinds = [
        ("0 … 15", "green"),
        ("16 … 31", "amber"),
        ("32 … 47", "plain"),
        ("48 … 63", "plain"),
        ("…", "plain"),
    ]
    buckets = d.cells(20, 306, 130, 40, [name for name, _ in kinds], [fill for _, fill in kinds])
    d.note(20, 368, "command 1")
    d.note(150, 368, "command 2")
    d.arrow((280, 386), (280, 346))
    d.note(292, 380, "the cursor, kept in the store: the next goes on here")
