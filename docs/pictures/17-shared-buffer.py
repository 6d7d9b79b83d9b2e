"""One room for all, and it belongs to the turn.

The client whose turn it is reads into the shared room of 32 KiB; two of its requests are done,
and after the turn only the beginning of the third is copied into its own buffer, while the other
clients own no buffer at all.
"""


def draw(d):
    d.heading(20, 36, "all->room, 32 KiB, during the turn of client B")
    words = [
        (120, "SET a 1", "green"),
        (120, "GET b", "green"),
        (140, "SET long", "amber"),
        (300, "", "plain"),
    ]
    x, parts = 20, []
    for width, text, fill in words:
        parts.append(d.box(x, 50, width, 42, text, fill))
        x += width
    for place, name in (20, "c->turn.data"), (260, "c->done"):
        d.arrow((place, 150), (place, 92))
        d.text(place, 168, name)
    d.note(420, 116, "room for what read() gives")
    d.heading(20, 222, "after the turn: what is in c->in")
    clients = [
        ("A", "", "plain"), ("B", "SET long", "amber"), ("C", "", "plain"), ("D", "", "plain")
    ]
    for number, (name, rest, fill) in enumerate(clients):
        y = 236 + number * 38
        d.text(20, y + 23, f"client {name}")
        if rest:
            rest_box = d.box(110, y, 140, 34, rest, fill)
            d.arrow((370, 92), (parts[2].x + 110, y + 17), rest_box.right)
            d.note(385, y + 22, "the beginning of a longer request")
        else:
            d.text(110, y + 23, "nothing", soft=True)
    d.note(
        20,
        414,
        "B's next turn reads behind this rest, into c->in. When the request is done, the\n"
        "buffer is empty again and freed.",
    )
