"""What the tools for stages have in common: the folders, their sources, and how they differ."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FINAL = "final"


def stages(root=ROOT):
    """Gives the folders of the stages in order, and final/ as the last."""
    found = sorted(path for path in (root / "stages").glob("[0-9][0-9]-*") if path.is_dir())
    return found + [root / FINAL]


def number(folder, root=ROOT):
    """Gives the number of a stage as text; final/ has the one after the last stage."""
    return f"{stages(root).index(folder) + 1:02}" if folder.name == FINAL else folder.name[:2]


def find(name, root=ROOT):
    """Gives the folder that a name means: 6, 06, 06-poll, stages/06-poll, final."""
    wanted = pathlib.Path(name).name
    for folder in stages(root):
        if wanted == folder.name or wanted.isdigit() and f"{int(wanted):02}" == folder.name[:2]:
            return folder
    known = " ".join(folder.name for folder in stages(root))
    raise ValueError(f"there is no stage '{name}'; stages are: {known}")


def before(folder, root=ROOT):
    """Gives the folder of the stage before, or None for the first."""
    folders = stages(root)
    at = folders.index(folder)
    return folders[at - 1] if at else None


def sources(folder):
    """Gives the files that a stage consists of, as name -> bytes; nothing for None."""
    if folder is None:
        return {}
    paths = sorted(folder.glob("*.[ch]")) + [folder / "Makefile"]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def changes(old, new):
    """Gives what differs between two files: (start, end, new start, new end, hint), from 0.

    git places the borders of a change where a reader expects them, at whole blocks of code.
    """
    git = "git diff --no-index --no-color --no-ext-diff -U0 --histogram".split()
    done = subprocess.run([*git, old, new], capture_output=True, check=False, text=True)
    if done.returncode > 1:
        raise ValueError(done.stderr.strip())
    heading = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$", re.MULTILINE)
    found = []
    for match in heading.finditer(done.stdout):
        start, count, new_start, new_count = (
            int(text) if text is not None else 1 for text in match.groups()[:4]
        )
        # For no lines at all, git names the line before the place.
        start -= bool(count)
        new_start -= bool(new_count)
        found.append((start, start + count, new_start, new_start + new_count, match[5]))
    return found


def in_reading_order(files):
    """Orders file names so that each comes after what it includes: Makefile, headers, code.

    `files` is what sources() gives.
    """
    includes = {
        name: re.findall(r'^#include "([^"]+)"', text.decode(), re.MULTILINE)
        for name, text in files.items()
    }
    order = []

    def visit(name):
        if name not in order and name in files:
            for header in sorted(includes[name]):
                if header != name:
                    visit(header)
            order.append(name)

    for name in sorted(files):
        if name.endswith(".h"):
            visit(name)
    code = [name for name in files if name.endswith(".c")]

    def height(name):
        return max((order.index(h) for h in includes[name] if h in order), default=-1)

    others = [name for name in files if not name.endswith((".c", ".h"))]
    return others + order + sorted(code, key=lambda name: (height(name), name))
