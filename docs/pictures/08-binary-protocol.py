"""Words that stay where they are.

The input holds a whole request in the binary form and the beginning of a second one; the words
of the first are not copied, argv points at them in the input.
"""


def draw(d):
    parts = ["*3", "$3", "SET", "$1", "k", "$5", "hello", "*2", "$3", "GE"]
    widths = [58, 58, 66, 58, 58, 58, 84, 58, 58, 44]
    d.heading(20, 36, "client->in, as it came; each header and each word ends in \\r\\n")
    x, words = 20, []
    for number, (part, width) in enumerate(zip(parts, widths)):
        fill = "amber" if number > 6 else "green" if number in (2, 4, 6) else "grey"
        words.append(d.box(x, 52, width, 40, part, fill))
        x += width + 4
    d.note(488, 118, "not complete: it stays, and\nmoves to the front when the\nturn is over")
    d.note(20, 114, "3 words")
    d.note(84, 114, "3 bytes")
    d.heading(20, 186, "request->argv")
    slices = d.cells(
        20, 200, 140, 36, [f"[{i}]  len {n}" for i, n in enumerate((3, 1, 5))], down=True
    )
    for row, word in zip(slices, (words[2], words[4], words[6])):
        d.arrow(row.right, (word.x + word.w / 2, row.y + 18), word.bottom)
    d.note(488, 240, "the pointers are good until\nclient->in changes")
