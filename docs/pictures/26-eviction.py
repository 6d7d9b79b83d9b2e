"""The hand of the clock.

Twelve slots in a circle, each with the rounds for which its key is still spared; the hand has
just taken one from a slot that had 3, stands at a slot that has 0, whose key is removed, and
will come to the next.
"""

import math


def draw(d):
    rounds = [0, 3, 1, 2, 0, 3, 1, 1, 2, 3, 0, 2]
    x, y, radius = 220, 222, 150
    for number, left in enumerate(rounds):
        angle = math.radians(30 * number - 90)
        fill = {3: "amber", 4: "red"}.get(number, "green" if left == 3 else "plain")
        place = x + radius * math.cos(angle), y + radius * math.sin(angle)
        d.box(round(place[0]) - 24, round(place[1]) - 18, 48, 36, str(left), fill)
    tip = math.radians(30)
    d.arrow((x, y), (round(x + 118 * math.cos(tip)), round(y + 118 * math.sin(tip))))
    d.text(x - 12, y + 5, "hand", align="end")
    d.box(440, 40, 36, 30, "2", "amber")
    d.note(490, 60, "was 3; the hand took one\nfrom it and went on")
    d.box(440, 100, 36, 30, "0", "red")
    d.note(490, 120, "is not spared any more:\nthis key is removed")
    d.box(440, 160, 36, 30, "3", "green")
    d.note(490, 180, "was used a short time ago:\na use sets it to 3")
    d.box(440, 220, 36, 30, "1", "plain")
    d.note(490, 240, "a new key starts with 1")
    d.note(
        440,
        300,
        "Nothing moves when a key is\n"
        "used. While nothing has to go,\n"
        "the hand stands still.",
    )
    d.heading(20, 446, "where the number is kept: in a slot")
    fields = [("tag of the hash, 16 bits", 210, "grey"), ("address of the entry", 270, "grey")]
    fields += [("rounds, 2 bits", 120, "amber"), ("D", 60, "grey")]
    x = 20
    for name, width, fill in fields:
        d.box(x, 460, width, 36, name, fill, mono=False)
        x += width
