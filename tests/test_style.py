"""The house style, as far as a program can check it: layers, stages, files and words."""

import fnmatch
import functools
import pathlib
import re

import pytest

# The same for every server: once, with the complete one, is enough.
pytestmark = pytest.mark.since("final")

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = {"build", ".git", ".venv", ".pytest_cache", "__pycache__", "site"}
LONGEST_FILE = 500
LONGEST_LINE = 100

# A file includes headers of its own layer and of lower ones. A new module gets its place here.
LAYERS = {
    0: "slice buf slab entry table hash glob num clock log version rss stats secret hist",
    1: "request reply loop loop_* net",
    2: "store expire evict",
    3: "command command_table cmd_* ops session transaction cmdstat",
    4: "client batch metrics metrics_text",
    5: "main config server",
}

# Files longer than LONGEST_FILE that are one subject all the same, with the reason.
LONG_BY_DESIGN = {"table.c": "all that knows what a slot and a segment are"}

# Put together from parts, so that this file does not hold what it looks for.
FORBIDDEN = {
    "an unfinished place": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b",
    "a home folder": r"(?<![\w.~])/(?:ho" + r"me|Us" + r"ers)/\w|(?<![\w.~])/ro" + r"ot/",
    "a conflict mark": r"^(?:<{7}|>{7}) ",
}


def is_left_out(path):
    """Tells whether a file was built, or is input for the fuzzers, where any byte may stand."""
    parts = path.relative_to(ROOT).parts
    return any(part in BUILT or part.startswith("corpus") for part in parts)


def sources(folder):
    """Gives the C files of a folder, in order."""
    return sorted(path for path in (ROOT / folder).glob("*.[ch]"))


def stages():
    """Gives the folders of the stages, in order."""
    return sorted(path for path in (ROOT / "stages").glob("*") if path.is_dir())


def servers():
    """Gives the folders that hold a server: the stages and final/, in order."""
    return stages() + [ROOT / "final"]


def name_of(path):
    return str(path.relative_to(ROOT))


@functools.lru_cache(maxsize=None)
def text_files():
    """Gives every file of the project that is text, with its bytes."""
    found = []
    for path in sorted(ROOT.rglob("*")):
        if is_left_out(path) or path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path, content))
    return found


def included(path):
    """Gives the names of the project's own headers that a C file includes."""
    return re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE)


def layer(name):
    """Gives the layer of a module file, or None for one that has no place in LAYERS."""
    stem = pathlib.Path(name).stem
    for number, patterns in LAYERS.items():
        if any(fnmatch.fnmatchcase(stem, pattern) for pattern in patterns.split()):
            return number
    return None


def problems_of_includes(path):
    """Yields what is wrong with the includes of one file of a server."""
    if layer(path.name) is None:
        yield f"{name_of(path)}: has no place in LAYERS of tests/test_style.py"
        return
    for header in included(path):
        if not (path.parent / header).is_file():
            yield f"{name_of(path)}: includes {header}, which is not in its folder"
        elif layer(header) is not None and layer(header) > layer(path.name):
            yield (
                f"{name_of(path)}: layer {layer(path.name)} includes {header} of layer"
                f" {layer(header)}"
            )


def none_of(problems):
    """Fails with one line for each problem."""
    problems = list(problems)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("folder", servers(), ids=lambda folder: folder.name)
def test_no_file_includes_a_header_of_a_higher_layer(folder):
    none_of(problem for path in sources(folder) for problem in problems_of_includes(path))


@pytest.mark.parametrize("stem", ["main", "cmd_key", "loop_epoll", "slice"])
def test_every_layer_is_found_by_name(stem):
    assert layer(f"{stem}.c") is not None


def test_a_file_without_a_layer_is_found():
    assert layer("unheard_of.c") is None


@pytest.mark.parametrize("folder", ["client", "bench"])
def test_client_and_benchmark_take_only_base_and_wire_files_from_the_server(folder):
    for path in sources(folder):
        for header in included(path):
            if not (ROOT / folder / header).is_file():
                assert (ROOT / "final" / header).is_file(), f"{name_of(path)}: {header}"
                assert layer(header) in (0, 1), f"{name_of(path)}: {header}"


@pytest.mark.parametrize("folder", servers() + ["client", "bench"], ids=lambda f: str(f)[-20:])
def test_the_first_line_of_a_c_file_says_what_it_is(folder):
    none_of(
        f"{name_of(path)}: line 1 is not '// {path.name} - what it is'"
        for path in sources(folder)
        if not path.read_text().startswith(f"// {path.name} - ")
    )


def test_the_guard_of_a_header_is_named_after_it():
    for folder in servers():
        for path in folder.glob("*.h"):
            guard = f"MEDUSA_{path.stem.upper()}_H"
            assert f"#ifndef {guard}\n#define {guard}\n" in path.read_text(), name_of(path)


def problems_of_stage(folder):
    """Yields what keeps a stage from being a flat folder that stands alone."""
    if not re.fullmatch(r"\d\d-[a-z0-9-]+", folder.name):
        yield f"{name_of(folder)} is not named like 04-ttl"
    if not (folder / "README.md").is_file():
        yield f"{name_of(folder)} has no README.md"
    for path in sorted(folder.iterdir()):
        known = path.name in ("README.md", "Makefile", "build", "medusa", "medusa-san")
        if path.is_symlink() or not (known or path.suffix in (".c", ".h")):
            yield f"{name_of(path)} has no place in a stage"


def test_a_stage_is_flat_and_stands_alone():
    none_of(problem for folder in stages() for problem in problems_of_stage(folder))


def test_marks_of_tests_name_stages_as_their_folders_do():
    folders = {folder.name[:2]: folder.name for folder in stages()}
    for path in (ROOT / "tests").glob("test_*.py"):
        for name in re.findall(r'\.(?:since|until)\(\s*"(\d\d-[^"]*)"', path.read_text()):
            assert folders.get(name[:2], name) == name, f"{name_of(path)}: {name}"


def test_the_stages_are_numbered_without_gaps():
    numbers = [int(folder.name[:2]) for folder in stages()]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("folder", servers(), ids=lambda folder: folder.name)
def test_the_makefiles_of_all_servers_are_the_same(folder):
    assert (folder / "Makefile").read_bytes() == (ROOT / "final" / "Makefile").read_bytes()


@pytest.mark.parametrize("folder", servers(), ids=lambda folder: folder.name)
def test_sources_of_a_server_know_nothing_of_stages(folder):
    none_of(
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in sources(folder)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\bstages?\b|\bchapters?\b", line, re.IGNORECASE)
    )


def changed_files(before, after):
    """Gives the names of the sources that two folders do not have in common, byte for byte."""
    content = [{path.name: path.read_bytes() for path in sources(f)} for f in (before, after)]
    names = sorted(content[0].keys() | content[1].keys())
    return [name for name in names if content[0].get(name) != content[1].get(name)]


def is_named(name, text):
    """Tells whether a text names a file: store.c, or store.[ch] for both of a pair."""
    return name in text or f"{pathlib.Path(name).stem}.[ch]" in text


def test_a_stage_names_every_file_that_it_changes():
    none_of(
        f"{name_of(readme)} does not mention {name}, which is not as in {before.name}"
        for before, after in zip(stages(), stages()[1:])
        for readme in [after / "README.md"]
        if readme.is_file()
        for name in changed_files(before, after)
        if not is_named(name, readme.read_text())
    )


def is_laid_out_anew(before, after):
    """Tells whether two files differ in nothing but blanks and line ends."""
    if not (before.is_file() and after.is_file()):
        return False
    return before.read_text().split() == after.read_text().split()


def test_no_file_changes_in_its_blanks_alone():
    none_of(
        f"{name_of(after / name)} differs from {before.name} in nothing but blanks"
        for before, after in zip(servers(), servers()[1:])
        for name in changed_files(before, after)
        if is_laid_out_anew(before / name, after / name)
    )


def test_no_c_file_is_so_long_that_it_holds_two_subjects():
    none_of(
        f"{name_of(path)}: {content.count(b'%c' % 10)} lines: look for the second subject, or"
        " give the reason in LONG_BY_DESIGN"
        for path, content in text_files()
        if path.suffix in (".c", ".h")
        and content.count(b"\n") > LONGEST_FILE
        and path.name not in LONG_BY_DESIGN
    )


def test_every_text_file_ends_with_one_newline_and_has_no_carriage_returns():
    for path, content in text_files():
        assert not content or content.endswith(b"\n"), f"{name_of(path)}: no newline at the end"
        assert not content.endswith(b"\n\n"), f"{name_of(path)}: blank lines at the end"
        assert b"\r\n" not in content, f"{name_of(path)}: carriage returns"
        content.decode()


def test_no_line_has_blanks_at_its_end():
    none_of(
        f"{name_of(path)}:{number}: blanks at the end"
        for path, content in text_files()
        if path.suffix != ".md"
        for number, line in enumerate(content.split(b"\n"), 1)
        if line.endswith((b" ", b"\t"))
    )


def is_code(path, content):
    return path.suffix in (".c", ".h", ".py") or content.startswith(b"#!")


def test_no_line_of_code_is_longer_than_a_hundred_columns():
    none_of(
        f"{name_of(path)}:{number}: {len(line)} columns"
        for path, content in text_files()
        if is_code(path, content)
        for number, line in enumerate(content.decode().splitlines(), 1)
        if len(line) > LONGEST_LINE
    )


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    none_of(
        f"{name_of(path)}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]!r} is {what}"
        for path, content in text_files()
        for text in [content.decode()]
        for found in pattern.finditer(text)
    )


def test_comments_in_c_start_with_two_slashes():
    none_of(
        f"{name_of(path)}: {found[0]!r}"
        for path, content in text_files()
        if path.suffix in (".c", ".h")
        for found in re.finditer(r"^\s*/\*.*", content.decode(), re.MULTILINE)
    )


@pytest.mark.parametrize("path", [".ci/run", "tests/run", "tools/diff-stage", "tools/suite.py"])
def test_scripts_can_be_run(path):
    assert (ROOT / path).stat().st_mode & 0o111
