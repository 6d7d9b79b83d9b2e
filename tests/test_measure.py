"""The measurements: the texts say what the figures say, and the figures can be made."""

import json
import pathlib
import sys
import xml.etree.ElementTree

import pytest

from medusa import output_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

import figures  # found through the line above

# The same for every server: once, with the complete one, is enough.
pytestmark = pytest.mark.since("final")

LIMIT = 120  # seconds for one run of a tool
GET_AT_16 = "GET inline c1 P16 cpu_us"


def run(tool, *words):
    """Runs one of tools/; gives its status and its output."""
    return output_of(ROOT / "tools" / tool, *words, limit=LIMIT)


@pytest.fixture
def book(tmp_path):
    """A small book: a root with three stages and final/, each with a chapter."""
    for name in ("01-echo-server", "02-hash-map", "03-commands", "final"):
        folder = tmp_path / ("final" if name == "final" else f"stages/{name}")
        folder.mkdir(parents=True)
        number = "04" if name == "final" else name[:2]
        text = f"# {number}. T\n\n<!-- measured:{number} -->\nold\n<!-- /measured -->\n\nafter\n"
        (folder / "README.md").write_text(text)
    return tmp_path


def measured(**servers):
    """Gives figures with one dict per round for each server; names have _ for -."""
    result = figures.Figures()
    result.data["method"] = dict(keys=10, operations=5, pinned=False, has_cpu=True)
    result.data["machine"] = dict(cores=2, system="S", compiler="gcc 1.2", redis=None)
    named = {name.strip("_").replace("_", "-"): rounds for name, rounds in servers.items()}
    result.rounds.update(named)
    return result


def test_the_page_the_plot_and_the_chapters_are_what_the_figures_say():
    assert run("measure", "--check") == (0, "")


def test_the_learning_path_in_the_readme_is_what_the_chapters_say():
    assert run("learning-path", "--check") == (0, "")


def test_two_stages_can_be_measured(tmp_path):
    settings = ("--keys", 500, "--operations", 50, "--into", tmp_path)
    status, out = run("measure", "--only", "05,06", *settings)
    assert status == 0, out
    servers = json.loads((tmp_path / "measurements.json").read_text())["servers"]
    assert sorted(servers) == ["05-patterns", "06-poll"]
    assert "pause growing ms" not in servers["05-patterns"][0]
    assert servers["06-poll"][0]["pause growing ms"] > 0
    page = (tmp_path / "measurements.md").read_text()
    assert "| 05-patterns |" in page and "| 06-poll |" in page
    assert xml.etree.ElementTree.parse(tmp_path / "measurements.svg").getroot().tag.endswith("svg")
    assert run("measure", "--check", *settings) == (0, "")
    status, out = run("measure", "--only", "02", "--keys", 9, "--into", tmp_path)
    assert status != 0
    assert "was measured in another way" in out


def test_a_figure_is_the_median_over_the_rounds_and_a_pause_the_shortest():
    rounds = [{"bytes_per_key": n, "pause growing ms": n} for n in (3, 1, 100)]
    found = measured(_02_hash_map=rounds)
    assert found.of("02-hash-map", "bytes_per_key") == 3
    assert found.of("02-hash-map", "pause growing ms") == 1
    assert found.of("02-hash-map", GET_AT_16) is None
    assert found.of("03-commands", "bytes_per_key") is None


def test_a_chapter_shows_its_server_next_to_the_one_before(book):
    found = measured(_02_hash_map=[{GET_AT_16: 2.5}], _03_commands=[{GET_AT_16: 1.25}])
    text = figures.chapter_text(found, book / "stages" / "03-commands", book)
    assert "| 02-hash-map | 2.50 |\n| 03-commands | 1.25 |" in text
    assert "(../../docs/measurements.md)" in text
    assert "old" not in text
    assert text.endswith("<!-- /measured -->\n\nafter\n")


def test_writing_the_texts_again_changes_nothing(book):
    found = measured(_02_hash_map=[{GET_AT_16: 2.5}], _01_echo_server=[{"echo P1 cpu_us": 9}])
    (book / "docs").mkdir()
    for path, text in figures.texts(found, book, book / "docs").items():
        path.write_text(text)
    for path, text in figures.texts(found, book, book / "docs").items():
        assert path.read_text() == text
