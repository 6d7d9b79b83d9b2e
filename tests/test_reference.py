"""The pages of the reference are true of the repository: what is made is fresh, names exist."""

import functools
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FINAL = ROOT / "final"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
GLOSSARY = ROOT / "docs" / "glossary.md"

# The same for every server: once, with the complete one, is enough.
pytestmark = pytest.mark.since("final")


def reference(*words):
    """Runs tools/reference; gives its status and what it says."""
    command = [sys.executable, ROOT / "tools" / "reference", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout + done.stderr


def test_the_settings_and_the_modules_are_what_program_and_sources_say(binary):
    assert reference("--check", "--server", str(binary)) == (0, "")


def test_a_page_that_is_stale_is_named(tmp_path, binary):
    other = tmp_path / "medusa"
    other.write_text(f"#!/bin/sh\n{binary} --help | sed s/2312/2313/\n")
    other.chmod(0o755)
    status, text = reference("--check", "--server", str(other))
    assert status == 1
    assert "docs/configuration.md" in text and "tools/reference --write" in text
    assert "docs/architecture.md" not in text


def test_every_setting_of_help_is_in_the_table(binary):
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, timeout=10)
    page = (ROOT / "docs" / "configuration.md").read_text()
    variables = re.findall(r"MEDUSA_[A-Z_]+", done.stdout)
    assert len(variables) > 10
    for variable in variables:
        assert f"| `{variable}` |" in page


# The architecture


@functools.lru_cache(maxsize=None)
def functions(name):
    """Gives the functions that a file of final/ defines: at the start of a line, with a body."""
    text = (FINAL / name).read_text()
    return set(re.findall(r"^[a-z][^;={}()\n]*?(\w+)\([^;{}]*\) \{$", text, re.MULTILINE))


def spans():
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", ARCHITECTURE.read_text())


def test_every_file_of_the_architecture_exists():
    files = [re.match(r"(\w+\.[ch])\b", span) for span in spans()]
    files = [found[1] for found in files if found]
    assert len(files) > 80
    assert [name for name in files if not (FINAL / name).is_file()] == []


def test_every_function_of_the_architecture_is_where_it_says():
    named = [re.fullmatch(r"(\w+\.c):(\w+)\(\)", span) for span in spans()]
    named = [found.groups() for found in named if found]
    assert len(named) > 50
    assert [f"{file}:{name}()" for file, name in named if name not in functions(file)] == []


def test_every_step_of_the_walk_names_a_function():
    walk = ARCHITECTURE.read_text().partition("## The life of one request")[2].partition("\n## ")[0]
    steps = re.split(r"^\d+\. ", walk, flags=re.MULTILINE)[1:]
    assert len(steps) == 20
    assert [step for step in steps if not re.search(r"`\w+\.c:\w+\(\)`", step)] == []


def test_every_struct_of_the_architecture_exists():
    sources = "".join(path.read_text() for path in FINAL.glob("*.[ch]"))
    structs = [span for span in spans() if re.fullmatch(r"struct \w+", span)]
    assert structs
    assert [name for name in structs if f"{name} {{" not in sources] == []


def test_every_module_is_in_the_architecture():
    page = ARCHITECTURE.read_text()
    files = sorted(FINAL.glob("*.[ch]"))
    assert [path.name for path in files if f"(../final/{path.name})" not in page] == []


# The glossary


def terms():
    """Gives (term, chapter) of each entry of the glossary."""
    entries = re.split(r"^- ", GLOSSARY.read_text(), flags=re.MULTILINE)[1:]
    for entry in entries:
        found = re.match(r"\*\*(.+?)\*\*: .*\(\[\d\d\]\((.+?)\)\)\s*$", entry, re.DOTALL)
        assert found, f"not an entry: {entry}"
        yield found[1], (GLOSSARY.parent / found[2]).resolve()


def test_every_term_of_the_glossary_is_used_by_its_chapter():
    for term, chapter in terms():
        text = " ".join(re.split(r"[\s-]+", chapter.read_text().lower()))
        assert term.lower().replace("-", " ") in text, f"{chapter.parent.name} has no {term}"


def test_the_numbers_of_the_glossary_are_those_of_the_chapters():
    for number, folder in re.findall(r"\[(\d\d)\]\(\.\./stages/(\d\d)-", GLOSSARY.read_text()):
        assert number == folder


def test_the_terms_of_the_glossary_are_in_order():
    names = [term.lower() for term, _ in terms()]
    assert len(names) > 50
    assert names == sorted(names)
    assert len(set(names)) == len(names)
