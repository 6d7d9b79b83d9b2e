"""One handler, two ways to write what it answers.

Two connections run the same handler; the flag is_resp3 in the session of each is copied into the
reply, and so the same calls write an array of fourteen and a null bulk string for one, a map of
seven pairs and a null of its own for the other.
"""


def draw(d):
    d.heading(20, 36, "session")
    d.heading(310, 36, "struct reply")
    d.heading(600, 36, "bytes")
    for y, value, fill, empty, pairs in (50, "false", "blue", "$-1", "*14"), (
        210, "true", "green", "_", "%7"
    ):
        session = d.box(20, y + 32, 190, 40, f"is_resp3 {value}", fill)
        reply = d.box(310, y + 32, 190, 40, f"is_resp3 {value}", fill)
        d.arrow(session.right, reply.left)
        for number, text in enumerate((empty, pairs)):
            made = d.box(600, y + 2 + number * 60, 100, 40, text, fill)
            d.arrow(reply.right, made.left)
    d.text(20, 74, "connection 1", soft=True)
    d.text(20, 234, "connection 2: HELLO 3", soft=True)
    d.note(260, 92, "copied", align="middle")
    d.note(260, 252, "copied", align="middle")
    d.heading(20, 190, "the handler, the same for both:")
    d.text(290, 190, "reply_null()    reply_map(7)")
    d.note(
        20,
        352,
        "Requests do not change. Of the handlers, only HELLO knows which version is spoken.",
    )
