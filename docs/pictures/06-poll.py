"""One thread, one call that waits for everybody.

The array handed to poll has a row for each descriptor, and the watchers, found by descriptor,
name its row and the function to call; each client owns two buffers, for what it has sent and for
the replies it has not read.
"""


def draw(d):
    d.heading(20, 36, "loop->fds, handed to poll()")
    rows = ["3  POLLIN", "6  POLLIN", "4  POLLIN|POLLOUT"]
    fds = d.cells(60, 50, 190, 36, rows, ["grey", "green", "blue"], down=True)
    for place, row in enumerate(fds):
        d.text(48, row.y + 23, str(place), align="end", soft=True)
    d.note(60, 180, "dense: no place is empty")
    d.note(440, 212, "the place in fds, and whom to call")
    d.heading(400, 36, "loop->watchers, by descriptor")
    names = [
        "0  server_on_connection", "2  client_on_ready(A)", "not watched", "1  client_on_ready(B)"
    ]
    fills = ["grey", "blue", "plain", "green"]
    watchers = d.cells(440, 50, 260, 36, names, fills, down=True)
    for fd, row in zip("3456", watchers):
        d.text(428, row.y + 23, fd, align="end", soft=True)
    for place, fd in (0, 0), (1, 3), (2, 1):
        d.arrow(fds[place].right, (watchers[fd].x - 26, watchers[fd].y + 18), heads="both")
    for x, name, fill, sent, waits in (
        (20, "client A, fd 4", "blue", "", "+OK $5 hello …"),
        (370, "client B, fd 6", "green", "SET user:1 ad", ""),
    ):
        d.box(x, 240, 330, 128, name, fill, at="top", bold=True)
        d.text(x + 14, 294, "in")
        d.box(x + 54, 274, 262, 30, sent)
        d.text(x + 14, 338, "out")
        d.box(x + 54, 318, 262, 30, waits)
    d.note(20, 394, "A: replies wait, so it is watched for\nreading and for writing")
    d.note(370, 394, "B: half a request waits for the rest;\nit is watched for reading alone")
