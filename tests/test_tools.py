"""The tools for chapters and stages, on small trees made for each test."""

import pathlib
import re
import subprocess
import sys

import pytest

import transcripts
from medusa import free_port, output_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
sys.path.insert(0, str(TOOLS))

import blocks  # noqa: E402
import lessons  # noqa: E402

pytestmark = pytest.mark.since("final")  # the same for every server

MAIN = """\
#include "greet.h"

int main(void) {
    greet("one");
    greet("one");
    return 0;
}
"""
FIRST = {
    "Makefile": "medusa: main.c greet.c\n\t$(CC) $(CFLAGS) -o $@ main.c greet.c\n",
    "greet.h": "void greet(const char *name);\n",
    "greet.c": '#include "greet.h"\n\n#include <stdio.h>\n\n'
    "void greet(const char *name) {\n    puts(name);\n}\n",
    "main.c": MAIN,
}
SECOND = {**FIRST, "main.c": MAIN.replace('"one");\n    return', '"two");\n    return')}
GOOD_DIFF = """\
diff file=main.c
@@ int main(void) {
     greet("one");
-    greet("one");
+    greet("two");"""


def write_files(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def fenced(*texts):
    """Gives a document of blocks, each given as its info string and its lines."""
    return "".join(f"Some words.\n\n```{text}\n```\n\n" for text in texts)


def chapter(*texts, number="02"):
    """Gives a whole chapter that turns one stage into the next with these blocks."""
    names = re.findall(r'^    "(.*)",$', (TOOLS / "chapter").read_text(), re.MULTILINE)
    bodies = {
        "Step by step": fenced(*texts),
        "Exercises": "".join(
            f"### {number}-{k} Do it\nSee docs/solutions/{number}-{k}.md\n\n" for k in (1, 2, 3)
        ),
        "Measure": f"<!-- measured:{number} -->\n<!-- /measured -->\n\n",
    }
    top = f"# {number}. Greeting\n**Goal**: g · **Time**: t · **Difficulty**: d\n**New**: n\n\n"
    return top + "".join(f"## {name}\n{bodies.get(name, '')}" for name in names)


@pytest.fixture
def tree(tmp_path):
    """A project of two stages and final/, which is as the second is."""
    write_files(tmp_path / "stages" / "01-one", FIRST)
    write_files(tmp_path / "stages" / "02-two", SECOND)
    write_files(tmp_path / "final", SECOND)
    return tmp_path


def run(tool, *words, root=None):
    """Runs a tool; gives its exit status and all that it prints."""
    return output_of(TOOLS / tool, *(["--root", root] if root else []), *words, limit=60)


def check(tree, text, *words):
    """Checks a text as the chapter of stage 02."""
    (tree / "stages" / "02-two" / "README.md").write_text(text)
    return run("chapter", "check", "02", *words, root=tree)


# Blocks


def parse(text):
    return blocks.parse("README.md", text)


def problem_of(call, *arguments):
    with pytest.raises(blocks.Problem) as caught:
        call(*arguments)
    return str(caught.value)


def apply_all(folder, text, source=None):
    tree = blocks.Tree(folder, source)
    for block in parse(text):
        tree.apply(block)
    tree.finish("README.md")


def test_blocks_are_read_with_their_lines_words_and_sections():
    first, second = parse(
        "# T\n## A\n```c file=a.c nobuild\nint a;\n```\n## B\n````text\n```\nx\n```\n````\n"
    )
    assert (first.line, first.kind, first.words, first.section) == (3, "file", ["nobuild"], "A")
    assert (second.line, second.kind, second.lines) == (7, None, ["```", "x", "```"])


def test_the_indent_of_a_block_in_a_list_is_no_part_of_it():
    (block,) = parse("1. x\n\n   ```console\n   $ make\n     x\n   ```\n")
    assert block.lines == ["$ make", "  x"]


@pytest.mark.parametrize("info", ["c flie=a.c", "c file=a.c nobiuld", "console sever", "wire x=1"])
def test_a_word_that_means_nothing_is_a_problem(info):
    assert problem_of(parse, f"```{info}\n```\n").startswith("README.md:1: '")


def test_a_block_without_an_end_is_a_problem():
    assert "README.md:2: this block has no end" in problem_of(parse, "x\n```c\nint a;\n")


def test_a_hunk_replaces_its_old_lines(tmp_path):
    write_files(tmp_path, FIRST)
    apply_all(tmp_path, fenced(GOOD_DIFF))
    assert (tmp_path / "main.c").read_text() == SECOND["main.c"]


def test_an_empty_line_of_a_hunk_is_an_empty_line_of_the_file(tmp_path):
    write_files(tmp_path, {"a.c": "one\n\ntwo\n"})
    apply_all(tmp_path, fenced("diff file=a.c\n@@\n one\n\n-two\n+three"))
    assert (tmp_path / "a.c").read_text() == "one\n\nthree\n"


def test_a_hunk_sees_what_the_one_before_it_made(tmp_path):
    write_files(tmp_path, {"a.c": "one\ntwo\n"})
    apply_all(tmp_path, fenced("diff file=a.c\n@@\n-one\n+three\n@@\n three\n+four"))
    assert (tmp_path / "a.c").read_text() == "three\nfour\ntwo\n"


def test_a_hunk_with_two_places_names_them(tmp_path):
    write_files(tmp_path, FIRST)
    text = fenced('diff file=main.c\n@@\n-    greet("one");\n+x')
    message = problem_of(apply_all, tmp_path, text)
    assert message.startswith("README.md:4: these lines occur 2 times in main.c (lines 4, 5)")


def test_a_hunk_without_a_place_names_the_nearest_line_and_what_differs_there(tmp_path):
    write_files(tmp_path, FIRST)
    text = fenced('diff file=main.c\n@@\n int main(void) {\n-    greet("two");\n+x')
    message = problem_of(apply_all, tmp_path, text)
    assert "README.md:4: these lines occur 0 times in main.c; the nearest line is 3" in message
    assert "README.md:6, is: '    greet(\"two\");'" in message
    assert "main.c:4 has there: '    greet(\"one\");'" in message


@pytest.mark.parametrize(
    "block, message",
    [
        ("diff file=a.c\n one", "a diff starts with a line @@"),
        ("diff file=a.c\n@@\n+one", "needs a line that is there already"),
        ("diff file=a.c\n@@\n-one\n+one", "changes nothing"),
        ("diff file=a.c\n@@\n*one", "starts with ' ', '+' or '-'"),
        ("diff file=b.c\n@@\n-one\n+two", "b.c is not there"),
        ("diff file=a.c\n@@\n-nine\n+two", "none of them is there"),
        ("c file=a.c\none", "a.c is there already"),
        ("c file=../a.c\none", "is not the name of a file in this folder"),
        ("text delete=b.c", "b.c is not there"),
        ("text take=a.c", "for the chapter of final/ only"),
        ("c file=b.c part=2/3\none", "part=2/3 of b.c does not follow part 0 of 3"),
        ("c file=b.c part=1/3\none", "b.c ends with part 1 of 3"),
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_a_block_that_cannot_be_applied_says_why(tmp_path, block, message):
    write_files(tmp_path, {"a.c": "one\n"})
    assert message in problem_of(apply_all, tmp_path, fenced(block))


def test_a_file_in_parts_is_there_after_the_last(tmp_path):
    first, last = "c file=a.c part=1/2\none", "c file=a.c part=2/2\ntwo"
    apply_all(tmp_path, fenced(first, "c file=b.c\nx", last))
    assert (tmp_path / "a.c").read_text() == "one\ntwo\n"


def test_files_are_deleted_and_taken(tmp_path):
    write_files(tmp_path / "final", {"new.c": "new\n"})
    write_files(tmp_path / "work", {"old.c": "old\n"})
    text = fenced("text delete=old.c", "text take=new.c")
    apply_all(tmp_path / "work", text, tmp_path / "final")
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["new.c"]


# tools/chapter


def test_a_good_chapter_passes(tree):
    status, out = check(tree, chapter(GOOD_DIFF))
    assert status == 0
    assert out.startswith("02-two: ok, 1 code blocks, 0 transcripts, ")


def test_the_first_chapter_starts_from_nothing(tree):
    texts = [
        f"c file={name}{'' if name == 'main.c' else ' nobuild'}\n{text.rstrip()}"
        for name, text in FIRST.items()
    ]
    (tree / "stages" / "01-one" / "README.md").write_text(chapter(*texts, number="01"))
    assert run("chapter", "check", "1", root=tree)[0] == 0


def test_the_last_chapter_leads_to_final(tree):
    text = chapter("text take=more.h", number="03")
    write_files(tree / "final", {"README.md": text, "more.h": "// more.h - more.\n"})
    assert run("chapter", "check", "final", root=tree)[0] == 0


def test_a_block_after_which_nothing_builds_is_a_problem(tree):
    broken = 'diff file=main.c\n@@\n-    greet("one");\n     return 0;\n+    x();'
    status, out = check(tree, chapter(broken))
    assert status == 1
    assert "after this block the tree does not build" in out and "error:" in out


def test_nobuild_lets_a_tree_be_broken_for_a_while(tree):
    broken = GOOD_DIFF.replace("main.c", "main.c nobuild", 1).replace('"two");', '"two")')
    mended = 'diff file=main.c\n@@\n-    greet("two")\n+    greet("two");'
    assert check(tree, chapter(broken, mended))[0] == 0


def test_a_tree_that_ends_up_different_is_a_problem(tree):
    status, out = check(tree, chapter(GOOD_DIFF.replace("two", "too"), "c file=extra.h\n// x"))
    assert status == 1
    assert "main.c is not as in 02-two" in out and '+    greet("two");' in out
    assert "the blocks make extra.h, which 02-two does not have" in out


def test_a_chapter_without_the_blocks_misses_files(tree):
    write_files(tree / "stages" / "02-two", {"more.h": "// more.h - more.\n"})
    status, out = check(tree, chapter(GOOD_DIFF), "--no-build")
    assert status == 1 and "no block makes more.h" in out


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("# 02. ", "# 2. ", "the first line is not '# 02. Title'"),
        ("**Goal**", "Goal", "**Goal** is missing below the title"),
        ("## Run it", "## Run", "here '## Run it' has to come, not '## Run'"),
        ("## Recap\n", "", "here '## Recap' has to come, not the end"),
        ("## Recap\n", "## Recap\n## More\n", "'## More' is one section too many"),
        ("### 02-3 Do", "#### 02-3 Do", "there are 2 exercises"),
        ("### 02-3 Do", "### 02-4 Do", "is not '### 02-3 Title'"),
        ("solutions/02-2.md", "", "docs/solutions/02-2.md is not named"),
        ("<!-- /measured -->", "", "<!-- /measured --> is missing in '## Measure'"),
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_the_form_of_a_chapter_is_checked(tree, old, new, message):
    status, out = check(tree, chapter(GOOD_DIFF).replace(old, new), "--no-build")
    assert status == 1 and message in out


def test_a_long_block_is_noted_and_no_more(tree):
    long_block = "console\n$ seq 50\n" + "\n".join(map(str, range(1, 51)))
    status, out = check(tree, chapter(GOOD_DIFF, long_block), "--no-build")
    assert status == 0 and "note: 51 lines in a block" in out


def test_a_stage_that_is_not_there_is_named_with_those_that_are(tree):
    status, out = run("chapter", "check", "7", root=tree)
    assert status == 2 and "there is no stage '7'; stages are: 01-one 02-two final" in out


def test_a_draft_makes_the_step(tree):
    new = {"a.h": '#include "greet.h"\n', "b.c": '#include "a.h"\n'}
    write_files(tree / "stages" / "02-two", new)
    (tree / "stages" / "01-one" / "old.h").write_text("// old.h - goes away.\n")
    _, text = run("chapter", "draft", "02", root=tree)
    assert [line for line in text.splitlines() if line.startswith("```") and line != "```"] == [
        "```c file=a.h nobuild",
        "```diff file=main.c nobuild",
        "```c file=b.c nobuild",
        "```text delete=old.h",
    ]
    status, out = check(tree, chapter("text\nx").replace("```text\nx\n```\n", text))
    assert status == 0, out


@pytest.mark.parametrize("folder", lessons.stages()[1:], ids=lambda folder: folder.name)
def test_diffs_between_the_stages_apply_with_a_context_that_is_unique(folder, tmp_path):
    before = lessons.before(folder)
    old, new = lessons.sources(before), lessons.sources(folder)
    for name in sorted(old.keys() & new.keys()):
        if old[name] == new[name]:
            continue
        (tmp_path / name).write_bytes(old[name])
        changes = lessons.changes(before / name, folder / name)
        texts = [files[name].decode().splitlines() for files in (old, new)]
        lines = blocks.diff_lines(*texts, changes)
        apply_all(tmp_path, "\n".join([f"````diff file={name}", *lines, "````"]))
        assert (tmp_path / name).read_bytes() == new[name]


# Transcripts


def console(text):
    (block,) = parse(f"```console\n{text}\n```\n")
    return block


@pytest.mark.parametrize(
    "text",
    [
        "$ echo a\na\n$ echo b; echo c >&2\nb\nc",
        "$ printf a\na\n$ true\n$ false",
        "$ echo a \\\n    b\na b",
        "$ seq 9\n1\n...\n8\n9",
        "$ seq 2\n1\n2\n...",
        "$ echo took 12 ms at 2026-01-31T10:11:12\ntook <n> ms at <time>",
        "$ echo some text here\nsome ... here",
        "$ x=5; cd /\n$ echo $x $PWD\n5 /",
        "$ echo :2312 $MEDUSA_PORT\n:2312 2312",
        "$ printf 'a\\r\\n'\na",
        "$ no-such-command\nbash: no-such-command: command not found",
        "$ sleep 30 &\n$ echo a\na",
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_a_console_block_that_shows_what_happens_passes(text, tmp_path):
    port = free_port()
    transcripts.run_console(console(text), tmp_path, port, {"MEDUSA_PORT": str(port)})


@pytest.mark.parametrize(
    "text, message",
    [
        ("$ echo a\nb", "README.md:3: `echo a` shows something else: here the chapter has 'b'"),
        ("$ echo a\na\n$ echo b\na", "README.md:5: `echo b` shows something else"),
        ("$ echo a", "README.md:3: `echo a` shows something else: here the chapter has no more"),
        ("$ seq 3\n1\n...\n4", "README.md:5: `seq 3` shows something else"),
        ("$ echo x\n<n>", "here the chapter has '<n>'"),
        ("$ exit 3\n$ echo a\na", "README.md:2: `exit 3` ended the shell"),
        ("a\n$ echo a", "README.md:2: a console block starts with a command"),
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_a_console_block_that_differs_fails_at_the_line(text, message, tmp_path):
    block = console(text)
    assert message in problem_of(transcripts.run_console, block, tmp_path, free_port())


def test_a_console_block_that_does_not_end_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(transcripts, "CONSOLE_LIMIT", 0.2)
    block = console("$ echo a\na\n$ sleep 30")
    message = problem_of(transcripts.run_console, block, tmp_path, free_port())
    assert "README.md:4: `sleep 30` took too long" in message


def wire(text):
    (block,) = parse(f"```wire\n{text}\n```\n")
    return block


@pytest.mark.parametrize(
    "text",
    [
        "> PING\n< +PONG",
        ">> PI\n~ 0.01s\n> NG\n< +PONG",
        '> SET k "a\\\\x00\\\\r\\\\nb"\n< +OK\n> GET k\n< $5\n< a\\x00\\r\\nb',
        "> SET k 1 100\n< +OK\n2> TTL k\n2< :<n>\n< (nothing)",
        "> INFO\n< $<n>\n< # Server\n< ...\n< # Keyspace\n< ...",
        "> PING\n<< +PO\n<< NG\\r\\n",
        "> QUIT\n< +OK\n< (closed)",
        "> PING\n> (end)\n< +PONG\n< (closed)",
        ">",
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_an_exchange_that_is_what_happens_passes(text, server):
    transcripts.run_wire(wire(text), server)


@pytest.mark.parametrize(
    "text, message",
    [
        ("> PING\n< +PONK", "README.md:3: expected '+PONK', received b'+PONG'"),
        ("> PING", "README.md:2: connection 1 received more than the block shows"),
        ("> PING\n< (nothing)", "README.md:3: expected nothing, received b'+PONG"),
        ("> QUIT\n< (closed)", "README.md:3: expected the end, received b'+OK"),
        ("> QUIT\n< +OK\n< +OK", "README.md:4: expected '+OK', received nothing more"),
        ("PING", "README.md:2: not a line of an exchange"),
        ("> a\\q", "README.md:2: the escape \\q is none of"),
    ],
    ids=lambda text: text.replace("\n", "|")[:24],
)
def test_an_exchange_that_differs_fails_at_the_line(text, message, server):
    assert message in problem_of(transcripts.run_wire, wire(text), server)


# tools/stages and tools/carry-forward


def test_the_sizes_of_all_stages_are_listed():
    status, out = run("stages", "sizes")
    assert status == 0
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert names == [folder.name for folder in lessons.stages()]
    assert out.splitlines()[1].split()[2] == "-0"


def test_the_diff_of_a_stage_is_its_lesson():
    before, folder = lessons.stages()[:2]
    status, out = run("stages", "diff", folder.name)
    old, new = lessons.sources(before), lessons.sources(folder)
    assert status == 0
    assert all(name in out for name in new if old.get(name) != new[name])


OLD = "".join(f"line {number}\n" for number in range(30))


def changed(text, *numbers):
    """Gives a text with some of its lines changed."""
    for number in numbers:
        text = text.replace(f"line {number}\n", f"changed {number}\n")
    return text


@pytest.fixture
def history(tmp_path):
    """A repository with three stages and final/; each changes another line of a.c."""
    own = {"01-one": (), "02-two": (5,), "03-three": (5, 15)}
    folders = {tmp_path / "stages" / name: lines for name, lines in own.items()}
    folders[tmp_path / "final"] = (5, 15, 25)
    for folder, lines in folders.items():
        write_files(folder, {"a.c": changed(OLD, *lines), "Makefile": "all:\n"})
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "start"]):
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *words],
            cwd=tmp_path,
            check=True,
        )
    return tmp_path


def text_of(history, folder, name="a.c"):
    return (history / folder / name).read_text()


def edit(history, folder, text, name="a.c"):
    (history / folder / name).write_text(text)


def test_a_change_is_carried_to_all_later_stages(history):
    edit(history, "stages/02-two", changed(OLD, 5, 10))
    status, out = run("carry-forward", "02", root=history)
    assert (status, out) == (0, "03-three/a.c: clean\nfinal/a.c: clean\n")
    assert text_of(history, "stages/01-one") == OLD
    assert text_of(history, "stages/03-three") == changed(OLD, 5, 10, 15)
    assert text_of(history, "final") == changed(OLD, 5, 10, 15, 25)
    status, out = run("carry-forward", "02", root=history)
    assert (status, out) == (0, "03-three/a.c: has it already\nfinal/a.c: has it already\n")


def test_a_change_is_carried_back(history):
    edit(history, "final", changed(OLD, 5, 10, 15, 25))
    status, out = run("carry-forward", "--back", "final", root=history)
    assert (status, out.count("clean")) == (0, 3)
    assert text_of(history, "stages/01-one") == changed(OLD, 10)
    assert text_of(history, "stages/03-three") == changed(OLD, 5, 10, 15)


def test_a_conflict_is_reported_and_changes_nothing(history):
    edit(history, "stages/02-two", changed(OLD, 5).replace("line 15\n", "else 15\n"))
    before = text_of(history, "final")
    status, out = run("carry-forward", "02", root=history)
    assert (status, out) == (1, "03-three/a.c: conflict\nfinal/a.c: conflict\n")
    assert text_of(history, "final") == before


def test_force_leaves_the_marks_of_a_conflict_and_a_second_run_stays_off_them(history):
    edit(history, "stages/02-two", changed(OLD, 5).replace("line 15\n", "else 15\n"))
    assert run("carry-forward", "02", "--force", root=history)[0] == 1
    text = text_of(history, "stages/03-three")
    assert "<" * 7 + " 03-three/a.c\nchanged 15\n" in text and "else 15\n" in text
    status, out = run("carry-forward", "02", "--force", root=history)
    assert status == 1 and "03-three/a.c: conflict: it holds marks of an earlier one" in out
    assert text_of(history, "stages/03-three") == text


def test_a_trial_changes_nothing(history):
    edit(history, "stages/02-two", changed(OLD, 5, 10))
    assert run("carry-forward", "02", "-n", root=history)[0] == 0
    assert text_of(history, "final") == changed(OLD, 5, 15, 25)


def test_new_and_removed_files_are_carried_too(history):
    edit(history, "stages/01-one", "new\n", "new.c")
    (history / "stages/01-one/Makefile").unlink()
    edit(history, "final", "its own\n", "new.c")
    status, out = run("carry-forward", "01", root=history)
    assert status == 1
    assert "02-two/new.c: added" in out and "02-two/Makefile: removed" in out
    assert "final/new.c: conflict: it has a file of its own by this name" in out
    assert text_of(history, "stages/03-three", "new.c") == "new\n"
    assert not (history / "stages/03-three/Makefile").exists()
    assert text_of(history, "final", "new.c") == "its own\n"


def test_only_the_files_that_are_named_are_carried(history):
    edit(history, "stages/02-two", changed(OLD, 5, 10))
    edit(history, "stages/02-two", "all: medusa\n", "Makefile")
    _, out = run("carry-forward", "02", "Makefile", root=history)
    assert out == "03-three/Makefile: clean\nfinal/Makefile: clean\n"


def test_a_stage_without_changes_says_so(history):
    assert run("carry-forward", "02", root=history) == (0, "02-two: nothing differs from HEAD\n")


def test_a_commit_without_the_stage_is_an_error(history):
    write_files(history / "stages" / "04-four", {"a.c": OLD})
    status, out = run("carry-forward", "04", root=history)
    assert status == 2 and "stages/04-four is not in HEAD" in out
