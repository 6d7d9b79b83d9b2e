"""What the documents show and name is true: transcripts, code blocks, links, paths and commands."""

import functools
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from medusa import SLOWNESS, Server, free_port
from transcripts import outside_environment, run_console, run_wire

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import blocks  # noqa: E402
import lessons  # noqa: E402

# The same for every server: once, with the complete one, is enough. Every stage is built here as
# its chapter says, so sanitizers would find nothing in a second run.
pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

SKIPPED = {"build", ".git", ".venv", ".pytest_cache", "__pycache__", "site"}
BUILD_LIMIT = 100 * SLOWNESS  # seconds
FOLDERS = "stages|final|client|bench|docs|tests|tools"
PROGRAMS = {"medusa", "medusa-san", "medusa-client", "medusa-benchmark", "build"}


@functools.lru_cache(maxsize=None)
def documents():
    """Gives every Markdown file of the project."""
    found = sorted(ROOT.rglob("*.md"))
    return [path for path in found if not SKIPPED & set(path.relative_to(ROOT).parts)]


def name_of(path):
    return str(path.relative_to(ROOT))


def transcripts():
    """Gives every transcript that can be read; a test of its own finds those that cannot."""
    for path in documents():
        try:
            found = blocks.parse(name_of(path), path.read_text())
        except blocks.Problem:
            continue
        for block in found:
            if block.kind in ("console", "wire"):
                yield pytest.param(path, block, id=f"{block.path}:{block.line}")


for_each_document = pytest.mark.parametrize(
    "path", [pytest.param(path, id=name_of(path)) for path in documents()]
)


class Copy:
    """A copy of the project in which transcripts can do as they like."""

    def __init__(self, folder):
        self.folder = folder / "medusa"
        self.built = folder / "built"
        shutil.copytree(ROOT, self.folder, ignore=self.is_left_out)

    @staticmethod
    def is_left_out(folder, names):
        """Gives what is not copied; programs are, as far as they are built."""
        has_stages = "stages" in pathlib.Path(folder).relative_to(ROOT).parts
        return (SKIPPED if has_stages else SKIPPED - {"build"}) & set(names)

    def build(self, stage, solution=None):
        """Builds a stage, with the blocks of a solution applied; gives where it is kept."""
        kept = self.built / (solution.stem if solution else stage.name)
        if kept.is_dir():
            return kept
        work = kept.with_suffix(".work")
        shutil.rmtree(work, ignore_errors=True)
        # Objects that are there already save their compilation: the copy keeps the times.
        shutil.copytree(stage, work)
        if solution:
            tree = blocks.Tree(work)
            for block in blocks.load(solution):
                tree.apply(block)
        subprocess.run(
            ["make", "-s"],
            cwd=work,
            env=outside_environment(),
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=BUILD_LIMIT,
        )
        work.rename(kept)
        return kept

    def put(self, stage, solution=None):
        """Puts a fresh copy of a built stage where it belongs in the copied project."""
        place = self.folder / stage.relative_to(ROOT)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.build(stage, solution), place)
        return place


@pytest.fixture(scope="session")
def copy(tmp_path_factory, client_binary, benchmark_binary):
    """A copy of the project, shared by all transcripts."""
    return Copy(tmp_path_factory.mktemp("docs"))


def stage_and_solution(path, block):
    """Gives the stage that a transcript runs on, and the solution to apply to it, if any."""
    if path.parent == ROOT / "docs" / "solutions":
        stage = lessons.find(path.stem.split("-")[0])
        return stage, None if "before" in block.words else path
    stage = path.parent if path.parent in lessons.stages() else ROOT / "final"
    if "before" in block.words:
        stage = lessons.before(stage)
        if stage is None:
            raise block.problem("there is no stage before the first")
    return stage, None


def problem_of(check, *arguments):
    """Gives what is wrong according to a check that raises, or None."""
    try:
        check(*arguments)
    except blocks.Problem as problem:
        return str(problem)
    return None


def fail_with(problem):
    """Fails with nothing but a problem, if there is one."""
    if problem:
        pytest.fail(problem, pytrace=False)


def run_transcript(path, block, copy, home):
    """Runs a transcript as its words say; raises Problem for the first line that differs."""
    stage, solution = stage_and_solution(path, block)
    place = copy.put(stage, solution)
    is_lesson = path.parent in lessons.stages() or path.parent.name == "solutions"
    server = None
    if block.kind == "wire" or "server" in block.words:
        server = Server(place / "medusa", home / "server.log", env=block.settings)
    try:
        if block.kind == "wire":
            run_wire(block, server)
        else:
            host, port = (server.host, server.port) if server else ("127.0.0.1", free_port())
            env = {**block.settings, "MEDUSA_HOST": host, "MEDUSA_PORT": str(port)}
            env["HOME"] = str(home)
            run_console(block, place if is_lesson else copy.folder, port, env)
    finally:
        if server:
            server.kill() if "fails" in block.words else server.stop()


@pytest.mark.parametrize("path, block", transcripts())
def test_a_transcript_is_what_happens(path, block, copy, tmp_path):
    fail_with(problem_of(run_transcript, path, block, copy, tmp_path))


def read_blocks(path):
    """Reads every block of a document, and every hunk; raises Problem where one is not whole."""
    for block in blocks.parse(name_of(path), path.read_text()):
        if block.kind == "diff":
            blocks.hunks(block)


@for_each_document
def test_every_block_can_be_read(path):
    fail_with(problem_of(read_blocks, path))


# Excerpts: a block that shows lines of a file as it stands, ```c from client/edit.c


def excerpts(path):
    """Gives every block of a document that shows lines of a file; raises Problem for a wrong one.

    The chapters of the client and of the benchmark build nothing: all their C is an excerpt.
    """
    for block in blocks.parse(name_of(path), path.read_text()):
        is_taught = path.parent in (ROOT / "client", ROOT / "bench")
        if block.kind is None and "from" in block.words:
            if block.words[0] != "from" or len(block.words) != 2:
                raise block.problem(f"an excerpt names its file: {block.language} from FILE")
            yield block
        elif block.language == "c" and is_taught:
            raise block.problem("C here is an excerpt: say which file it is from")


def pieces(block):
    """Gives (first line in the block, lines) of what stands between the lines `...`."""
    found, start = [], 1
    for number, line in enumerate([*block.lines, "..."], 1):
        if line.strip() == "...":
            found.append((start, block.lines[start - 1 : number - 1]))
            start = number + 1
    return [(first, lines) for first, lines in found if lines]


def check_excerpt(block):
    """Raises Problem unless the lines of an excerpt are in its file, in order and in one piece."""
    name, at = block.words[1], 0
    if not (ROOT / name).is_file():
        raise block.problem(f"{name} is not there")
    lines = (ROOT / name).read_text().splitlines()
    for first, piece in pieces(block):
        places = [place for place in blocks.places(lines, piece) if place >= at]
        if not places:
            index, what = first_difference(lines, at, piece)
            raise block.problem(f"{piece[index]!r}: {name}{what}", first + index)
        at = places[0] + len(piece)


def first_difference(lines, at, piece):
    """Gives which line of a piece is not where most of it is, and what the file has there."""
    near = blocks.nearest(lines[at:], piece)
    if near is None:
        return 0, " has no such line" + (f" after line {at}" if at else "")
    start = at + near
    index = next(i for i, line in enumerate(piece) if lines[start + i : start + i + 1] != [line])
    here = lines[start + index : start + index + 1]
    return index, f":{start + index + 1} has there: {here[0]!r}" if here else " has ended there"


def check_excerpts(path):
    for block in excerpts(path):
        check_excerpt(block)


@for_each_document
def test_every_excerpt_is_what_its_file_says(path):
    fail_with(problem_of(check_excerpts, path))


def problem_of_excerpt(text):
    """Gives what is wrong with an excerpt of bench/answer.h, by its lines."""
    fenced = f"```c from bench/answer.h\n{text}\n```\n"
    return problem_of(check_excerpt, blocks.parse("page.md", fenced)[0])


def test_an_excerpt_may_leave_lines_out_but_not_change_or_move_one():
    lines = (ROOT / "bench" / "answer.h").read_text().splitlines()
    at = lines.index("struct answer {")
    head, first, second, third, end = lines[at : at + 5]
    assert problem_of_excerpt("\n".join(lines[at : at + 5])) is None
    assert problem_of_excerpt(f"{head}\n    ...\n{third}\n{end}") is None
    changed = problem_of_excerpt(f"{head}\n    int type;\n{second}\n{third}")
    assert changed == f"page.md:3: '    int type;': bench/answer.h:{at + 2} has there: {first!r}"
    moved = problem_of_excerpt(f"{second}\n...\n{head}")
    assert moved == f"page.md:4: {head!r}: bench/answer.h has no such line after line {at + 3}"


# What a document names


def prose(path):
    """Gives (line number, text) of a document without its blocks."""
    fence = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r" *(`{3,}|~{3,})(.*)", line)
        if found and fence is None and "`" not in found[2]:
            fence = found[1]
        elif found and fence and found[1].startswith(fence) and not found[2].strip():
            fence = None
        elif fence is None:
            yield number, line


def spans(path):
    """Gives (line number, text) of what stands between single backticks."""
    for number, line in prose(path):
        for text in re.findall(r"(?<!`)`([^`]+)`(?!`)", line):
            yield number, text


def without_spans(line):
    return re.sub(r"`[^`]*`", "", line)


def links(path):
    """Gives (line number, target) of every link of a document."""
    for number, line in prose(path):
        line = without_spans(line)
        found = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", line)
        found += re.findall(r"^ {0,3}\[[^\]]+\]: *<?([^\s>]+)", line)
        found += re.findall(r"(?:src|href)=\"([^\"]+)\"", line)
        for target in found:
            yield number, target


@functools.lru_cache(maxsize=None)
def anchors(path):
    """Gives the names under which the headings of a document can be linked to."""
    found, seen = set(), {}
    for _, line in prose(path):
        found.update(re.findall(r"(?:id|name)=\"([^\"]+)\"", line))
        if re.match(r"#{1,6} ", line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip()).lower()
            name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            count = seen.get(name, 0)
            seen[name] = count + 1
            found.add(f"{name}-{count}" if count else name)
    return found


def problem_of_link(path, target):
    """Gives what is wrong with a link, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    place = (path.parent / name).resolve() if name else path
    if not place.exists():
        return f"{target} is not there"
    if anchor and place.suffix == ".md" and anchor not in anchors(place):
        return f"{name_of(place)} has no heading for #{anchor}"
    return None


@functools.lru_cache(maxsize=None)
def targets():
    """Gives every target of the Makefiles that a reader may use."""
    found = set()
    for makefile in (ROOT / "Makefile", ROOT / "final" / "Makefile", ROOT / "tests/unit/Makefile"):
        found.update(re.findall(r"^([a-z][a-z-]*):", makefile.read_text(), re.MULTILINE))
    return found | {"stages", "final", "client", "bench"} | PROGRAMS


def is_pattern(text):
    """Tells whether a path is an example, with a part to fill in."""
    return bool(re.search(r"NN|[*?<>{}\[\]$…]|\.\.\.|XX", text))


def problem_of_span(path, text):
    """Gives what is wrong with something named in backticks, or None."""
    words = text.split()
    if not words:
        return None
    if words[0] == "make":
        for word in words[1:]:
            if re.fullmatch(r"[a-z][a-z-]*", word) and word not in targets():
                return f"there is no target {word}"
        return None
    first, _, function = words[0].partition(":")
    if re.match(rf"(?:{FOLDERS})/", first) and not is_pattern(first):
        place = ROOT / first
        if not place.exists() and place.name not in PROGRAMS:
            return f"{first} is not there"
    found = re.fullmatch(r"(\w+)\(\)", function)
    if found and first.endswith((".c", ".h", ".py")):
        homes = [path.parent, ROOT, ROOT / "final", ROOT / "client", ROOT / "bench"]
        file = next((home / first for home in homes if (home / first).is_file()), None)
        if file is None or not re.search(rf"\b{found[1]}\(", file.read_text()):
            return f"{first} has no {found[1]}()"
    return None


def real_world(path):
    """Gives the lines of the section that speaks of other projects' files."""
    inside = False
    for number, line in prose(path):
        if line.startswith("## "):
            inside = line == "## In the real world"
        if inside:
            yield number


def none_of(path, problems):
    """Fails with one line for each problem."""
    lines = [f"{name_of(path)}:{number}: {what}" for number, what in problems if what]
    fail_with("\n".join(lines))


@for_each_document
def test_every_link_leads_somewhere(path):
    none_of(path, ((number, problem_of_link(path, target)) for number, target in links(path)))


@for_each_document
def test_everything_in_backticks_that_is_a_path_a_target_or_a_function_exists(path):
    elsewhere = set(real_world(path))
    none_of(
        path,
        (
            (number, problem_of_span(path, text))
            for number, text in spans(path)
            if number not in elsewhere
        ),
    )


@for_each_document
def test_every_tool_that_is_named_exists(path):
    none_of(
        path,
        (
            (number, None if (ROOT / tool).exists() else f"{tool} is not there")
            for number, line in enumerate(path.read_text().splitlines(), 1)
            for tool in re.findall(r"(?<![\w/.-])tools/[\w-]+(?:\.\w+)?", line)
        ),
    )
