"""What COMMAND DOCS says, as text: usage lines, a part of a manual page, and a page of docs/.

The reply of COMMAND DOCS is a list of names and descriptions in turn; a description is such a list
too. What a command takes is a tree of arguments, of which each has a name and a type, and perhaps a
token (a word that stands before it), flags (optional, multiple) and arguments of its own.

A usage line is made as a list of pieces, so that plain text and mdoc(7) come from the same one.
"""

import dataclasses
import re

# Redis has no commands of these names: whoever moves to it has to do without them.
OWN = {"CLEAR", "COUNT", "DELETE", "EXIT", "LIST"}

# How the summary of a name starts that is nothing without a subcommand: Redis's words, and ours.
CONTAINERS = ("A container for ", "Commands on ")

# The groups, in the order in which they are shown. Others follow under their own names.
GROUPS = {
    "string": "Strings",
    "generic": "Keys",
    "transactions": "Transactions",
    "connection": "Connection",
    "server": "Server",
}

TOP = """\
# Commands

Every command of the server, by group. This page is made by `tools/man-pages` from what the server
itself says in reply to `COMMAND DOCS`; `medusa(8)` has the same list.

Names are case-insensitive, and so are the words in capitals; keys and values are bytes of any kind.
`[ ]` is what can be left out, `|` stands between alternatives, and `...` repeats. Replies and
errors are those of Redis 7, for values that are strings. Commands marked as Medusa's own are
unknown there, and so is the short form of a deadline, `SET key value seconds`.
"""


@dataclasses.dataclass
class Command:
    """One command, or one subcommand under its two names."""

    name: str  # in capitals
    group: str
    summary: str  # a sentence with its full stop
    arguments: list  # of descriptions, as pairs() gives them

    @property
    def is_own(self):
        return self.name in OWN


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def pairs(reply):
    """Gives a reply of names and values in turn, or a map, as a dict with text for names."""
    if isinstance(reply, dict):
        return {text(name): value for name, value in reply.items()}
    return {text(name): value for name, value in zip(reply[::2], reply[1::2])}


def sentence(words):
    """Gives a summary as a sentence: with a capital, and a full stop at its end."""
    words = text(words).strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def read(reply):
    """Gives the commands in the reply of COMMAND DOCS, subcommands included, by name.

    A name that only stands before subcommands is left out.
    """
    commands = []
    for name, fields in pairs(reply).items():
        fields = pairs(fields)
        below = read(fields.get("subcommands", []))
        commands += below
        summary = sentence(fields["summary"])
        if not (below and summary.startswith(CONTAINERS)):
            name = name.replace("|", " ").upper()
            group = text(fields["group"])
            commands.append(Command(name, group, summary, fields.get("arguments", [])))
    return sorted(commands, key=lambda command: command.name)


# Usage lines


def optional(inner):
    return [("open", "["), *inner, ("close", "]")]


def argument_pieces(argument):
    """Gives the pieces of one argument: (kind, text), for plain() and mdoc()."""
    fields = pairs(argument)
    flags = {text(flag) for flag in fields.get("flags", [])}
    kind = text(fields["type"])
    token = [("word", text(fields["token"]))] if fields.get("token") else []
    body = body_pieces(fields, kind)
    if kind == "oneof" and (token or "optional" not in flags):
        body = [("open", "<"), *body, ("close", ">")]
    whole = token + body
    if "multiple" in flags:
        again = whole if "multiple_token" in flags else body
        whole += optional([*again, ("more", "...")])
    return optional(whole) if "optional" in flags else whole


def body_pieces(fields, kind):
    """Gives the pieces of an argument without its token and its flags."""
    if kind == "pure-token":
        return []
    if kind not in ("oneof", "block"):
        return [("name", text(fields.get("display_text") or fields["name"]))]
    result = []
    for part in fields["arguments"]:
        if result and kind == "oneof":
            result.append(("or", "|"))
        result += argument_pieces(part)
    return result


def usage_pieces(command):
    result = [("command", command.name)]
    for argument in command.arguments:
        result += argument_pieces(argument)
    return result


def plain(command):
    """Gives a usage line: `SET key value [NX | XX]`."""
    line = " ".join(shown for _, shown in usage_pieces(command))
    return re.sub(r"(?<=[\[<]) | (?=[\]>])", "", line)


MACROS = {"command": "Ic ", "word": "Cm ", "name": "Ar ", "or": "", "more": "No "}
BRACKETS = {"[": "Oo", "]": "Oc", "<": "Ao", ">": "Ac"}


def mdoc_usage(command):
    """Gives a usage line as macros: `Ic SET Ar key Ar value Oo Cm NX | Cm XX Oc`."""
    parts = [
        BRACKETS[shown] if shown in BRACKETS else MACROS[kind] + shown
        for kind, shown in usage_pieces(command)
    ]
    return " ".join(parts)


# The two texts


def by_group(commands):
    """Gives (title, its commands) for each group."""
    names = {command.group for command in commands}
    order = [name for name in GROUPS if name in names] + sorted(names - GROUPS.keys())
    for name in order:
        title = GROUPS.get(name, name.replace("-", " ").capitalize())
        yield title, [command for command in commands if command.group == name]


def mdoc_text(words):
    """Gives sentences for mdoc(7): one a line, and nothing taken for a request or an escape."""
    words = re.sub(r"(?<=\.) (?=[A-Z])", "\n", words.replace("\\", "\\e"))
    return re.sub(r"^(?=[.'])", r"\\&", words, flags=re.MULTILINE)


def mdoc(commands):
    """Gives the list of commands for the manual page."""
    lines = []
    for title, members in by_group(commands):
        lines += [f".Ss {title}", ".Bl -tag -width Ds"]
        for command in members:
            lines += [f".It {mdoc_usage(command)}", mdoc_text(command.summary)]
            if command.is_own:
                lines.append("Medusa's own.")
        lines.append(".El")
    return "\n".join(lines)


def markdown(commands):
    """Gives the page of all commands."""
    parts = [TOP]
    for title, members in by_group(commands):
        parts.append(f"\n## {title}\n\n| usage | what it does |\n| --- | --- |\n")
        for command in members:
            own = " *Medusa's own.*" if command.is_own else ""
            cells = [f"`{plain(command)}`", command.summary + own]
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(parts)


def fill(page, commands):
    """Gives a manual page with the lines between its two marks replaced."""
    found = re.search(r'(?<=^\.\\" commands\n).*?(?=^\.\\" /commands$)', page, re.DOTALL | re.M)
    if not found:
        raise ValueError('it has no place for the commands: lines .\\" commands and .\\" /commands')
    return page[: found.start()] + mdoc(commands) + "\n" + page[found.end() :]
