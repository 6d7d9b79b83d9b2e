"""docs/performance.md: what it says was measured, and can be measured again."""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

import pytest

from medusa import output_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
sys.path.append(str(ROOT / "tools"))

import pairs  # found through the line above
import plot
import ratios

# The same for every server: once, with the complete one, is enough.
pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

LIMIT = 120  # seconds for one run of the tool
MADE = re.compile(r"^<!-- measured:.*?^<!-- /measured -->$", re.DOTALL | re.MULTILINE)
FIGURE = re.compile(r"\d[\d.,]*\s*(?:%|times|µs|ms|seconds|bytes per|MiB of|ratio)|\b\d+\.\d")


def compare(*words, **options):
    """Runs tools/compare; gives its status and its output."""
    return output_of(sys.executable, ROOT / "tools" / "compare", *words, limit=LIMIT, **options)


def result(rounds, is_longest=False):
    return ratios.Result(pairs.Operation("an operation", "µs", None, is_longest), rounds)


def test_the_page_and_its_plots_are_what_the_figures_say():
    assert compare("--check") == (0, "")


def test_no_figure_stands_outside_what_the_tool_writes():
    prose = MADE.sub("", PAGE.read_text())
    assert [found[0] for found in FIGURE.finditer(prose)] == []


def test_everything_that_was_measured_is_on_the_page():
    marks = ratios.MARK.findall(PAGE.read_text())
    shown = [name for mark in marks for name in mark.removeprefix("steps ").split(", ")]
    for name in [*(pair.name for pair in pairs.STEPS), "how", "attempts", "peers", "verdict"]:
        assert shown.count(name) == 1, name


def test_every_pair_has_been_measured_several_times():
    stored = ratios.Ratios.load(ROOT / "docs" / "performance.json")
    for group, some in pairs.GROUPS.items():
        for pair in some:
            for operation in pair.operations:
                if operation.name:
                    rounds = stored.of(group, pair, operation)
                    assert rounds, f"measure it: tools/compare {group} --only '{pair.name}'"
    for entry in stored.data["pairs"].values():
        assert all(len(rounds) >= 5 for rounds in entry["figures"].values())


def test_what_an_attempt_changes_is_in_the_sources():
    for pair in pairs.ATTEMPTS:
        for path, text in pairs.edited(ROOT / "final", pair.after.edits).items():
            assert text != path.read_text()


def test_an_edit_that_does_not_fit_says_what_to_correct():
    with pytest.raises(pairs.Problem, match="hash.c has 'sip' .* correct tools/pairs.py"):
        pairs.edited(ROOT / "final", (("hash.c", "sip", "x"),))


def test_a_ratio_is_the_median_over_the_rounds_and_has_a_spread():
    found = result([[2, 1], [9, 3], [40, 10]])
    assert (found.before, found.after, found.ratio) == (9, 3, 3)
    assert found.ratio_text() == "3.00 (2.00–4.00)"
    assert found.is_better() and not found.is_worse()


def test_rounds_that_do_not_agree_show_nothing():
    found = result([[1, 2], [1, 2], [3, 2]])
    assert found.ratio == 0.5
    assert not found.counts()


def test_of_the_longest_times_the_shortest_counts():
    found = result([[80, 1], [20, 9], [30, 2]], is_longest=True)
    assert (found.before, found.after, found.ratio_text()) == (20, 1, "20.0")


def test_a_bar_goes_to_the_side_of_the_server_that_takes_less():
    svg = plot.bars("T", [("a < b", result([[4, 1]])), ("c", result([[1, 2]]))], "left", "right")
    root = xml.etree.ElementTree.fromstring(svg)
    bars = [e for e in root if e.tag.endswith("rect")]
    texts = [e.text for e in root if e.tag.endswith("text")]
    middle = float(next(e for e in root if e.tag.endswith("line")).get("x1"))
    assert [e.get("class") for e in bars] == ["bar", "other"]
    assert float(bars[0].get("x")) == pytest.approx(middle, abs=1)
    assert float(bars[1].get("x")) < middle
    assert "a < b" in texts and "4.00" in texts and "0.50" in texts


def test_a_pair_can_be_measured(tmp_path):
    words = ("steps", "--only", "resumed parsing", "--rounds", 2, "--into", tmp_path)
    status, out = compare(*words)
    assert status == 0, out
    stored = json.loads((tmp_path / "performance.json").read_text())["pairs"]
    (rounds,) = stored["steps: resumed parsing"]["figures"].values()
    assert len(rounds) == 2
    assert all(before > after > 0 for before, after in rounds)  # by a factor of five
    assert "08-binary-protocol → 09-resumed-parsing" in (tmp_path / "performance.md").read_text()
    assert compare("--check", "--into", tmp_path) == (0, "")


def test_without_redis_the_tool_says_what_to_install(tmp_path):
    status, out = compare("peers", "--into", tmp_path, env={"PATH": str(tmp_path)})
    assert status == 1
    assert "redis-server is not installed" in out and "apt-get install" in out


def test_a_group_that_does_not_exist_is_named():
    status, out = compare("peer")
    assert status == 2
    assert "there is no group peer: choose from steps, attempts, peers" in out
