"""The plots of docs/: what each step did to speed, memory and pauses, and ratios as bars."""

import math
from xml.sax.saxutils import escape

WIDTH = 960
LEFT, RIGHT = 60, 16
PANEL = 170  # height of one panel, and of its bars
BARS = 100
LABELS = 120  # room for the names of the servers

# Both colors have enough contrast on white and on black; text follows the reader's scheme.
STYLE = """\
text { font: 12px sans-serif; fill: #24292f }
.title { font-size: 14px; font-weight: bold }
.value { font-size: 10px; text-anchor: middle }
.bar { fill: #2f81c7 }
.other { fill: #b5661e }
line { stroke: #8b949e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }"""

PANELS = [
    ("CPU time of a GET at depth 16, inline, µs", "GET inline c1 P16 cpu_us", False),
    ("Memory: bytes per key", "bytes_per_key", False),
    ("Longest pause while keys are added, ms (logarithmic)", "pause growing ms", True),
]


def svg(figures):
    """Gives the plot as the text of an SVG file."""
    servers = [name for name in figures.servers() if not name.startswith("01-")]
    height = len(PANELS) * PANEL + LABELS
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>CPU time, memory and pauses of every stage</title>",
        f"<style>\n{STYLE}\n</style>",
    ]
    for number, (title, name, is_log) in enumerate(PANELS):
        lines += panel(figures, servers, number * PANEL, title, name, is_log)
    for at, server in enumerate(servers):
        x, y = centre(at, len(servers)), len(PANELS) * PANEL + 4
        lines.append(
            f'<text x="{x:.1f}" y="{y}" text-anchor="end"'
            f' transform="rotate(-50 {x:.1f} {y})">{server}</text>'
        )
    return "\n".join(lines + ["</svg>"]) + "\n"


def centre(at, count):
    """Gives the middle of a bar."""
    return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / max(count, 1)


def panel(figures, servers, top, title, name, is_log):
    """Gives the lines of one panel, a bar for each server that has the figure."""
    bottom = top + PANEL - 24
    lines = [
        f'<text class="title" x="{LEFT}" y="{top + 16}">{title}</text>',
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}"/>',
    ]
    values = [figures.of(server, name) for server in servers]
    there = [value for value in values if value is not None]
    if not there:
        return lines
    lowest = min(there) / 2 or 0.001
    width = (WIDTH - LEFT - RIGHT) / len(servers) * 0.7
    for at, value in enumerate(values):
        if value is None:
            continue
        share = value / (max(there) or 1)
        if is_log:
            share = math.log(max(value, lowest) / lowest) / math.log(max(there) / lowest)
        height = max(share * BARS, 1)
        x, kind = centre(at, len(servers)), "other" if servers[at].startswith("redis") else "bar"
        lines.append(
            f'<rect class="{kind}" x="{x - width / 2:.1f}" y="{bottom - height:.1f}"'
            f' width="{width:.1f}" height="{height:.1f}"/>'
        )
        text = f"{value:.0f}" if value >= 10 else f"{value:.2f}"
        lines.append(f'<text class="value" x="{x:.1f}" y="{bottom - height - 4:.1f}">{text}</text>')
    return lines


# Ratios: a bar to the right of 1 where the second of two servers takes less

ROW = 20  # pixels
NAMES = 300  # room for what was done
SIDE = 60  # room for a value beside its bar


def bars(title, results, left, right):
    """Gives a plot of (name, result); `left` and `right` say what a bar to that side means."""
    lengths = [length_of(result.ratio) for _, result in results]
    shortest, longest = min([-0.5, *lengths]), max([0.5, *lengths])
    scale = (WIDTH - NAMES - 2 * SIDE) / (longest - shortest)
    middle = NAMES + SIDE - shortest * scale
    height = (len(results) + 3) * ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{title}</title>",
        f"<style>\n{STYLE}\n</style>",
        f'<text class="title" x="8" y="{ROW}">{title}</text>',
        f'<text x="{middle - 8:.0f}" y="{ROW}" text-anchor="end">← {left}</text>',
        f'<text x="{middle + 8:.0f}" y="{ROW}">{right} →</text>',
        f'<line x1="{middle:.0f}" y1="{1.5 * ROW}" x2="{middle:.0f}" y2="{height - ROW}"/>',
    ]
    for number, (name, result) in enumerate(results):
        lines += bar(name, result, (number + 2) * ROW, middle, scale)
    return "\n".join(lines + ["</svg>"]) + "\n"


def length_of(ratio):
    """Gives how far a bar goes: twice as much and half as much go equally far."""
    return math.log(max(ratio, 0.001))


def bar(name, result, top, middle, scale):
    """Gives the lines of one bar."""
    length = length_of(result.ratio) * scale
    kind, side = ("bar", 1) if length >= 0 else ("other", -1)
    anchor = "start" if side > 0 else "end"
    value = f"{result.ratio:.0f}" if result.ratio >= 10 else f"{result.ratio:.2f}"
    return [
        f'<text x="{NAMES}" y="{top + 14}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{min(middle, middle + length):.1f}" y="{top + 3}"'
        f' width="{max(abs(length), 1):.1f}" height="{ROW - 6}"/>',
        f'<text x="{middle + length + 5 * side:.1f}" y="{top + 14}"'
        f' text-anchor="{anchor}">{value}</text>',
    ]
