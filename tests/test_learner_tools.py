"""What a reader checks own work with: make check-mine and make exercise."""

import pathlib
import shutil
import sys

import pytest

from medusa import output_of

# The same for every server: once, with the complete one, is enough.
pytestmark = pytest.mark.since("final")

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 80  # seconds for one run of a tool

ECHO = """\
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
listener = socket.create_server(("127.0.0.1", int(os.environ["MEDUSA_PORT"])))
while True:
    client, _ = listener.accept()
    while data := client.recv(65536):
        client.sendall(data{change})
    client.close()
"""

SHOUT = """\
# 01-1 Shout

```diff file=client.c
@@
         if (n <= 0) break; // the client closed, or its machine has gone
+        for (ssize_t i = 0; i < n; i++) bytes[i] = '!';
```
"""

SHOUT_TEST = """\
def test_every_byte_comes_back_as_an_exclamation_mark(client):
    client.check(b"hello", b"!!!!!")
"""


def run(tool, *words):
    """Runs a tool; gives its status and its output."""
    return output_of(tool, *words, limit=LIMIT)


def check_mine(folder, source, *words):
    """Runs tools/check-mine on a server written in Python."""
    (folder / "mine.py").write_text(source)
    return run(ROOT / "tools" / "check-mine", "1", f"{sys.executable} {folder}/mine.py", *words)


@pytest.fixture
def copy(tmp_path):
    """A copy of the project with its first stage only, and one exercise."""
    for name in ("tools", "tests", "stages/01-echo-server"):
        ignored = shutil.ignore_patterns("__pycache__", "unit", "build", "medusa*")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "tests" / "medusa.py", tmp_path / "tests")
    shutil.rmtree(tmp_path / "tests" / "exercises")
    shutil.copytree(
        ROOT / "tests" / "exercises",
        tmp_path / "tests" / "exercises",
        ignore=shutil.ignore_patterns("test_*", "__pycache__"),
    )
    (tmp_path / "docs" / "solutions").mkdir(parents=True)
    (tmp_path / "docs" / "solutions" / "01-1.md").write_text(SHOUT)
    (tmp_path / "tests" / "exercises" / "test_01_1.py").write_text(SHOUT_TEST)
    return tmp_path


def test_a_server_in_another_language_can_pass(tmp_path):
    status, out = check_mine(tmp_path, ECHO.format(change=""), "test_echo")
    assert status == 0, out
    assert out.splitlines()[-1].endswith("passed, 0 failed")


def test_a_failure_says_what_came_and_where_to_read(tmp_path):
    status, out = check_mine(tmp_path, ECHO.format(change=".lower()"), "-k", "bytes_come_back")
    assert status == 1
    assert r"sent     b'GET k\r\n'" in out
    assert r"expected b'GET k\r\n'" in out
    assert r"received b'get k\r\n'" in out
    assert "read again: 'The contract' in stages/01-echo-server/README.md" in out


def test_it_stops_after_the_first_failures_unless_told_otherwise(tmp_path):
    source = ECHO.format(change=" + data")
    status, out = check_mine(tmp_path, source, "test_echo")
    assert status != 0
    assert out.count("FAILED") == 3 and "--all goes on" in out
    status, out = check_mine(tmp_path, source, "test_echo", "-k", "bytes_come_back", "--all")
    assert out.count("FAILED") > 3


def test_a_server_that_ends_at_once_is_explained(tmp_path):
    status, out = check_mine(tmp_path, "print('no such thing'); raise SystemExit(3)")
    assert status == 1
    assert "ended at once, with status 3" in out
    assert "no such thing" in out


def test_a_missing_program_and_an_unknown_stage_are_named():
    tool = ROOT / "tools" / "check-mine"
    status, out = run(tool, "1", "no-such-file")
    assert status != 0 and "no-such-file" in out
    status, out = run(tool, "77", "no-such-file")
    assert status != 0 and "01-echo-server" in out


def test_an_exercise_fails_before_and_passes_after_its_solution(copy):
    assert run(copy / "tools" / "exercise", "1-1") == (0, "ok      01-1\n1 passed, 0 failed\n")


def test_a_test_that_passes_without_a_solution_is_found(copy):
    test = SHOUT_TEST.replace("!!!!!", "hello")
    (copy / "tests" / "exercises" / "test_01_1.py").write_text(test)
    status, out = run(copy / "tools" / "exercise", "all")
    assert status == 1
    assert "passes although nothing was done" in out
    assert out.endswith("0 passed, 1 failed\n")


def test_a_solution_that_does_not_solve_is_found(copy):
    (copy / "docs" / "solutions" / "01-1.md").write_text(SHOUT.replace("'!'", "'?'"))
    status, out = run(copy / "tools" / "exercise", "all")
    assert status == 1
    assert "fails on the solution" in out


def test_a_solution_without_a_test_is_found(copy):
    (copy / "tests" / "exercises" / "test_01_1.py").unlink()
    status, out = run(copy / "tools" / "exercise", "all")
    assert status == 1
    assert "there is no tests/exercises/test_01_1.py" in out


def test_an_exercise_can_be_tried_on_a_server_of_ones_own(copy):
    (copy / "mine.py").write_text(ECHO.format(change=""))
    command = f"{sys.executable} {copy}/mine.py"
    status, out = run(copy / "tools" / "exercise", "01-1", "--server", command)
    assert status == 1
    assert "Every byte comes back as an exclamation mark" in out
    assert "read again: 'Exercises' in stages/01-echo-server/README.md" in out


def test_the_suite_leaves_the_exercises_out(copy):
    (copy / "tests" / "test_performance.py").unlink()  # it names stages that the copy lacks
    status, out = run(copy / "tests" / "run", "--collect-only", "-q", "-p", "no:cacheprovider")
    assert status == 0, out
    assert "test_echo.py" not in out  # it is for the first stage, and the default is final/
    assert "test_01_1" not in out
