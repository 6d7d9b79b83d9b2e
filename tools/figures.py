"""What was measured, and the texts made of it: the page in docs/, its plot, the chapters' tables.

docs/measurements.json holds the raw figures: for each server a list with one dict per round, of
names such as "GET inline c1 P16 cpu_us" and their values.
"""

import json
import re
import statistics
import textwrap

import lessons
import plot

REDIS = "redis-server"
ECHO = "01-echo-server"
FORMS = ("inline", "RESP")

# Clients and pipeline depth of each load -> how many times the requests of the slowest one it gets:
# many requests share one wake-up of the server, and so take less time.
SHARED = {(1, 1): 1, (1, 16): 4, (50, 1): 4, (50, 16): 20}

IDLE = 90  # connections that do nothing beside the one that is measured
PAUSES = {
    "growing": "while keys are added",
    "KEYS": "behind `KEYS`",
    "FLUSHALL": "behind `FLUSHALL`",
}
NONE = "–"
ECHO_COLUMNS = [
    ("one line at a time", "echo P1 cpu_us"),
    ("16 lines at a time", "echo P16 cpu_us"),
]


def load_name(command, form, clients, pipeline, what):
    """Gives the name of a figure of one load; `what` is cpu_us or ops_per_s."""
    return f"{command} {form} c{clients} P{pipeline} {what}"


def idle_name(form, what):
    return f"GET {form} beside {IDLE} idle {what}"


def pause_name(cause):
    return f"pause {cause} ms"


class Figures:
    """The raw figures of every server, and what is said of each."""

    def __init__(self, data=None):
        self.data = data or {"machine": {}, "method": {}, "servers": {}}
        self.rounds = self.data["servers"]

    @classmethod
    def load(cls, path):
        return cls(json.loads(path.read_text()))

    def save(self, path):
        path.write_text(json.dumps(self.data, indent=1, sort_keys=True) + "\n")

    def servers(self):
        """Gives the servers that were measured, in the order of the book; redis-server last."""
        return sorted(self.rounds, key=lambda name: ({"final": 1, REDIS: 2}.get(name, 0), name))

    def of(self, server, name):
        """Gives one figure over all rounds, or None where it was not measured.

        That is the median; of the longest pauses it is the shortest, as the server is the same in
        each round, and only the rest of the machine can make a pause longer.
        """
        values = [figures[name] for figures in self.rounds.get(server, []) if name in figures]
        if not values:
            return None
        return min(values) if name.startswith("pause") else statistics.median(values)


def text_of(value, name):
    """Writes a figure with the digits that mean something."""
    if value is None:
        return NONE
    if name.endswith("ops_per_s"):
        return f"{value / 1000:,.0f}"
    if name == "bytes_per_key":
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def table(figures, servers, columns, first="server"):
    """Gives a Markdown table; `columns` are (heading, name of the figure)."""
    lines = [
        "| " + " | ".join([first, *(heading for heading, _ in columns)]) + " |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for server in servers:
        values = [figures.of(server, name) for _, name in columns]
        if any(value is not None for value in values):
            cells = [text_of(value, name) for value, (_, name) in zip(values, columns)]
            lines.append("| " + " | ".join([server, *cells]) + " |")
    return "\n".join(lines)


# docs/measurements.md


def load_columns(form, what):
    """Gives the columns of all loads in one form."""
    columns = [
        (f"{command} {clients}×{pipeline}", load_name(command, form, clients, pipeline, what))
        for command in ("GET", "SET")
        for clients, pipeline in SHARED
    ]
    return columns + [(f"GET 1×1, {IDLE} idle", idle_name(form, what))]


def memory_columns():
    return [("bytes per key", "bytes_per_key")] + [
        (f"pause {text}", pause_name(cause)) for cause, text in PAUSES.items()
    ]


def how_it_was_made(figures):
    machine, method = figures.data["machine"], figures.data["method"]
    rounds = sorted({len(rounds) for rounds in figures.rounds.values()})
    counts = " to ".join(str(number) for number in (rounds[0], rounds[-1])[: len(rounds)])
    redis = f", Redis {machine['redis']}" if machine["redis"] else ""
    points = [
        f"Machine: {machine['cores']} cores, {machine['system']}; servers built by"
        f" {machine['compiler']} with -O2{redis}.",
        f"{counts} {'round' if counts == '1' else 'rounds'}."
        " In each, every server runs once, so that a slow minute of the machine meets all of them."
        " A figure is the median over the rounds; a pause is the shortest of the longest ones.",
        "The server has one core for itself, and the load generator another."
        if method["pinned"]
        else "No core is reserved for the server here, so the figures vary more.",
        "CPU time is that of the server process, user and system, divided by the requests."
        if method["has_cpu"]
        else "This system does not tell the CPU time of another process, so it is left out.",
        f"The load: {method['keys']:,} keys of 16 bytes with values of 32 bytes, read and written"
        " at random. `50×16` means 50 connections, and 16 requests sent before a reply is read;"
        f" that run has {method['operations'] * SHARED[50, 16]:,} requests, and `1×1` has"
        f" {method['operations']:,}.",
        "Bytes per key: how much the resident memory grows while all keys are added, divided by"
        " their number. The key and its value are 48 of them.",
        "Pauses: the longest that a `PING` on another connection waits for its answer. Before stage"
        " 06 there is one client at a time, and no such figure.",
        "The figures can be compared with each other only: another machine has others.",
    ]
    return (
        "`make measure` writes this page, its plot and the tables in the chapters; `tools/measure"
        " --help`\nlists what can be chosen. [measurements.json](measurements.json) holds the raw"
        " figures. What they\nmean, step by step, and more of Medusa beside Redis:"
        " [performance](performance.md).\n\n" + "\n".join(
            textwrap.fill(point, 100, initial_indent="- ", subsequent_indent="  ")
            for point in points
        )
    )


def page(figures):
    """Gives the text of docs/measurements.md."""
    servers = figures.servers()
    parts = [
        "# Measurements",
        how_it_was_made(figures),
        "![CPU time, memory and pauses, stage by stage](measurements.svg)",
    ]
    for form in FORMS:
        heads = {
            "cpu_us": f"## CPU time in µs per request, {form} requests",
            "ops_per_s": f"## Thousand requests per second, {form} requests",
        }
        for what, heading in heads.items():
            rows = table(figures, servers, load_columns(form, what))
            if rows.count("\n") > 1:
                parts += [heading, rows]
    parts += ["## Memory, and pauses in ms", table(figures, servers, memory_columns())]
    rows = table(figures, [ECHO], ECHO_COLUMNS)
    if rows.count("\n") > 1:
        parts += ["## The echo server: CPU time in µs per line of 32 bytes", rows]
    return "\n\n".join(parts) + "\n"


# The tables of the chapters and of README.md


def chapter_columns(form):
    return [
        ("GET, µs CPU", load_name("GET", form, 1, 1, "cpu_us")),
        ("GET at depth 16, µs CPU", load_name("GET", form, 1, 16, "cpu_us")),
        (f"GET beside {IDLE} idle, µs CPU", idle_name(form, "cpu_us")),
        ("bytes per key", "bytes_per_key"),
        *((f"pause {text}, ms", pause_name(cause)) for cause, text in PAUSES.items()),
    ]


def chapter_table(figures, folder, root):
    """Gives the table of one chapter: its server next to the one of the stage before."""
    depth = len(folder.relative_to(root).parts)
    source = f"[measurements]({'../' * depth}docs/measurements.md)"
    if folder.name == ECHO:
        rows = table(figures, [ECHO], ECHO_COLUMNS)
        return f"{rows}\n\nCPU time in µs per line of 32 bytes; see {source}."
    servers = [lessons.before(folder, root).name, folder.name]
    form = "RESP" if int(lessons.number(folder, root)) > 8 else "inline"
    columns = [
        column
        for column in chapter_columns(form)
        if any(figures.of(server, column[1]) is not None for server in servers)
    ]
    if not columns:
        return "Not measured yet: `make measure` fills this in."
    if folder.name == lessons.FINAL:
        servers.append(REDIS)
    rows = table(figures, servers, columns)
    return f"{rows}\n\nOne connection, {form} requests; how it was measured: {source}."


def fill(text, start, content):
    """Gives a text with the lines between the mark `start` and its end replaced."""
    end = "<!-- /" + re.match(r"<!-- ([\w-]+)", start)[1] + " -->"
    pattern = re.compile(rf"({re.escape(start)}\n).*?(^{re.escape(end)}$)", re.DOTALL | re.M)
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text, count=1)


def chapter_text(figures, folder, root):
    """Gives the text of a chapter with its table filled in."""
    mark = f"<!-- measured:{lessons.number(folder, root)} -->"
    return fill((folder / "README.md").read_text(), mark, chapter_table(figures, folder, root))


def texts(figures, root, docs):
    """Gives path -> text of everything that is made of the figures.

    Where `docs` is not the docs/ of `root`, the chapters are left out.
    """
    made = {docs / "measurements.md": page(figures), docs / "measurements.svg": plot.svg(figures)}
    if docs == root / "docs":
        for folder in lessons.stages(root):
            if (folder / "README.md").is_file():
                made[folder / "README.md"] = chapter_text(figures, folder, root)
    return made
