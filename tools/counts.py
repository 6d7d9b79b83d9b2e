#!/usr/bin/env python3
"""Reads how many tests passed and failed from the summary lines that pytest prints.

    tools/counts.py LOG ...    prints "PASSED FAILED" over all runs in the logs

Skipped tests count as failed, and so does a run that executed no test at all: neither has shown
that something works. A log without a summary line prints nothing.
"""

import re
import sys

SUMMARY = re.compile(
    r"^=* ?(?P<words>no tests ran|\d+ [a-z]+(?:, \d+ [a-z]+)*) in [\d.]+s(?: \([\d:]+\))? ?=*$",
    re.MULTILINE,
)
COLOR = re.compile(r"\x1b\[[\d;]*m")
PASSED = ("passed",)
FAILED = ("failed", "error", "errors", "skipped", "xfailed", "xpassed")


def counts(text):
    """Gives (passed, failed) over the summary lines in a log, or None if there are none."""
    runs = [of_summary(found["words"]) for found in SUMMARY.finditer(COLOR.sub("", text))]
    return (sum(run[0] for run in runs), sum(run[1] for run in runs)) if runs else None


def of_summary(words):
    """Gives (passed, failed) of one run."""
    number = {word: int(count) for count, word in re.findall(r"(\d+) ([a-z]+)", words)}
    passed = sum(number.get(word, 0) for word in PASSED)
    failed = sum(number.get(word, 0) for word in FAILED)
    return (passed, failed) if passed or failed else (0, 1)


def main(paths):
    text = ""
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as log:
            text += log.read() + "\n"
    total = counts(text)
    if total:
        print(*total)


if __name__ == "__main__":
    main(sys.argv[1:])
