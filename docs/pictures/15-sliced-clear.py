"""A table that dies in slices.

After CLEAR the store has an empty table, and the old one waits in the list of dying tables; its
directory shows that the segments s and t are freed, that freed stands at the third place, and
that u, named twice, is next.
"""


def draw(d):
    d.heading(20, 36, "before CLEAR")
    d.cells(20, 50, 120, 38, ["table", "dying"], ["green", "grey"], down=True)
    old = d.box(200, 50, 110, 38, "A", "green")
    d.arrow((140, 69), old.left)
    d.arrow((140, 107), (200, 107))
    d.text(208, 112, "NULL")
    d.heading(380, 36, "after CLEAR: one pointer was moved")
    d.cells(380, 50, 120, 38, ["table", "dying"], ["green", "red"], down=True)
    new = d.box(560, 50, 110, 38, "B, empty", "green")
    d.arrow((500, 69), new.left)
    dying = d.box(560, 98, 110, 38, "A", "red")
    d.arrow((500, 107), (530, 107), (530, 117), dying.left)
    d.note(20, 150, "To every client, all keys are gone at once.")
    d.heading(20, 200, "some steps later: A's directory")
    places = d.cells(
        20, 214, 70, 40, ["–", "–", "u", "u", "v", "w", "x", "x"], ["plain"] * 2 + ["red"] * 6
    )
    d.arrow(dying.bottom, (615, 234), (580, 234))
    segments = []
    for at, name in (2, "u"), (4, "v"), (5, "w"), (6, "x"):
        x = 130 + len(segments) * 130
        segments.append(d.box(x, 330, 110, 40, f"segment {name}", "red"))
        for place in places[at : at + (2 if name in "ux" else 1)]:
            d.arrow(place.bottom, segments[-1].top)
    d.arrow((30, 350), (30, 300), (160, 300), (160, 256))
    d.text(20, 370, "freed = 2")
    d.note(
        20,
        398,
        "A step frees at most 32 entries, all of the segment at freed. When it is empty, it\n"
        "goes too, and freed moves on by as many places as name it: by two for u.",
    )
