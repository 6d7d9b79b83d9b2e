"""The code blocks of a chapter: read them from Markdown, and apply them to a folder.

A fenced block says in its first line what it is: a language, then words and name=value pairs.

    c file=table.c             a whole new file; part=1/3 for one that is shown in pieces
    diff file=server.c         hunks for a file that is there already
    text delete=old.c          the file goes away
    text take=rss.c,rss.h      whole files, copied from the folder that the chapter leads to
    console, wire              transcripts, which the tests run

A hunk starts with a line `@@`, and its lines with ' ', '+' or '-'. It has no line numbers: its old
lines (' ' and '-') have to occur exactly once in the file, and the new ones take their place.
"""

import dataclasses
import pathlib
import re

FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})\s*(.*?)\s*$")
SETTING = re.compile(r"MEDUSA_[A-Z_]+")
CHANGES = ("file", "diff", "delete", "take")

# The words and the names of name=value that a block of each kind may carry.
KNOWN = {
    "file": {"file", "part", "nobuild"},
    "diff": {"file", "nobuild"},
    "delete": {"delete", "nobuild"},
    "take": {"take", "nobuild"},
    "console": {"server", "before", "fails"},
    "wire": {"before", "fails"},
}


class Problem(Exception):
    """Something wrong in a Markdown file, with its place: 'README.md:12: ...'."""

    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")
        self.line = line
        self.message = message


@dataclasses.dataclass
class Block:
    """One fenced block. `line` is the line of its opening fence, the first line being 1."""

    path: str
    line: int
    language: str
    words: list
    options: dict
    lines: list
    section: str  # the `##` heading that it stands under

    @property
    def kind(self):
        """Gives what the block is for: a key of KNOWN, or None for one that is only read."""
        if "file" in self.options:
            return "diff" if self.language == "diff" else "file"
        for kind in ("delete", "take"):
            if kind in self.options:
                return kind
        return self.language if self.language in ("console", "wire") else None

    @property
    def settings(self):
        """Gives the environment variables (MEDUSA_...) for the server of a transcript."""
        return {name: value for name, value in self.options.items() if SETTING.fullmatch(name)}

    def problem(self, message, at=0):
        """Makes a Problem at the fence (0), or at a line of the block, counted from 1."""
        return Problem(self.path, self.line + at, message)


def parse(path, text):
    """Gives the blocks of a Markdown text in order; raises Problem where one makes no sense."""
    blocks, section, fence, block = [], "", None, None
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if block is None:
            if found and "`" not in found[3]:
                fence = found
                block = Block(str(path), number, *parse_info(found[3]), [], section)
            elif line.startswith("## "):
                section = line[3:].strip()
        elif found and not found[3] and found[2].startswith(fence[2]):
            check_words(block)
            blocks.append(block)
            block = None
        else:
            indent = len(fence[1])
            block.lines.append(line[indent:] if line[:indent].isspace() else line)
    if block:
        raise block.problem("this block has no end: close it with as many backticks")
    return blocks


def parse_info(info):
    """Splits the first line of a block into its language, its words and its pairs."""
    language, *rest = info.split() or [""]
    pairs = dict(word.split("=", 1) for word in rest if "=" in word)
    return language, [word for word in rest if "=" not in word], pairs


def check_words(block):
    """Raises Problem for a word that means nothing in a block of this kind."""
    known = KNOWN.get(block.kind)
    names = list(block.options) if known is None else block.words + list(block.options)
    for name in names:
        is_setting = block.kind in ("console", "wire") and SETTING.fullmatch(name)
        if name not in (known or ()) and not is_setting:
            allowed = " ".join(sorted(known or set().union(*KNOWN.values())))
            raise block.problem(f"'{name}' means nothing in this block (known: {allowed})")


def load(path):
    """Gives the blocks of a Markdown file."""
    return parse(path, pathlib.Path(path).read_text())


# Hunks


@dataclasses.dataclass
class Hunk:
    """Lines to find and lines to put in their place; `line` is where its `@@` is in the block."""

    line: int
    old: list
    new: list
    old_at: list  # for each old line, its line in the block


def hunks(block):
    """Gives the hunks of a diff block."""
    found = []
    for number, line in enumerate(block.lines, 1):
        if line.startswith("@@"):
            found.append(Hunk(number, [], [], []))
            continue
        if not found:
            raise block.problem("a diff starts with a line @@", number)
        sign, text = (line[0], line[1:]) if line else (" ", "")
        if sign not in " +-":
            raise block.problem(f"a line of a diff starts with ' ', '+' or '-': {line}", number)
        if sign in " -":
            found[-1].old.append(text)
            found[-1].old_at.append(number)
        if sign in " +":
            found[-1].new.append(text)
    for hunk in found:
        if not hunk.old:
            what = "a hunk needs a line that is there already, to find its place by"
            raise block.problem(what, hunk.line)
        if hunk.old == hunk.new:
            raise block.problem("this hunk changes nothing", hunk.line)
    return found


def places(lines, wanted):
    """Gives every index at which the wanted lines stand in `lines`."""
    size = len(wanted)
    return [
        at
        for at in range(len(lines) - size + 1)
        if lines[at] == wanted[0] and lines[at : at + size] == wanted
    ]


def nearest(lines, wanted):
    """Gives the index at which most of the wanted lines stand in their order, or None."""

    def score(at):
        pairs = zip(lines[max(at, 0) : at + len(wanted)], wanted[max(-at, 0) :])
        return sum(here == line and line.strip("{} ") != "" for here, line in pairs)

    starts = range(-len(wanted) + 1, len(lines))
    best = max(starts, key=score, default=0)
    return best if score(best) else None


def apply_hunk(block, hunk, lines):
    """Gives `lines` with one hunk applied; raises Problem unless it has exactly one place."""
    name = block.options["file"]
    found = places(lines, hunk.old)
    if len(found) == 1:
        at = found[0]
        return lines[:at] + hunk.new + lines[at + len(hunk.old) :]
    if found:
        numbers = ", ".join(str(at + 1) for at in found)
        raise block.problem(
            f"these lines occur {len(found)} times in {name} (lines {numbers}):"
            " add context until there is one place",
            hunk.line,
        )
    at = nearest(lines, hunk.old)
    if at is None:
        what = f"these lines occur 0 times in {name}: none of them is there"
        raise block.problem(what, hunk.line)
    for index, line in enumerate(hunk.old):
        here = lines[at + index] if 0 <= at + index < len(lines) else None
        if here != line:
            has = "ends before it" if here is None else f"has there: {here!r}"
            raise block.problem(
                f"these lines occur 0 times in {name}; the nearest line is {max(at, 0) + 1}.\n"
                f"    The first line that differs, {block.path}:"
                f"{block.line + hunk.old_at[index]}, is: {line!r}\n"
                f"    {name}:{at + index + 1} {has}",
                hunk.line,
            )
    raise AssertionError("a place that does not differ was not found")


# A folder that blocks are applied to


class Tree:
    """A folder that changes block by block."""

    def __init__(self, folder, source=None):
        """`source` is the folder that take= copies from, where it may be used."""
        self.folder = pathlib.Path(folder)
        self.source = source and pathlib.Path(source)
        self.parts = {}  # of files shown in pieces: name -> (last part, number of parts, text)

    def apply(self, block):
        """Applies a block; tells whether the folder has changed. Raises Problem if it cannot."""
        if block.kind not in CHANGES:
            return False
        return getattr(self, f"_apply_{block.kind}")(block)

    def finish(self, path):
        """Raises Problem for a file of which the last part never came."""
        for name, (part, count, _) in self.parts.items():
            raise Problem(path, 1, f"{name} ends with part {part} of {count}")

    def _path(self, block, name, exists):
        if not re.fullmatch(r"[\w.-]+", name):
            raise block.problem(f"'{name}' is not the name of a file in this folder")
        path = self.folder / name
        if path.is_file() and not exists:
            raise block.problem(
                f"{name} is there already: change it with a diff, or delete it before"
            )
        if not path.is_file() and exists:
            is_open = name in self.parts
            reason = "is not complete yet: its last part comes later" if is_open else "is not there"
            raise block.problem(f"{name} {reason}")
        return path

    def _apply_file(self, block):
        name = block.options["file"]
        path = self._path(block, name, exists=False)
        text = "".join(line + "\n" for line in block.lines)
        if "part" in block.options or name in self.parts:
            text = self._join(block, name, text)
        if text is None:
            return False
        path.write_text(text)
        return True

    def _join(self, block, name, text):
        """Adds a part to a file; gives the whole text after the last one, and None before."""
        before, count, start = self.parts.pop(name, (0, None, ""))
        given = block.options.get("part", "")
        found = re.fullmatch(r"(\d+)/(\d+)", given)
        if not found:
            raise block.problem(f"{name} is shown in parts: part=2/3, not '{given}'")
        part, total = int(found[1]), int(found[2])
        if part != before + 1 or total != (count or total) or part > total:
            raise block.problem(
                f"part={given} of {name} does not follow part {before} of {count or total}"
            )
        if part == total:
            return start + text
        self.parts[name] = (part, total, start + text)
        return None

    def _apply_diff(self, block):
        path = self._path(block, block.options["file"], exists=True)
        lines = path.read_text().splitlines()
        for hunk in hunks(block):
            lines = apply_hunk(block, hunk, lines)
        path.write_text("".join(line + "\n" for line in lines))
        return True

    def _apply_delete(self, block):
        for name in block.options["delete"].split(","):
            self._path(block, name, exists=True).unlink()
        return True

    def _apply_take(self, block):
        if self.source is None:
            raise block.problem("take= is for the chapter of final/ only: show the file")
        for name in block.options["take"].split(","):
            if not (self.source / name).is_file():
                raise block.problem(f"{name} is not in {self.source.name}/")
            self._path(block, name, exists=False).write_bytes((self.source / name).read_bytes())
        return True


# The other way round: blocks that lead from one text to another


def diff_lines(old, new, changes):
    """Gives the lines of a diff block that turns `old` into `new` (lists of lines).

    `changes` are the (start, end, new start, new end, hint) that differ, in order. A hunk has
    three lines of context, and as many more as it takes for its old lines to occur once.
    """
    result, current, moved = [], list(old), 0
    for group in join_near(changes):
        start, end = group[0][0] + moved, group[-1][1] + moved
        context = 3
        while True:
            top, bottom = max(start - context, 0), min(end + context, len(current))
            if bottom > top and len(places(current, current[top:bottom])) == 1:
                break
            context += 1
        hint = group[0][4]
        result.append(f"@@ {hint}".rstrip())
        at = top
        for first, last, new_first, new_last, _ in group:
            result += [" " + line for line in current[at : first + moved]]
            result += ["-" + line for line in current[first + moved : last + moved]]
            result += ["+" + line for line in new[new_first:new_last]]
            at = last + moved
        result += [" " + line for line in current[at:bottom]]
        replacement = new[group[0][2] : group[-1][3]]
        current[start:end] = replacement
        moved += len(replacement) - (end - start)
    assert current == list(new)
    return [line.rstrip() if line == " " else line for line in result]


def join_near(changes):
    """Puts changes whose context would touch into one group."""
    groups = []
    for change in changes:
        if groups and change[0] - groups[-1][-1][1] <= 6:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups
