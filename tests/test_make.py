"""The Makefile at the top, and the tools behind it."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from medusa import SLOWNESS

ROOT = pathlib.Path(__file__).resolve().parent.parent
STAGES = sorted(path.name for path in (ROOT / "stages").glob("[0-9][0-9]-*"))
LIMIT = 60 * SLOWNESS

# The same for every server: once, with the complete one, is enough.
pytestmark = pytest.mark.since("final")


def run(*words):
    """Runs a command at the top, away from a make around it; gives status, stdout and stderr."""
    own = ("MAKE", "MFLAGS", "STAGE", "ARGS", "JOBS", "SAN", "PREFIX", "DESTDIR")
    env = {key: text for key, text in os.environ.items() if not key.startswith(own)}
    for key in ("T", "N"):
        env.pop(key, None)
    done = subprocess.run(
        words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def make(*words):
    return run("make", "--no-print-directory", *words)


def count(tmp_path, *lines):
    """Gives what tools/counts.py makes of a log."""
    log = tmp_path / "log"
    log.write_text("\n".join(lines) + "\n")
    return run(sys.executable, "tools/counts.py", str(log))[1].strip()


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: ([^$]*)", text, re.MULTILINE)[1].replace("\\", "").split()
    status, out, _ = make("help")
    assert status == 0
    listed = [line.split()[1] for line in out.splitlines()]
    assert sorted(listed) == sorted(targets)
    assert all(len(line) <= 100 for line in out.splitlines())


def test_make_test_names_the_stages_when_there_is_no_such_one():
    status, _, err = make("-n", "test", "STAGE=no-such-stage")
    assert status != 0
    assert "there is no stage 'no-such-stage'" in err


def test_make_test_names_the_test_files_when_there_is_no_such_one():
    status, _, err = make("test", "STAGE=final", "T=no_such_file")
    assert status != 0
    assert "test_store" in err


def test_make_diff_says_how_to_name_a_stage():
    status, out, err = make("diff")
    assert status != 0 and out == ""
    assert "make diff N=06" in err


def test_make_diff_says_which_stages_cannot_be_compared():
    status, out, err = make("diff", "N=01")
    assert status != 0 and out == ""
    assert "there is no stage" in err


def test_make_diff_compares_a_stage_with_the_one_before():
    for before, after in zip(STAGES, STAGES[1:]):
        status, out, err = make("diff", f"N={after[:2]}")
        assert (status, err) == (0, "")
        assert f"--- stages/{before}/" in out and f"+++ stages/{after}/" in out
        assert f"+++ stages/{after}/README.md" not in out


INSTALLED = [
    "bin/medusa",
    "bin/medusa-benchmark",
    "bin/medusa-client",
    "lib/systemd/system/medusa.service",
    "share/bash-completion/completions/medusa",
    "share/bash-completion/completions/medusa-benchmark",
    "share/bash-completion/completions/medusa-client",
    "share/man/man1/medusa-benchmark.1",
    "share/man/man1/medusa-client.1",
    "share/man/man8/medusa.8",
]


def files(folder):
    """Gives every file below a folder, with its permissions and its bytes."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode & 0o777, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def test_make_install_copies_all_that_belongs_to_the_programs(tmp_path):
    status, _, err = make("install", "PREFIX=/opt", f"DESTDIR={tmp_path}")
    assert status == 0, err
    found = files(tmp_path)
    assert sorted(found) == [f"opt/{name}" for name in INSTALLED]
    for name, (mode, content) in found.items():
        assert mode == (0o755 if name.startswith("opt/bin/") else 0o644), name
        assert os.fsencode(tmp_path) not in content, name  # DESTDIR is only for now
    program = tmp_path / "opt" / "bin" / "medusa"
    assert subprocess.run([program, "--version"], capture_output=True, timeout=10).returncode == 0
    unit = tmp_path / "opt" / "lib" / "systemd" / "system" / "medusa.service"
    assert "\nExecStart=/opt/bin/medusa\n" in unit.read_text()


def test_make_install_again_changes_nothing(tmp_path):
    for _ in range(2):
        status, _, err = make("install", f"PREFIX={tmp_path}")
        assert status == 0, err
    assert sorted(files(tmp_path)) == INSTALLED


def test_make_uninstall_removes_what_was_installed_and_nothing_else(tmp_path):
    for name in INSTALLED:
        other = (tmp_path / name).with_name("other")
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("stays\n")
    before = files(tmp_path)
    for target in ("install", "uninstall", "uninstall"):
        status, _, err = make(target, f"PREFIX={tmp_path}")
        assert status == 0, err
        assert (files(tmp_path) == before) == (target == "uninstall")


@pytest.mark.parametrize(
    "line, expected",
    [
        ("7 passed in 0.63s", "7 0"),
        ("===== 5 passed, 2 warnings in 102.30s (0:01:42) =====", "5 0"),
        ("\x1b[32m\x1b[1m7 passed\x1b[0m\x1b[32m, 11 deselected in 1.00s\x1b[0m", "7 0"),
        ("2 failed, 7 passed, 3 errors in 0.63s", "7 5"),
        ("7 passed, 1 skipped in 0.63s", "7 1"),
        ("7 passed, 1 xfailed, 1 xpassed in 0.63s", "7 2"),
        ("16 deselected in 0.03s", "0 1"),
        ("no tests ran in 0.01s", "0 1"),
        ("9 passed, 3 failed", ""),
        ("the test passed in 3s", ""),
    ],
    ids=range(10),
)
def test_tests_are_counted_from_the_summary_of_pytest(tmp_path, line, expected):
    assert count(tmp_path, "....", line) == expected


def test_the_counts_of_several_runs_are_added_up(tmp_path):
    assert count(tmp_path, "3 passed in 1.0s", "1 failed, 2 passed in 2.0s") == "5 1"


def test_make_test_runs_one_file_and_ends_with_the_summary_of_pytest():
    status, out, err = make("test", "STAGE=final", "T=patterns", "ARGS=-k question")
    assert status == 0, out + err
    assert re.search(r"^\d+ passed, \d+ deselected in [\d.]+s$", out.splitlines()[-1])


def test_make_test_adds_up_the_runs_on_several_servers():
    # Naming final twice makes two runs, whatever stages there are.
    words = ["python3", "tools/suite.py", "--file", "patterns", "final", "final"]
    status, out, err = run(*words, "--", "-k", "question")
    assert status == 0, out + err
    assert out.count("=== final\n") == 2
    runs = re.findall(r"^(\d+) passed, \d+ deselected in", out, re.MULTILINE)
    assert len(runs) == 2
    assert out.splitlines()[-1] == f"{2 * int(runs[0])} passed, 0 failed"


def test_the_test_files_of_the_complete_server_are_divided_into_several_runs():
    files = ["tests/test_patterns.py", "tests/test_scan.py"]
    status, out, err = run("python3", "tools/suite.py", "--jobs", "2", "final", "--", *files)
    assert status == 0, out + err
    runs = re.findall(r"^(\d+) passed in", out, re.MULTILINE)
    assert len(runs) == 2
    assert out.splitlines()[-1] == f"{sum(map(int, runs))} passed, 0 failed"


def test_the_gate_names_its_steps_when_there_is_no_such_one():
    status, _, err = run(".ci/run", "no-such-step")
    assert status == 2
    assert ".ci/run --list" in err
    assert "suite-san" in run(".ci/run", "--list")[1]
