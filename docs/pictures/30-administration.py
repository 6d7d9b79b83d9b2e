"""The includes point down, and calls go up.

Commands see the server only as a struct of function pointers; server.c fills it with its own
functions, so CLIENT KILL in the layer of commands reaches the connections above without a name
of theirs.
"""


def draw(d):
    server = d.box(20, 40, 250, 64, "server.c\nkill_client() each_client()", "blue")
    client = d.box(20, 150, 250, 44, "client.c: the connections", "blue", mono=False)
    d.arrow(server.bottom, client.top)
    ops = d.box(420, 40, 280, 166, "struct server_ops", "amber", at="top", bold=True)
    names = ["each_client", "kill_client", "check_setting …", "shut_down"]
    slots = d.cells(436, 70, 248, 32, names, "plain", down=True)
    d.arrow((270, 60), (420, 60))
    d.note(345, 52, "fills in", align="middle")
    d.arrow(slots[1].left, (300, 118), (300, 88), (270, 88))
    d.note(310, 140, "a pointer to it")
    commands = d.box(20, 266, 250, 64, "cmd_client.c\nCLIENT KILL ID 7", "green")
    d.arrow(client.bottom, commands.top)
    call = d.box(420, 266, 280, 64, "struct call\nstore, reply, …, ops", "green")
    d.arrow(commands.right, call.left)
    d.note(345, 290, "has", align="middle")
    d.arrow(call.top, ops.bottom)
    d.note(574, 244, "borrows")
    store = d.box(20, 380, 250, 40, "store.c: keys and values", "grey", mono=False)
    d.arrow(commands.bottom, store.top)
    d.note(
        290,
        396,
        "On the left, each includes what is below it\n"
        "and nothing above. The call goes up by a pointer.",
    )
