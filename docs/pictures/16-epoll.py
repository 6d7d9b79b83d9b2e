"""Who keeps the list of those we wait for.

With poll the server hands over all 501 descriptors for each wait and looks through all of them
afterwards; with epoll the kernel keeps the list of interest, puts a socket on the ready list
when a packet comes, and gives back only that one.
"""


def draw(d):
    for y, name in (20, "poll"), (232, "epoll"):
        d.box(20, y, 330, 196, f"{name}: the server", "page", at="top", bold=True, dashed=True)
        d.box(370, y, 330, 196, "the kernel", "page", at="top", bold=True, dashed=True)
    fds = d.cells(40, 58, 48, 36, ["3", "5", "6", "7", "8", "…"], "blue")
    d.note(40, 116, "501 descriptors, each time")
    sockets = d.cells(
        390, 58, 48, 36, ["3", "5", "6", "7", "8", "…"], ["plain"] * 3 + ["amber"] + ["plain"] * 2
    )
    d.arrow(fds[-1].right, sockets[0].left)
    d.note(390, 116, "asks all 501, marks one")
    back = d.cells(
        40, 140, 48, 36, ["3", "5", "6", "7", "8", "…"], ["blue"] * 3 + ["amber"] + ["blue"] * 2
    )
    d.arrow((534, 158), back[-1].right, heads="end")
    d.note(544, 163, "all go back")
    d.note(40, 198, "looks through all to find the one")
    d.note(40, 288, "epoll_ctl: once for each change", mono=False)
    interest = d.cells(
        390, 270, 48, 36, ["3", "5", "6", "7", "8", "…"], ["plain"] * 3 + ["amber"] + ["plain"] * 2
    )
    d.arrow((290, 288), interest[0].left)
    d.note(390, 328, "interest")
    ready = d.cells(390, 360, 48, 36, ["7"], "amber")
    d.note(390, 416, "ready")
    d.arrow(interest[3].bottom, (558, 378), ready[0].right)
    d.note(572, 372, "a packet for 7\narrives")
    got = d.cells(40, 360, 48, 36, ["7"], "amber")
    d.arrow(ready[0].left, got[0].right)
    d.note(40, 416, "epoll_wait: gives what is ready")
