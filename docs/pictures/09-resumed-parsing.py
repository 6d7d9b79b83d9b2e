"""What is known of half a request.

The input holds the header and two of three words in full, and two letters of the third; at stands
behind the complete words, where the next look begins, and words_left is 1.
"""


def draw(d):
    d.heading(20, 36, "client->in; each header and each word ends in \\r\\n")
    parts = [
        ("*3", 66),
        ("$3", 66),
        ("SET", 90),
        ("$5", 66),
        ("color", 112),
        ("$3", 66),
        ("re", 60),
        ("", 150),
    ]
    x, made = 20, []
    for number, (part, width) in enumerate(parts):
        fill = "green" if number < 5 else "amber" if number < 7 else "plain"
        made.append(d.box(x, 50, width, 42, part, fill))
        x += width
    for place, name in (20, "0"), (made[5].x, "at"), (made[7].x, "in.len"):
        d.arrow((place, 126), (place, 92))
        d.text(place, 144, name)
    d.note(110, 120, "looked at once, and never again")
    d.note(made[7].x + 12, 120, "not there yet")
    d.heading(20, 200, "what the client keeps for the next read")
    d.cells(20, 214, 180, 40, ["at 24", "words_left 1"], "blue")
    d.note(400, 228, "all zero: nothing is known,\nstart at the *")
    d.heading(20, 304, "the bytes that are looked at, read by read")
    for number, (before, now) in enumerate(((0, 300), (280, 90), (340, 90))):
        y = 318 + number * 32
        d.text(20, y + 17, f"read {number + 1}")
        if before:
            d.box(100, y, before, 24, "", "grey")
        d.box(100 + before, y, now, 24, "looked at" if not number else "", "amber", mono=False)
    d.note(20, 438, "grey: complete words, passed over by a jump to at")
