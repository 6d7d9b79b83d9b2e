"""What tools/compare has measured, and the texts made of it: the tables and plots of a page.

docs/performance.json holds the raw figures. For each operation of a pair of servers there is a list
with the figures of both, "before" and "after", from each round.
"""

import json
import re
import statistics
import textwrap

import figures
import lessons
import pairs
import plot

EQUAL = 1.1  # a ratio below this, or above its inverse, is no difference that counts
MARK = re.compile(r"<!-- measured:(.+?) -->")


def text_of(value):
    """Writes a figure with three digits, or the whole number of a large one."""
    value = float(f"{value:.3g}") if value < 1000 else value
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


def text_of_ratio(value):
    if value > 1e5:
        return "∞"  # the second one takes nothing
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


class Ratios:
    """The raw figures of all pairs, and what is said of each."""

    def __init__(self, data=None):
        self.data = data or {"machine": {}, "pairs": {}}

    @classmethod
    def load(cls, path):
        return cls(json.loads(path.read_text()) if path.is_file() else None)

    def save(self, path):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(self.data, indent=1, sort_keys=True) + "\n")

    def forget(self, some):
        """Drops the figures of some (group, pair), and of all pairs that there are no more."""
        every = {f"{group}: {pair.name}" for group in pairs.GROUPS for pair in pairs.GROUPS[group]}
        keep = every - {f"{group}: {pair.name}" for group, pair in some}
        found = self.data["pairs"]
        self.data["pairs"] = {key: entry for key, entry in found.items() if key in keep}

    def add(self, group, pair, keys, found):
        """Adds the figures of one round."""
        entry = self.data["pairs"].setdefault(
            f"{group}: {pair.name}", {"keys": keys, "figures": {}}
        )
        for name, both in found.items():
            entry["figures"].setdefault(name, []).append(both)

    def of(self, group, pair, operation):
        """Gives a Result, or None where that was not measured."""
        entry = self.data["pairs"].get(f"{group}: {pair.name}", {"figures": {}})
        rounds = entry["figures"].get(operation.name)
        return Result(operation, rounds) if rounds else None

    def results(self, group):
        """Yields (pair, result) for all that was measured of a group."""
        for pair in pairs.GROUPS[group]:
            for operation in pair.operations:
                if result := self.of(group, pair, operation):
                    yield pair, result


class Result:
    """The figures of an operation over all rounds.

    They are medians; but of what was the longest of many times they are the shortest, as a server
    is the same in each round, and other programs can only make a time longer.
    """

    def __init__(self, operation, rounds):
        self.operation = operation
        choose = min if operation.is_longest else statistics.median
        self.before, self.after = (choose(values) for values in zip(*rounds))
        ratios = sorted(before / max(after, 1e-6) for before, after in rounds)
        self.least, self.most = ratios[0], ratios[-1]
        self.ratio = statistics.median(ratios)
        if operation.is_longest:
            self.ratio = self.before / max(self.after, 1e-6)

    def name(self):
        unit = self.operation.unit
        return self.operation.name + (f", {unit}" if unit else "")

    def ratio_text(self):
        least, ratio, most = map(text_of_ratio, (self.least, self.ratio, self.most))
        return ratio if self.operation.is_longest or least == most else f"{ratio} ({least}–{most})"

    def is_worse(self):
        """Tells whether the second server takes more, by more than the rounds differ."""
        return self.ratio < 1 / EQUAL and (self.operation.is_longest or self.most < 1)

    def is_better(self):
        return self.ratio > EQUAL and (self.operation.is_longest or self.least > 1)

    def counts(self):
        return self.is_worse() or self.is_better()


# Tables


def wrapped(text):
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def table(head, rows):
    lines = [head, ["---"] * (len(head) - 3) + ["---:"] * 3, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def row(result):
    return [result.name(), text_of(result.before), text_of(result.after), result.ratio_text()]


def steps_table(ratios, names):
    """Gives the table of some steps: the server of each next to the one before."""
    rows = []
    for pair, result in ratios.results("steps"):
        if pair.name in names:
            rows.append([f"{pair.before.server} → {pair.after.server}", *row(result)])
    return table(["step", "what", "before", "after", "ratio"], rows)


def attempts_table(ratios):
    rows = [[pair.name, *row(result)] for pair, result in ratios.results("attempts")]
    return table(["changed", "what", "as it is", "changed to", "ratio"], rows)


def peers_table(ratios):
    return table(
        ["what", "Redis", "Medusa", "ratio"],
        [row(result) for _, result in ratios.results("peers")],
    )


def verdict(ratios):
    """Gives what the table of the peers says, in three points."""
    results = sorted((result for _, result in ratios.results("peers")), key=lambda r: r.ratio)

    def point(title, some):
        names = [f"{r.operation.name} ({text_of_ratio(r.ratio)})" for r in some]
        return wrapped(f"- **{title}**: " + ("; ".join(names) or "nowhere"))

    ahead = sum(result.is_better() for result in results)
    return "\n".join(
        [
            point("Redis is ahead", [r for r in results if r.is_worse()]),
            point("no difference that counts", [r for r in results if not r.counts()]),
            f"- **Medusa is ahead**: in the other {ahead} of {len(results)}",
        ]
    )


def how(ratios):
    """Gives how the figures were made."""
    machine, found = ratios.data["machine"], ratios.data["pairs"].values()
    counts = {len(rounds) for entry in found for rounds in entry["figures"].values()}
    number = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    return wrapped(
        f"These figures are from {number} rounds on a machine with {machine['cores']} cores,"
        f" {machine['system']}; Medusa was built by {machine['compiler']}, Redis is"
        f" {machine['redis']}."
    )


# The page and its plots


def content(ratios, what):
    """Gives what stands at a mark of the page."""
    made = {"how": how, "attempts": attempts_table, "peers": peers_table, "verdict": verdict}
    if what in made:
        return made[what](ratios)
    names = what.removeprefix("steps ").split(", ")
    unknown = set(names) - {pair.name for pair in pairs.STEPS}
    if unknown:
        raise ValueError(f"docs/performance.md: tools/pairs.py has no step {', '.join(unknown)}")
    return steps_table(ratios, names)


def page(ratios, text):
    """Gives the text of the page with everything that was measured filled in."""
    for mark in MARK.finditer(text):
        text = figures.fill(text, mark[0], content(ratios, mark[1]))
    return text


def number_of(pair):
    """Gives the number of a step, or of all those that a pair of servers lies apart."""
    first, last = (lessons.number(lessons.find(s.server)) for s in (pair.before, pair.after))
    return last if int(last) == int(first) + 1 else f"{int(first) + 1:02} to {last}"


def texts(ratios, docs):
    """Gives path -> text of everything that is made of the figures."""
    steps = [(f"{number_of(pair)}: {r.operation.name}", r) for pair, r in ratios.results("steps")]
    peers = [(r.operation.name, r) for _, r in ratios.results("peers")]
    peers.sort(key=lambda bar: bar[1].ratio)
    template = (lessons.ROOT / "docs" / "performance.md").read_text()
    return {
        docs / "performance.md": page(ratios, template),
        docs / "performance-steps.svg": plot.bars("What each step saved", steps, "more", "less"),
        docs / "performance-peers.svg": plot.bars(
            "Medusa beside Redis", peers, "Redis takes less", "Medusa takes less"
        ),
    }
