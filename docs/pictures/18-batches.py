"""A batch of requests from several clients.

Clients A, B and C are read one after the other, and their requests gather in one batch of
sixteen places; before it is run, the slots and then the entries of all its keys are asked for,
so that they are there, or nearly, when each request needs them.
"""


def draw(d):
    fills = {"A": "blue", "B": "green", "C": "amber"}
    names = ["A1", "A2", "A3", "B1", "C1", "C2", "", "", "", "…", ""]
    d.heading(20, 36, "read and parse, one client after the other")
    reads = [("A: GET GET SET", 20, 182), ("B: GET", 208, 58), ("C: SET GET", 270, 120)]
    for text, x, width in reads:
        read = d.box(x, 50, width, 36, text, fills[text[0]])
        d.arrow(read.bottom, (read.bottom[0], 118))
    d.cells(20, 118, 62, 38, names, [fills.get(name[:1], "plain") for name in names])
    d.note(404, 66, "the batch: 16 places; when it is full,\nor all are read, it is run")
    d.heading(20, 200, "how it is run: the memory answers while we ask for the next")
    x, last = 20, None
    steps = [("hash", "grey", 90), ("ask for the slot", "grey", 170)]
    steps += [("ask for the entry", "grey", 170), ("run", "green", 150)]
    for step, fill, width in steps:
        box = d.box(x, 216, width, 62, f"{step}\n1, 2, … 6", fill, mono=False)
        if last:
            d.arrow(last.right, box.left)
        x, last = x + width + 33, box
    d.note(143, 302, "slots come")
    d.note(346, 302, "entries come")
    d.note(549, 302, "all there, or nearly")
    d.heading(20, 346, "then one write for each client")
    for number, text in enumerate(("A: 3 replies", "B: 1 reply", "C: 2 replies")):
        d.box(20 + 235 * number, 360, 210, 36, text, fills[text[0]])
