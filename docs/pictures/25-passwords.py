"""The way of a request past two new questions.

A stranger, whose session still needs the password, may send at most ten words of 16 KB, and only
the five open commands are run for it, the others are answered NOAUTH; the right password clears
the flag, and from then on both questions are passed.
"""


def draw(d):
    steps = [
        ("a stranger, and very long?", "over 10 words, or 16 KB in one: -ERR …, close"),
        ("unknown, or a wrong length?", "-ERR …"),
        ("a stranger, and not open?", "-NOAUTH Authentication required."),
        ("between MULTI and EXEC?", "+QUEUED"),
    ]
    d.heading(20, 36, "needs_password true: a stranger")
    last = None
    for number, (question, answer) in enumerate(steps):
        y = 54 + number * 68
        box = d.box(20, y, 250, 44, question, "amber" if number in (0, 2) else "grey", mono=False)
        d.box(330, y, 370, 44, answer, "red" if number < 3 else "blue", mono=number > 0)
        d.arrow(box.right, (330, y + 22))
        if last:
            d.arrow(last.bottom, box.top)
        last = box
    run = d.box(20, 326, 250, 44, "run the handler", "green", mono=False)
    d.arrow(last.bottom, run.top)
    d.note(330, 344, "right: yes, down: no; new are the two\nquestions in amber")
    d.heading(20, 414, "open")
    d.cells(80, 394, 84, 32, ["AUTH", "HELLO", "RESET", "QUIT", "EXIT"], "green")
    before = d.box(20, 456, 220, 36, "needs_password true", "red")
    after = d.box(460, 456, 240, 36, "needs_password false", "green")
    d.arrow(before.right, after.left)
    d.text(350, 450, "AUTH secret: +OK", align="middle")
