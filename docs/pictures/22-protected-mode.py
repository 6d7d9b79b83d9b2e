"""Who comes in.

A connection that accept gives is asked two questions: one from another machine gets a line with
DENIED while protected mode is on, one for which no place is free gets an error, and both are
closed and counted; the others become clients.
"""


def draw(d):
    accepted = d.box(20, 40, 190, 56, "accept(): a socket\nand an address", "blue", mono=False)
    first = d.box(20, 160, 190, 62, "a loopback address,\nor mode off?", "amber", mono=False)
    second = d.box(20, 286, 190, 62, "is a place free\namong the clients?", "amber", mono=False)
    client = d.box(20, 412, 190, 44, "a client", "green", mono=False)
    d.arrow(accepted.bottom, first.top)
    for one, two in (first, second), (second, client):
        d.arrow(one.bottom, two.top)
        d.note(125, (one.bottom[1] + two.y) / 2 + 5, "yes")
    for question, line in (first, "-DENIED Medusa is in protected mode …"), (
        second, "-ERR max number of clients reached"
    ):
        end = d.box(290, question.y + 10, 410, 42, line, "red")
        d.arrow(question.right, end.left)
        d.note(240, question.y + 24, "no")
    d.note(290, 246, "one line, then close; counted as rejected")
    d.heading(290, 60, "who asks, with the default settings")
    d.cells(290, 74, 136, 34, ["127.0.0.1", "::1", "192.0.2.7"], ["green", "green", "red"])
    d.note(290, 372, "rejected_connections counts both")
    d.note(
        290,
        430,
        "What counts is where the caller comes from, not the\n"
        "address that the server is bound to.",
    )
