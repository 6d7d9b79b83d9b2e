"""The pages of the book's site: which there are, and how each is made from its Markdown.

The Markdown is written for a plain Git host. What the site needs in another form is changed here:
headings get the anchors that Git hosts give them, the first line of a block becomes its title, and
a link to a source file leads to a page that shows it.
"""

import ast
import functools
import os
import re

import blocks
import lessons

ROOT = lessons.ROOT
HOME = ROOT / "README.md"
SOURCE = "source.md"  # the page of a folder's sources, beside its chapter; nobody writes it by hand
STATIC = {".svg", ".png", ".json"}  # files that a page may show or offer as they are

# The tests of what is no server, by folder.
OTHER_TESTS = {"client": "test_client*.py", "bench": "test_benchmark*.py"}

# The reference, in the order in which it is listed; pages with other names follow.
REFERENCE = "architecture protocol commands configuration clients scaling performance measurements"
REFERENCE += " reliability glossary further-reading"

FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})\s*(.*?)\s*$")
CODE_SPAN = re.compile(r"(`+)(?!`)((?:(?!\n\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(<?([^()\s>]+)>?( \"[^\"]*\")?\)")


class Problem(Exception):
    """Why a page cannot be made; the text names the file and says what to do."""


def name_of(path):
    """Gives a path as it is written in the repository: stages/04-ttl/README.md."""
    return str(path.relative_to(ROOT))


def folder_name(folder):
    """Gives a folder as it is written in the repository: stages/04-ttl/."""
    return f"{name_of(folder)}/"


# Which pages there are


def chapters():
    """Gives the Markdown of the chapters in reading order."""
    numbered = sorted((ROOT / "docs").glob("[0-9][0-9]-*.md"))
    before = [path for path in numbered if path.name.startswith("00-")]
    found = [folder / "README.md" for folder in folders()]
    others = [path for path in numbered if path not in before]
    return before + [path for path in found if path.is_file()] + others


def reference():
    """Gives the Markdown of the reference."""
    order = REFERENCE.split()
    found = [path for path in (ROOT / "docs").glob("*.md") if not path.name[0].isdigit()]
    known = {path.stem: path for path in found}
    others = sorted(path for path in found if path.stem not in order)
    return [known[stem] for stem in order if stem in known] + others


def solutions():
    """Gives the Markdown of the solutions to the exercises."""
    return sorted((ROOT / "docs" / "solutions").glob("*.md"))


@functools.lru_cache(maxsize=None)
def written():
    """Gives every page that somebody has written."""
    return [HOME, *chapters(), *reference(), *solutions(), ROOT / "CONTRIBUTING.md"]


def folders():
    """Gives the folders whose sources have a page."""
    return [*lessons.stages(), ROOT / "client", ROOT / "bench"]


def shown_files():
    """Gives the files beside the pages that these show, or offer as they are."""
    found = set()
    for page in written():
        for target in re.findall(r"[(\"]([^()\"\s]+\.[a-z]+)[)\"\s]", page.read_text()):
            place, _ = place_of(target, page)
            if place and place.suffix in STATIC and place.is_file():
                found.add(place)
    return sorted(found)


def title(path):
    """Gives the heading of a document."""
    found = re.search(r"^# (.+)$", path.read_text(), re.MULTILINE)
    if not found:
        raise Problem(f"{name_of(path)}: it has no title: begin it with a line '# Title'")
    return found[1]


# From the Markdown of a Git host to that of the site


def anchor_of(heading, seen):
    """Gives the name under which a Git host lets a heading be linked to; `seen` counts them."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
    count = seen.get(name, 0)
    seen[name] = count + 1
    return f"{name}-{count}" if count else name


def title_of_block(language, words, options):
    """Gives what the first line of a block says, as a title."""
    settings = [f"{name}={text}" for name, text in options.items() if blocks.SETTING.match(name)]
    part = [f"part {options['part']}"] if "part" in options else []
    if "file" in options:
        what = [options["file"] + (", changes" if language == "diff" else "")] + part
    elif words[:1] == ["from"]:  # an excerpt: from client/term.c
        what, words = [" ".join(words)], []
    else:
        what = [language] if language in ("console", "wire") else []
    return " · ".join(what + words + settings)


def opening(info):
    """Gives the first line of a block in the form that the site's generator understands."""
    language, words, options = blocks.parse_info(info)
    text = title_of_block(language, words, options)
    shown = "text" if language in ("", "wire") else language
    return shown + (f' title="{text}"' if text else "")

def instruction(info):
    """Gives the sentence that stands for a block without lines, or None for another block."""
    _, words, options = blocks.parse_info(info)
    end = "".join(f" · {word}" for word in words)
    if "delete" in options:
        return f"**Delete** `{options['delete']}`{end}\n"
    if "take" in options:
        links = ", ".join(map(link_to_file, options["take"].split(",")))
        return f"**Take** as they are: {links}{end}\n"
    return None


def place_of(target, page):
    """Gives (path, anchor) of a link in a page; the path is None for one that leads outside."""
    name, _, anchor = target.partition("#")
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None, anchor
    return (page.parent / name).resolve() if name else page, anchor


def way(page, place, anchor=""):
    """Gives the link from a page to a place, both in the repository."""
    text = os.path.relpath(place, page.parent)
    return f"{text}#{anchor}" if anchor else text


def file_anchor(name):
    """Gives the anchor of a file on a page of sources."""
    return anchor_of(name, {})


def link_to_file(name):
    """Gives a link to a file on the page of sources that is beside a chapter."""
    return f"[{name}]({SOURCE}#{file_anchor(name)})"


def new_link(page, bang, text, target, label):
    """Gives a link of a page as the site has it."""
    place, anchor = place_of(target, page)
    if place is None or place in written():
        return f"{bang}[{text}]({target}{label})"
    if place.is_dir() and (place / "README.md") in written():
        return f"[{text}]({way(page, place / 'README.md')}{label})"
    if place.parent in folders() and place.suffix in (".c", ".h", ""):
        home = shown_in(place)
        return f"[{text}]({way(page, home.parent / SOURCE, file_anchor(place.name))}{label})"
    if place.suffix in STATIC and place.is_file():
        return f"{bang}[{text}]({target}{label})"
    if not place.exists():
        raise Problem(f"{name_of(page)}: the link to {target} leads nowhere")
    return text if text.strip("`") == name_of(place) else f"{text} (`{name_of(place)}`)"


def convert_prose(page, text):
    """Changes the links of prose, and bars in code within a table, which need no escape here."""
    spans = []

    def keep(found):
        in_table = text[text.rfind("\n", 0, found.start()) + 1] == "|"
        spans.append(found[0].replace("\\|", "|") if in_table else found[0])
        return f"\0{len(spans) - 1}\0"

    def restore(part):
        return re.sub(r"\0(\d+)\0", lambda found: spans[int(found[1])], part)

    def link(found):
        return new_link(page, *(restore(part or "") for part in found.groups()))

    return restore(LINK.sub(link, CODE_SPAN.sub(keep, text)))


def convert(page):
    """Gives the text of a page for the site."""
    done, prose, seen = [], [], {}
    fence = instead = None

    def put(line):
        if prose:
            done.append(convert_prose(page, "\n".join(prose)))
            prose.clear()
        done.append(line)

    for line in page.read_text().splitlines():
        found = FENCE.match(line)
        if fence:
            is_end = found and not found[3] and found[2].startswith(fence)
            fence = None if is_end else fence
            if not instead:
                put(line)
        elif found and "`" not in found[3]:
            fence = found[2]
            instead = instruction(found[3])
            put(instead or found[1] + fence + opening(found[3]))
        elif line.startswith("#"):
            anchor = anchor_of(line.lstrip("#").strip(), seen)
            put(line if line.startswith("# ") else f"{line} {{#{anchor}}}")
        elif line.startswith("    "):
            put(line)
        else:
            prose.append(line)
    put("")
    return "\n".join(done)


# The pages that nobody writes: the sources of a folder, and the tests that begin with it


def shown_in(path):
    """Gives where a source is shown: the first of the files that have had these bytes since."""
    order = lessons.stages()
    if path.parent not in order:
        return path
    for folder in reversed(order[: order.index(path.parent)]):
        older = folder / path.name
        if not older.is_file() or older.read_bytes() != path.read_bytes():
            break
        path = older
    return path


def sources_of(folder):
    """Gives the files of a folder, in order."""
    return [folder / name for name in lessons.in_reading_order(lessons.sources(folder))]


def mark_of(node):
    """Gives the stage of `mark.since("04-ttl")` in a piece of a test file, or None."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "since":
            return ast.literal_eval(call.args[0])
    return None


@functools.lru_cache(maxsize=None)
def tests_of_file(path):
    """Gives (stage, source) of each test of a file."""
    found = []
    lines = path.read_text().splitlines()
    whole = None
    for node in ast.parse(path.read_text()).body:
        names = [getattr(target, "id", "") for target in getattr(node, "targets", [])]
        if "pytestmark" in names:
            whole = mark_of(node)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = [mark_of(decorator) for decorator in node.decorator_list]
            stage = next(filter(None, marks), whole) or "01-echo-server"
            first = min([node.lineno] + [each.lineno for each in node.decorator_list])
            found.append((stage, "\n".join(lines[first - 1 : node.end_lineno])))
    return found


def tests_from(folder):
    """Gives name -> source of the tests that begin with a folder, exercises included."""
    found = {}
    if folder.name in OTHER_TESTS:
        paths = sorted((ROOT / "tests").glob(OTHER_TESTS[folder.name]))
        return {name_of(path): path.read_text().rstrip("\n") for path in paths}
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        own = [text for stage, text in tests_of_file(path) if stage == folder.name]
        if own and not any(path.match(pattern) for pattern in OTHER_TESTS.values()):
            found[name_of(path)] = "\n\n\n".join(own)
    number = lessons.number(folder)
    for path in sorted((ROOT / "tests" / "exercises").glob(f"test_{number}_*.py")):
        found[name_of(path)] = path.read_text().rstrip("\n")
    return found


def listing(name, text, language):
    """Gives a heading and a block that shows a whole file."""
    fence = "````" if "```" in text else "```"
    return f"## {name} {{#{file_anchor(name)}}}\n\n{fence}{language}\n{text}\n{fence}\n"


def source_page(folder):
    """Gives the page of a folder's sources and tests."""
    page = folder / SOURCE
    own, same = [], []
    for path in sources_of(folder):
        home = shown_in(path)
        (own if home == path else same).append((path, home))
    parts = [f"# Sources and tests of {folder_name(folder)}\n"]
    if (folder / "README.md").is_file():
        parts.append(f"The chapter: [{title(folder / 'README.md')}](README.md)\n")
    if same:
        links = [
            f"[{path.name}]({way(page, home.parent / SOURCE, file_anchor(path.name))})"
            for path, home in same
        ]
        parts.append("As before: " + ", ".join(links) + "\n")
    for path, _ in own:
        language = "makefile" if path.name == "Makefile" else "c"
        parts.append(listing(path.name, path.read_text().rstrip("\n"), language))
    for name, text in tests_from(folder).items():
        parts.append(listing(name, text, "python"))
    return "\n".join(parts)


def end_of_chapter(folder):
    """Gives what a chapter ends with on the site: where its sources and its tests are."""
    changed = [path.name for path in sources_of(folder) if shown_in(path) == path]
    lines = ["\n---\n", f"**Sources** in `{folder_name(folder)}`: [all files]({SOURCE})"]
    if changed:
        lines[-1] += "; new here are " + ", ".join(map(link_to_file, changed))
    tests = tests_from(folder)
    if tests:
        lines.append("\n**Tests** that begin here: " + ", ".join(map(link_to_file, tests)))
    return "\n".join(lines) + "\n"
