"""The cursor in the space of all hashes.

All hashes in order of their first bits, cut into three segments; the scan has done the first
segment and the homes 0 to 199 of the second, and its cursor says so in 42 bits, whatever the
table does in the meantime.
"""


def draw(d):
    d.heading(20, 36, "all hashes, in order of their first bits")
    for x, bits in (20, "00…"), (190, "01…"), (360, "1…"):
        d.text(x, 62, bits, soft=True)
    d.text(700, 62, "11…1", align="end", soft=True)
    d.box(20, 72, 170, 60, "segment of 00\ndone", "green", mono=False)
    d.box(190, 72, 170, 60, "", "plain")
    d.box(360, 72, 340, 60, "segment of 1\nnot yet", "plain", mono=False)
    d.text(275, 92, "segment of 01", align="middle", mono=False)
    d.box(190, 106, 66, 26, "0–199", "green")
    d.box(256, 106, 104, 26, "200–511", "plain")
    d.arrow((256, 176), (256, 132))
    d.note(268, 168, "homes: the scan goes on at 200 of this segment")
    d.heading(20, 220, "the cursor, one number for the client")
    fields = [("0100…0", "first bits of the\nsegment, 28 bits", 250), ("200", "home, 9 bits", 220)]
    fields += [("2", "depth of the\nsegment, 5 bits", 210)]
    x = 20
    for value, meaning, width in fields:
        d.box(x, 234, width, 38, value, "amber")
        d.note(x + width / 2, 294, meaning, align="middle")
        x += width
    d.heading(20, 354, "if the segment of 01 is split meanwhile")
    d.box(20, 368, 170, 40, "done", "green", mono=False)
    d.box(190, 368, 33, 40, "", "green")
    d.box(223, 368, 52, 40, "010")
    d.box(275, 368, 85, 40, "011")
    d.box(360, 368, 340, 40, "not yet", "plain", mono=False)
    d.note(
        20,
        434,
        "It goes on at home 200 in the half of 010, and begins at 0 in that of 011: some keys\n"
        "are shown twice, none is missed.",
    )
