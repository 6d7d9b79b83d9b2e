"""One segment is split, the others do not notice.

Before the split the segment of 1 is full and the directory has two places; afterwards the
directory has four, the entries of 1 are divided between the segments of 10 and 11, and the
segment of 0 is named twice.
"""


def draw(d):
    def state(x, names, segments, wide):
        d.note(x, 66, "directory")
        places = d.cells(x, 78, 56, 40, names, "grey", down=True)
        d.note(x + wide, 66, "segments")
        for y, depth, keys, fill, named in segments:
            top = d.cells(x + wide, y, 60, 40, keys, fill)
            d.text(x + wide, y + 58, f"depth {depth}", soft=True)
            for place in named:
                d.arrow(places[place].right, top[0].left)

    d.heading(20, 36, "before: the segment of 1 is full")
    zero, ones = ["0010", "0110"], ["1011", "1110"]
    state(20, ["0", "1"], [(78, 1, zero, "green", [0]), (146, 1, ones, "red", [1])], 130)
    d.heading(390, 36, "SET 1100: double, then split")
    split = [
        (88, 1, zero, "green", [0, 1]),
        (162, 2, ["1011", ""], "blue", [2]),
        (236, 2, ["1110", "1100"], "blue", [3]),
    ]
    state(390, ["00", "01", "10", "11"], split, 150)
    d.arrow((285, 166), (372, 166))
    d.note(
        20,
        246,
        "A toy: four bits of hash, two slots for\n"
        "each segment. The keys are named by\n"
        "their hashes.",
    )
    d.note(
        20,
        322,
        "The first bits of a hash choose a place in the directory. A segment that needs one bit\n"
        "less is named twice. A split moves entries of one segment, and none of the others.",
    )
