"""Two sockets, and the buffers of one of them.

The listening socket, descriptor 3, holds a queue of finished connections; accept has taken A,
whose socket, descriptor 4, has a receive buffer that read empties and a send buffer that write
fills.
"""


def draw(d):
    d.box(20, 20, 130, 330, "the client", "page", at="top", bold=True, dashed=True, mono=False)
    d.box(200, 20, 300, 330, "the kernel", "page", at="top", bold=True, dashed=True, mono=False)
    d.box(550, 20, 150, 330, "medusa", "page", at="top", bold=True, dashed=True)
    listening = d.box(
        220, 58, 260, 100, "listening socket, port 2312", "grey", at="top", mono=False
    )
    waiting = d.cells(236, 96, 76, 40, ["A", "B", "C"], ["blue", "plain", "plain"])
    connect = d.box(35, 90, 100, 36, "connect()")
    d.arrow(connect.right, (220, 108))
    accept = d.box(565, 58, 120, 48, "accept()\ngives 4")
    d.text(565, 132, "fd 3, fd 4", soft=True)
    d.arrow((480, 82), accept.left)
    d.box(220, 182, 260, 148, "connection A", "blue", at="top", mono=False)
    received = d.box(316, 214, 150, 40, "hello", "green")
    sending = d.box(316, 270, 150, 40, "hello", "green")
    d.note(232, 239, "received")
    d.note(232, 295, "to send")
    memory = d.box(565, 214, 120, 96, "bytes\n32 KiB\nhello", "green")
    d.arrow(received.right, (memory.x, received.right[1]))
    d.arrow((memory.x, sending.right[1]), sending.right)
    write = d.box(35, 214, 100, 40, "write()")
    read = d.box(35, 270, 100, 40, "read()")
    d.arrow(write.right, (220, 234))
    d.arrow((220, 290), read.right)
    d.note(
        20,
        378,
        "read() waits while the first buffer is empty, write() while the second one is full.\n"
        "The connections B and C are made, and nobody serves them yet.",
    )
