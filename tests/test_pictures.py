"""The pictures of the chapters: each is there, fresh, and can be read in light and in dark."""

import functools
import itertools
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import drawing  # noqa: E402
import lessons  # noqa: E402

pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

PICTURES = ROOT / "docs" / "pictures"
LARGEST = 12 * 1024  # bytes of a file
LEAST_CONTRAST = 4.5  # of text, as the Web Content Accessibility Guidelines ask for
SVG = "{http://www.w3.org/2000/svg}"

# Widths of letters in parts of their size, in the widest of the fonts that a reader may get.
MONO = 0.605
NARROW, WIDE, CAPITALS = " !'()*,-./:;I[]fijlrt|", "MW%@mw—", "ABCDEFGHJKLNOPQRSTUVXYZ&=+<>"


def tool(*arguments):
    command = [sys.executable, ROOT / "tools" / "pictures", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def chapters():
    return [(folder, folder / "README.md") for folder in lessons.stages()]


def picture_of(folder):
    return PICTURES / f"{lessons.number(folder)}-{re.sub('^[0-9]+-', '', folder.name)}.svg"


@functools.lru_cache(maxsize=None)
def elements(folder):
    """Gives the elements of a picture, from the back to the front."""
    return list(xml.etree.ElementTree.parse(picture_of(folder)).getroot().iter())


def classes(element):
    return element.get("class", "").split()


def width_of(element):
    """Estimates how wide a line of text is, rather too wide than too narrow."""
    text = element.text
    if "mono" in classes(element):
        return len(text) * MONO * drawing.SIZE
    kinds = ((NARROW, 0.41), (WIDE, 0.99), (CAPITALS, 0.79))
    total = sum(next((w for some, w in kinds if c in some), 0.635) for c in text)
    return total * drawing.SIZE * (1.1 if "bold" in classes(element) else 1)


def frame(element):
    """Gives left, top, right, bottom of a box or of a line of text."""
    x, y = float(element.get("x")), float(element.get("y"))
    if element.tag == f"{SVG}rect":
        return x, y, x + float(element.get("width")), y + float(element.get("height"))
    width = width_of(element)
    x -= {"middle": width / 2, "end": width}.get(element.get("text-anchor"), 0)
    return x, y - 11, x + width, y + 3


def boxes_and_texts(folder):
    found = [e for e in elements(folder) if e.tag in (f"{SVG}rect", f"{SVG}text")]
    return [e for e in found if e.tag == f"{SVG}rect"], [e for e in found if e.tag == f"{SVG}text"]


def lines_of(folder):
    """Gives the straight pieces of the arrows, as (x, y), (x, y)."""
    for element in elements(folder):
        if element.tag == f"{SVG}path" and "head" not in classes(element):
            points = [tuple(map(float, p.split())) for p in element.get("d")[1:].split("L")]
            yield from zip(points, points[1:])


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def lies_in(inner, outer):
    begins = outer[0] <= inner[0] and outer[1] <= inner[1]
    return begins and inner[2] <= outer[2] and inner[3] <= outer[3]


def crosses(line, area):
    """Tells whether a straight line comes into an area: no edge of it keeps all of it outside."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        start, step = line[0][axis], line[1][axis] - line[0][axis]
        low, high = area[axis] - start, area[axis + 2] - start
        if step == 0:
            if low >= 0 or high <= 0:
                return False
            continue
        enters, leaves = sorted((low / step, high / step))
        first, last = max(first, enters), min(last, leaves)
    return first < last


def faults_of_layout(folder):
    """Yields each text that cannot be read for what is in its way."""
    boxes, texts = boxes_and_texts(folder)
    places = [(text.text, frame(text)) for text in texts]
    for words, place in places:
        for box in boxes:
            if overlap(place, frame(box)) and not lies_in(place, frame(box)):
                yield f"'{words}' runs over the edge of a box at {frame(box)}"
        for line in lines_of(folder):
            if crosses(line, place):
                yield f"'{words}' lies on the line {line}"
    for (words, place), (others, other) in itertools.combinations(places, 2):
        if overlap(place, other):
            yield f"'{words}' lies on '{others}'"


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_chapter_has_a_picture_and_every_picture_a_chapter():
    found = {path.name for path in PICTURES.glob("*.svg")}
    assert found == {picture_of(folder).name for folder, _ in chapters()}


def test_the_pictures_are_what_their_descriptions_draw():
    done = tool("--check")
    assert done.returncode == 0, done.stderr


def test_a_stale_picture_is_told(tmp_path):
    for name in ("tools", "docs/pictures"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pictures", "drawing.py", "lessons.py"):
        (tmp_path / "tools" / name).write_bytes((ROOT / "tools" / name).read_bytes())
    (tmp_path / "final").mkdir()
    description = tmp_path / "docs" / "pictures" / "01-final.py"
    description.write_text('"""One.\n\nA sentence."""\n\n\ndef draw(d):\n    d.box(20, 20, 9, 9)\n')

    def run(action):
        command = [sys.executable, tmp_path / "tools" / "pictures", action]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert "stale: docs/pictures/01-final.svg" in run("--check").stderr
    assert run("--write").returncode == 0
    assert run("--check").returncode == 0
    assert run("--list").stdout == "![A sentence.](../docs/pictures/01-final.svg)\n"
    description.write_text('"""One."""\n')
    assert "write both" in run("--check").stderr
    description.unlink()
    assert "01-final.py is missing" in run("--check").stderr


def test_every_chapter_shows_its_picture_at_the_top_of_its_section():
    lines = tool("--list").stdout.splitlines()
    assert len(lines) == len(chapters())
    for (_, path), line in zip(chapters(), lines):
        text = path.read_text()
        assert f"\n## The picture\n\n{line}\n\n" in text, f"{path}: this must come first: {line}"
        assert text.count(line) == 1


def test_a_picture_is_a_small_file_with_a_name_and_a_description():
    for folder, _ in chapters():
        path = picture_of(folder)
        assert path.stat().st_size < LARGEST, path
        tags = [element.tag for element in elements(folder)]
        assert tags[1:3] == [f"{SVG}title", f"{SVG}desc"], path
        assert all(element.text.strip() for element in elements(folder)[1:3]), path


def test_a_picture_needs_nothing_from_outside():
    for folder, _ in chapters():
        text = picture_of(folder).read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|href|<script|<image|@import|data:", text), folder


def test_nothing_lies_outside_the_drawing():
    for folder, _ in chapters():
        root = elements(folder)[0]
        _, _, width, height = map(float, root.get("viewBox").split())
        assert width == drawing.WIDTH
        boxes, texts = boxes_and_texts(folder)
        for element in boxes + texts:
            assert lies_in(frame(element), (0, 0, width, height)), (folder, element.attrib)
        for point in itertools.chain.from_iterable(lines_of(folder)):
            assert lies_in((*point, *point), (0, 0, width, height)), (folder, point)


def test_no_text_runs_over_a_box_a_line_or_another_text():
    faults = [
        f"{folder.name}: {fault}" for folder, _ in chapters() for fault in faults_of_layout(folder)
    ]
    assert not faults, "\n".join(faults)


def test_text_stands_out_from_what_is_behind_it_in_light_and_in_dark():
    for folder, _ in chapters():
        boxes, texts = boxes_and_texts(folder)
        for text in texts:
            behind = [box for box in boxes if lies_in(frame(text), frame(box))][-1]
            (fill,) = set(classes(behind)) - {"dashed"}
            ink = "soft" if "soft" in classes(text) else "ink"
            for mine, other in zip(drawing.COLORS[ink], drawing.COLORS[fill]):
                assert contrast(mine, other) >= LEAST_CONTRAST, (folder, text.text, fill)


def test_the_colors_in_the_files_are_those_of_the_two_schemes():
    for folder, _ in chapters():
        style = elements(folder)[3].text
        light, dark = style.split("@media (prefers-color-scheme: dark)")
        assert drawing.rules(0) in light and drawing.rules(1) in dark, folder
        assert f"{drawing.SIZE}px" in light


@pytest.mark.parametrize(
    "area, is_hit",
    [((4, 4, 6, 6), True), ((4, 0, 6, 3), False), ((11, 11, 12, 12), False)],
    ids=["on the line", "beside it", "behind its end"],
)
def test_a_line_through_a_text_is_noticed(area, is_hit):
    assert crosses(((0, 0), (10, 10)), area) == is_hit
