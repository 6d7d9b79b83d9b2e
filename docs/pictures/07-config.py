"""Two lists, sorted by silence without any sorting.

The idle list has C, A and D, the most silent first; D has just sent something and stands at the
end; B, which has replies to read, is in the list writing, where only reading them counts, and a
tick looks at the front of each list.
"""


def draw(d):
    d.heading(20, 36, "idle: the client that is silent for longest comes first")
    names = [("C", "29.8 s", "red"), ("A", "12.0 s", "plain"), ("D", "0.1 s", "green")]
    previous = d.box(20, 82, 80, 40, "first", "grey")
    for number, (name, seconds, fill) in enumerate(names):
        client = d.box(150 + number * 150, 74, 100, 56, f"client {name}\n{seconds}", fill)
        d.arrow(previous.right, client.left, heads="both" if number else "end")
        previous = client
    last = d.box(600, 82, 80, 40, "last", "grey")
    d.arrow(last.left, previous.right)
    d.arrow((200, 172), (200, 130))
    d.note(110, 192, "a tick looks here, and stops at\nthe first that is not due")
    d.arrow((500, 172), (500, 130))
    d.note(410, 192, "who sends or reads something\nmoves to the end")
    d.heading(20, 260, "writing: these have replies to read")
    previous = d.box(20, 280, 80, 40, "first", "grey")
    client = d.box(150, 272, 100, 56, "client B\n3.0 s", "blue")
    d.arrow(previous.right, client.left)
    last = d.box(300, 280, 80, 40, "last", "grey")
    d.arrow(last.left, client.right)
    d.note(400, 296, "B sends and sends, and is not idle;\nonly reading its replies counts here")
    d.note(
        20,
        360,
        "After 30 s the client at the front is closed. With nobody due, a tick is two comparisons.",
    )
