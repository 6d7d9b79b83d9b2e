"""A plugin for pytest that tells a learner what a test sent, expected and received.

It takes the place of pytest's own reports: a test is named by its sentence, and a failure ends
with the section of the book to read again. Tests of the client, the load generator and the
project itself are left out, as they say nothing of the server.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN_BYTES = 6  # lines of what went over each connection
SHOWN_FAILURES = 5

# The section to read again, by test file; every other one is about the contract.
SECTIONS = {
    "test_concurrency": "The picture",
    "test_shutdown": "Step by step",
    "test_limits": "When it goes wrong",
}
TERMINATED = "the server ended with status -15"  # SIGTERM was not handled


def since(item):
    """Gives the number of the stage that a test came with."""
    names = [mark.args[0] for mark in item.iter_markers("since")]
    return max((int(name[:2]) if name != "final" else 99 for name in names), default=1)


def chapter(number):
    """Gives the path of the chapter of a stage."""
    found = sorted((ROOT / "stages").glob(f"{number:02}-*"))
    return (found[0] if found else ROOT / "final") / "README.md"


def place(item):
    """Gives the section to read again, as text."""
    exercise = re.fullmatch(r"test_(\d\d)_(\d+)", item.path.stem)
    if exercise:
        number, section = int(exercise[1]), "Exercises"
    else:
        number, section = since(item), SECTIONS.get(item.path.stem, "The contract")
    path = chapter(number)
    lines = path.read_text().splitlines() if path.is_file() else []
    line = f":{lines.index(f'## {section}') + 1}" if f"## {section}" in lines else ""
    return f"'{section}' in {path.relative_to(ROOT)}{line}"


def sentence(item):
    """Gives what a test says of a server, from its name."""
    words = item.originalname.removeprefix("test_").replace("_", " ")
    case = f" [{item.callspec.id}]" if hasattr(item, "callspec") else ""
    return words[:1].upper() + words[1:] + case


def is_about_the_server(item):
    names = set(item.fixturenames)
    return bool(names & {"server", "start_server", "binary"}) and not names & {
        "client_binary",
        "benchmark_binary",
    }


def indented(text, by=4):
    return "\n".join(" " * by + line.strip("\n") for line in text.splitlines() if line.strip())


def reason(problem):
    """Gives what an exception says, without the word that pytest puts in front."""
    return str(problem).removeprefix("assert ") or f"(it only says {type(problem).__name__})"


class Verdict:
    """Counts the tests, and prints each failure as it comes."""

    def __init__(self):
        self.passed = self.failed = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        items[:] = [item for item in items if is_about_the_server(item)]

    def pytest_assertrepr_compare(self, op, left, right):
        if op == "==":
            return ["what came is not what had to:", f"expected {right!r}", f"received {left!r}"]
        return None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if report.when == "teardown" and call.excinfo and TERMINATED in str(call.excinfo.value):
            report.outcome = "passed"  # one of the tests is about just that: once is enough
        if report.failed:
            self.failed += 1
            print(self.explain(item, call, report), flush=True)
        elif report.when == "call":
            self.passed += 1

    def explain(self, item, call, report):
        """Gives the whole story of one failure."""
        lines = [f"FAILED  {sentence(item)}", indented(reason(call.excinfo.value))]
        for title, text in report.sections:
            if title.startswith("connection") and text:
                last = "\n".join(text.splitlines()[-SHOWN_BYTES:])
                lines += [f"    the last bytes on {title}:", indented(last, 6)]
            if title == "server log" and text.strip():
                lines += ["    the server printed:", indented("\n".join(text.splitlines()[-5:]), 6)]
        lines += [f"    the test:   {item.nodeid}", f"    read again: {place(item)}", ""]
        return "\n".join(lines)

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed += 1
            print(f"FAILED  {report.nodeid} cannot be read\n{indented(report.longreprtext)}")

    def pytest_internalerror(self, excrepr):
        self.failed += 1
        print(f"pytest has a problem of its own:\n{excrepr}")

    def pytest_sessionfinish(self, session):
        if session.shouldfail or session.shouldstop:
            print("Stopped at the first failures; --all goes on.")
        print(f"{self.passed} passed, {self.failed} failed")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(Verdict(), "medusa-verdict")
