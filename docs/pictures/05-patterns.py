"""Two fingers and one place to go back to.

The pattern user:*:m*l is held against user:1:mail:x; both fingers have come to the end of what
fits, and since the text goes on, they go back: the pattern to behind its last star, the text to
one letter further than where that star was tried before.
"""


def draw(d):
    pattern, text = list("user:*:m*l"), list("user:1:mail:x")
    fills = ["green"] * 9 + ["amber"]
    d.heading(20, 36, "pattern")
    made = d.cells(20, 48, 44, 40, pattern, fills)
    d.arrow((made[9].x + 22, 124), made[9].bottom)
    d.text(made[9].x + 22, 140, "star", align="middle")
    d.note(made[9].x + 60, 72, "behind the last *")
    d.heading(20, 186, "text")
    fills = ["green"] * 8 + ["grey", "grey", "amber"] + ["plain"] * 2
    made = d.cells(20, 198, 44, 40, text, fills)
    d.arrow((made[10].x + 22, 274), made[10].bottom)
    d.text(made[10].x + 22, 290, "star_text", align="middle")
    d.box(20, 320, 30, 24, "", "green")
    d.note(60, 338, "held by what stands in the pattern")
    d.box(340, 320, 30, 24, "", "grey")
    d.note(380, 338, "held by the last star so far")
    d.note(
        20,
        376,
        "The l fits, but behind it the pattern ends and the text goes on. So back to star, and\n"
        "star_text moves on by one: the star holds one byte more. No earlier star is remembered.",
    )
