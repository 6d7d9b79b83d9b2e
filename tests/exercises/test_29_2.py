"""Exercise 29-2: `medusa --commands` prints the reference, made from the table."""

from medusa import run_once


def lines_of(binary):
    ran = run_once(binary, "--commands")
    assert ran.returncode == 0
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_each_command_has_its_line(binary):
    lines = lines_of(binary)
    assert "generic | EXISTS key [key ...] | Counts how many of the keys exist." in lines
    assert "server | COUNT | Returns the number of keys." in lines
    assert "server | FLUSHALL [ASYNC | SYNC] | Removes all keys." in lines


def test_a_subcommand_is_written_as_one_types_it(binary):
    lines = lines_of(binary)
    usage = "COMMAND LIST [FILTERBY PATTERN pattern]"
    assert f"server | {usage} | Returns the names of commands." in lines
    assert not any("COMMAND|" in line for line in lines)


def test_nothing_is_missing_and_nothing_is_twice(binary, client):
    lines = lines_of(binary)
    names = {name.decode().upper().replace("|", " ") for name in client.command("COMMAND", "LIST")}
    assert len(lines) == len(names)
    for line in lines:
        words = line.split(" | ")[1].split()
        assert words[0] in names or " ".join(words[:2]) in names


def test_lines_are_in_order_of_group_and_name(binary, client):
    docs = client.command("COMMAND", "DOCS")
    groups = {}
    for name, entry in zip(docs[::2], docs[1::2]):
        fields = dict(zip(entry[::2], entry[1::2]))
        groups[name.decode().upper()] = fields[b"group"].decode()
    found = [line.split(" | ")[1].split()[0] for line in lines_of(binary)]
    whole = list(dict.fromkeys(found))  # subcommands stand behind their command
    assert whole == sorted(groups, key=lambda name: (groups[name], name))


def test_the_other_flags_are_as_before(binary):
    assert run_once(binary, "--version").returncode == 0
    assert run_once(binary, "--command").returncode == 2
