"""The queue of MULTI, and when it is run.

Client A sends MULTI and two SETs, which wait in a queue, one behind the other in one buffer, and
the server runs both at EXEC without a look at any other client; the GET of client B is answered
before or after them, never between.
"""


def draw(d):
    d.heading(20, 36, "client A")
    d.heading(230, 36, "client B")
    d.heading(390, 36, "A's queue")
    d.heading(555, 36, "the value of order")
    steps = [
        ("MULTI", "", "empty", "1-book"),
        ("SET order 2-books", "", "1 request", "1-book"),
        ("", "GET order", "1 request", "1-book"),
        ("SET price 20", "", "2 requests", "1-book"),
        ("EXEC", "GET order", "gone", "2-books"),
    ]
    for number, (first, second, queue, value) in enumerate(steps):
        y = 50 + number * 38
        if first:
            d.box(20, y, 170, 30, first, "blue")
        if second:
            d.box(230, y, 110, 30, second, "green")
        d.text(390, y + 20, queue, soft=True)
        d.text(555, y + 20, value, bold=value == "2-books")
    d.arrow((190, 217), (230, 217))
    d.note(20, 260, "EXEC runs both SETs without a look at anybody else, and only then B's GET.")
    d.heading(20, 304, "A's queue just before EXEC, one buffer")
    x = 20
    for words in (
        ["SET, 3", "3", "SET", "5", "order", "7", "2-books"],
        ["SET, 3", "3", "SET", "5", "price", "2", "20"],
    ):
        for number, word in enumerate(words):
            width = 70 if number == 0 else 22 if word.isdigit() and number % 2 else 26 + 7 * len(
                word
            )
            d.box(
                x,
                318,
                width,
                38,
                word,
                "grey" if number == 0 else "amber" if number % 2 else "blue",
            )
            x += width
        x += 6
    d.note(
        20,
        380,
        "A header (the row of the table, how many words), then each word behind its length.",
    )
