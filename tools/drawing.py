"""A small vocabulary for drawings: box, cells, arrow, text and note, written as SVG.

Lengths are pixels, (0, 0) is the upper left corner, and the drawing is WIDTH wide and as high as
what is in it. It brings its own background, so that it can be read on a page of any color, and a
second set of colors for readers who prefer dark pages. It is text, without anything from outside.
"""

import dataclasses
from xml.sax.saxutils import escape

WIDTH = 720
MARGIN = 20  # around everything
LINE = 19  # from one line of text to the next
SIZE = 14  # of the letters

# name: light, dark. `ink` and `soft` are for text, `line` is for edges, the others fill boxes.
COLORS = {
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#545d68", "#b1bac4"),
    "line": ("#6e7781", "#8b949e"),
    "page": ("#f6f8fa", "#161b22"),
    "plain": ("#ffffff", "#0d1117"),
    "grey": ("#e4e8ec", "#30363d"),
    "blue": ("#d8eeff", "#123a63"),
    "green": ("#d3f5da", "#12432a"),
    "amber": ("#fdf0b8", "#4d3b05"),
    "red": ("#ffe2df", "#5c2320"),
}

STYLE = """\
text {{ font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }}
text.mono {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
text.bold {{ font-weight: bold }}
path {{ fill: none; stroke-width: 1.5 }}
.dashed {{ stroke-dasharray: 5 4 }}
{light}
@media (prefers-color-scheme: dark) {{
{dark}
}}"""
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc">
<title id="title">{title}</title>
<desc id="desc">{sentence}</desc>
<style>
{style}
</style>
<marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto-start-reverse" \
markerUnits="userSpaceOnUse"><path class="head" d="M0 0L9 4L0 8Z"/></marker>
<rect class="page" x="0.5" y="0.5" width="{w}" height="{h}" rx="10"/>"""


def rules(scheme):
    """Gives the rules that set the colors, of the light scheme (0) or the dark one (1)."""
    color = {name: both[scheme] for name, both in COLORS.items()}
    lines = [f"text {{ fill: {color['ink']} }}", f"text.soft {{ fill: {color['soft']} }}"]
    lines.append(f"rect, path {{ stroke: {color['line']} }}")
    lines.append(f"path.head {{ fill: {color['line']}; stroke: none }}")
    fills = [name for name in COLORS if name not in ("ink", "soft", "line")]
    return "\n".join(lines + [f".{name} {{ fill: {color[name]} }}" for name in fills])


@dataclasses.dataclass(frozen=True)
class Box:
    """Where a box is; its properties are the middles of its edges, to begin and end arrows."""

    x: float
    y: float
    w: float
    h: float

    @property
    def left(self):
        return self.x, self.y + self.h / 2

    @property
    def right(self):
        return self.x + self.w, self.y + self.h / 2

    @property
    def top(self):
        return self.x + self.w / 2, self.y

    @property
    def bottom(self):
        return self.x + self.w / 2, self.y + self.h


class Drawing:
    """A drawing that grows with each call; svg() gives it as text.

    `title` names it and `sentence` says what is seen, for those who do not see it.
    """

    def __init__(self, title, sentence):
        self.title = title
        self.sentence = sentence
        self.parts = []
        self.lowest = 0

    def box(self, x, y, w, h, text="", fill="plain", *, at="middle", **look):
        """Draws a box with lines of text in its middle, or with at="top" below its upper edge."""
        dashed = " dashed" if look.pop("dashed", False) else ""
        self.parts.append(
            f'<rect class="{fill}{dashed}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"'
            f' rx="{3 if h < 60 else 6}"/>'
        )
        self.reach(y + h)
        lines = text.split("\n")
        first = y + SIZE + 6 if at == "top" else y + h / 2 + 5 - (len(lines) - 1) * LINE / 2
        self.text(x + w / 2, first, text, align="middle", **look)
        return Box(x, y, w, h)

    def cells(self, x, y, w, h, texts, fills="plain", *, down=False, **look):
        """Draws equal boxes side by side, or one below the other, and gives them as a list.

        `fills` is one color for all, or a color for each.
        """
        fills = [fills] * len(texts) if isinstance(fills, str) else fills
        step = (0, h) if down else (w, 0)
        return [
            self.box(x + i * step[0], y + i * step[1], w, h, text, fill, **look)
            for i, (text, fill) in enumerate(zip(texts, fills))
        ]

    def text(self, x, y, text, *, align="start", mono=True, bold=False, soft=False):
        """Writes lines, the first with its foot at `y`; code by default, prose without `mono`."""
        names = [name for name, on in (("mono", mono), ("bold", bold), ("soft", soft)) if on]
        for number, line in enumerate(text.split("\n")):
            if not line.strip():
                continue
            foot = y + number * LINE
            words = f' class="{" ".join(names)}"' if names else ""
            words += f' text-anchor="{align}"' if align != "start" else ""
            words += ' xml:space="preserve"' if "  " in line else ""
            self.parts.append(f'<text x="{x:g}" y="{foot:g}"{words}>{escape(line)}</text>')
            self.reach(foot + 5)

    def note(self, x, y, text, **look):
        """Writes prose beside what it explains."""
        self.text(x, y, text, **{"mono": False, "soft": True, **look})

    def heading(self, x, y, text, **look):
        """Writes what a part of the drawing is."""
        self.text(x, y, text, **{"mono": False, "bold": True, **look})

    def arrow(self, *points, heads="end", dashed=False):
        """Draws a line through points; heads is "end", "both" or "none"."""
        line = "L".join(f"{x:g} {y:g}" for x, y in points)
        marks = ' marker-end="url(#head)"' if heads != "none" else ""
        marks += ' marker-start="url(#head)"' if heads == "both" else ""
        words = ' class="dashed"' if dashed else ""
        self.parts.append(f'<path{words} d="M{line}"{marks}/>')
        self.reach(max(y for _, y in points))

    def reach(self, y):
        self.lowest = max(self.lowest, y)

    def svg(self):
        """Gives the drawing as the text of an SVG file."""
        height = round(self.lowest + MARGIN)
        head = HEAD.format(
            width=WIDTH,
            height=height,
            w=WIDTH - 1,
            h=height - 1,
            title=escape(self.title),
            sentence=escape(self.sentence),
            style=STYLE.format(light=rules(0), dark=rules(1)),
        )
        return "\n".join([head, *self.parts, "</svg>"]) + "\n"
