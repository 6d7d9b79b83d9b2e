"""The plot of docs/measurements.svg: what each step did to speed, memory and pauses."""

import math

WIDTH = 960
LEFT, RIGHT = 60, 16
PANEL = 170  # height of one panel, and of its bars
BARS = 100
LABELS = 120  # room for the names of the servers

# Both colours have enough contrast on white and on black; text follows the reader's scheme.
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
