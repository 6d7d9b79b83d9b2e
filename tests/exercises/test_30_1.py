"""Exercise 30-1: CLIENT LIST shows which part of a command was run last."""


def seen_after(server, client, *words):
    """Runs a command and gives the field cmd= of its client."""
    number = client.command("CLIENT", "ID")
    client.command(*words)
    other = server.connect()
    line = other.command("CLIENT", "LIST", "ID", number).decode()
    return line.split(" cmd=")[1].split()[0]


def test_the_part_is_shown(server, client):
    assert seen_after(server, client, "CLIENT", "GETNAME") == "client|getname"
    assert seen_after(server, client, "config", "get", "port") == "config|get"
    assert seen_after(server, client, "COMMAND", "COUNT") == "command|count"


def test_a_command_without_parts_is_shown_as_before(server, client):
    assert seen_after(server, client, "PING") == "ping"
    assert seen_after(server, client, "COMMAND") == "command"


def test_a_part_that_does_not_exist_changes_nothing(server, client):
    assert seen_after(server, client, "CLIENT", "nosuch") == "client|id"
    assert seen_after(server, client, "nosuch") == "client|id"


def test_a_transaction_shows_as_exec(server, client):
    client.pipeline(["MULTI"], ["CLIENT", "GETNAME"])
    client.command("EXEC")
    client.pipeline(["MULTI"], ["CLIENT", "ID"])
    number = client.command("EXEC")[0]
    other = server.connect()
    line = other.command("CLIENT", "LIST", "ID", number).decode()
    assert line.split(" cmd=")[1].split()[0] == "exec"
