"""What close() does with bytes on their way, and how a server ends without a loss.

With nothing left to read, close sends FIN behind both replies and the client reads both; with
unread input in the receive buffer it sends RST, and the second reply is dropped, which is why a
server that ends reads each client once more before it closes.
"""


def draw(d):
    for x, title, unread, sent in (
        (20, "close(), nothing unread", "", ["reply 1", "reply 2", "FIN"]),
        (370, "close(), unread input", "GET c", ["reply 1", "reply 2", "RST"]),
    ):
        d.heading(x, 36, title)
        d.box(x, 50, 330, 110, "", "page", dashed=True)
        d.text(x + 12, 79, "to read")
        d.box(x + 90, 58, 222, 34, unread, "red" if unread else "plain")
        d.text(x + 12, 129, "to send")
        lost = bool(unread)
        d.cells(
            x + 90,
            108,
            74,
            34,
            sent,
            ["green", "red" if lost else "green", "red" if lost else "grey"],
        )
        d.arrow((x + 165, 160), (x + 165, 196))
        d.box(
            x,
            196,
            330,
            40,
            "reads 1, then ECONNRESET" if lost else "reads 1, reads 2, end",
            "red" if lost else "green",
        )
    d.note(20, 260, "RST ends the connection now: what still waits to be sent is thrown away.")
    d.heading(20, 308, "so each client of a server that ends goes this way")
    steps = [
        ("reads, runs\nrequests", "plain"),
        ("read_last(): once\nmore, at_end", "amber"),
        ("runs all\nof it", "blue"),
        ("writes all\nreplies", "blue"),
        ("closed", "green"),
    ]
    x, last = 20, None
    for (step, fill), width in zip(steps, (110, 160, 90, 100, 90)):
        box = d.box(x, 322, width, 56, step, fill, mono=False)
        if last:
            d.arrow(last.right, box.left)
        x, last = x + width + 32, box
    d.note(
        20,
        404,
        "After SIGTERM nobody new is accepted. Who has nothing left to run is read once more,\n"
        "so what had come by then is answered, and there is nothing unread at the close.",
    )
