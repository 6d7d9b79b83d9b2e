"""The book as a site: what `make book` builds has every page, leads nowhere wrong, and is at home.

The pages are opened in a headless Chromium, as a reader would see them. Without the packages
mkdocs-material and chromium, these tests are skipped.
"""

import functools
import html.parser
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse

import pytest

import chromium
from medusa import SLOWNESS

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import pages  # noqa: E402

NEEDED = {"mkdocs-material": shutil.which("mkdocs"), "chromium": chromium.find()}
LACKING = [package for package, program in NEEDED.items() if not program]

# The same for every server, whoever has built it: once, with the complete one, is enough.
pytestmark = [
    pytest.mark.since("final"),
    pytest.mark.plain_build,
    pytest.mark.skipif(bool(LACKING), reason=f"not installed: {' '.join(LACKING)}"),
]

PHONE = (360, 740)  # CSS pixels
DESK = (1280, 900)


def address(page):
    """Gives the address of a Markdown file on the site."""
    name = pages.name_of(page).removesuffix(".md")
    return (name.removesuffix("README") + "index" if name.endswith("README") else name) + ".html"


WRITTEN = [pytest.param(page, id=pages.name_of(page)) for page in pages.written()]
SOURCES = [
    pytest.param(folder / pages.SOURCE, id=pages.name_of(folder)) for folder in pages.folders()
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built once."""
    folder = tmp_path_factory.mktemp("book") / "site"
    command = [ROOT / "tools" / "book", "--output", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=80 * SLOWNESS)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin(site):
    """The address at which the site is served."""
    handler = functools.partial(Handler, directory=site)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser, for all tests of this file."""
    browser = chromium.Browser(chromium.find(), tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


VERBATIM = ("pre", "code", "script", "style")
LEFT_OVER = re.compile(r".*(?:`|\*\*|\]\(|\| *-|\{#|^\s*[-*] \S).*", re.MULTILINE)


class Page(html.parser.HTMLParser):
    """What a page of the site refers to, and what can be referred to in it."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loaded, self.next = set(), [], [], None
        self.inside, self.text = [], []  # elements whose text is no prose; the prose
        self.feed(path.read_text())

    def handle_starttag(self, tag, pairs):
        found = dict(pairs)
        self.anchors.update(found[name] for name in ("id", "name") if found.get(name))
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
            if "md-footer__link--next" in (found.get("class") or ""):
                self.next = found["href"]
        elif tag in ("link", "script", "img", "iframe", "source"):
            self.loaded.extend(found[name] for name in ("href", "src", "srcset") if name in found)
        if tag in VERBATIM:
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if tag in VERBATIM:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.text.append(data)


@pytest.fixture(scope="module")
def parsed(site):
    """Every page of the site: path -> Page."""
    return {path: Page(path) for path in site.rglob("*.html")}


def is_outside(link):
    return bool(urllib.parse.urlsplit(link).scheme)


def problem_of_link(path, link, parsed):
    """Gives what is wrong with a link in a page, or None."""
    parts = urllib.parse.urlsplit(link)
    target = path.parent / urllib.parse.unquote(parts.path) if parts.path else path
    target = target.resolve()
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return f"{link} is not there"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and target in parsed and anchor not in parsed[target].anchors:
        return f"{link} has no such place"
    return None


def test_every_markdown_file_of_the_book_has_a_page(site):
    for page in pages.written():
        assert (site / address(page)).is_file(), pages.name_of(page)


def test_every_internal_link_of_the_site_leads_somewhere(site, parsed):
    problems = [
        f"{path.relative_to(site)}: {problem}"
        for path, page in parsed.items()
        for link in page.links + page.loaded
        if not is_outside(link)
        for problem in [problem_of_link(path, link, parsed)]
        if problem
    ]
    assert not problems, "\n" + "\n".join(problems)
    assert sum(len(page.links) for page in parsed.values()) > 10 * len(parsed)


def test_no_mark_of_markdown_is_left_in_the_prose_of_a_page(site, parsed):
    left = [
        f"{path.relative_to(site)}: {found[0].strip()}"
        for path, page in parsed.items()
        for found in LEFT_OVER.finditer("".join(page.text))
    ]
    assert not left, "\n" + "\n".join(left)


def test_no_page_loads_anything_from_elsewhere(site, parsed):
    for path, page in parsed.items():
        assert not [each for each in page.loaded if is_outside(each)], path.relative_to(site)


def test_next_leads_through_the_chapters_in_order(site, parsed):
    order = [site / address(page) for page in [pages.HOME, *pages.chapters()]]
    for before, after in zip(order, order[1:]):
        assert (before.parent / parsed[before].next).resolve() == after.resolve(), before


def test_a_chapter_links_to_its_sources_and_to_the_tests_that_begin_with_it(site, parsed):
    for page in pages.chapters():
        if page.parent in pages.folders():
            links = parsed[site / address(page)].links
            for name in pages.tests_from(page.parent):
                assert f"source.html#{pages.file_anchor(name)}" in links, pages.name_of(page)
            assert any(link.startswith("source.html#") for link in links), pages.name_of(page)


def test_every_test_of_the_suite_is_shown_with_a_stage():
    shown = [name for folder in pages.folders() for name in pages.tests_from(folder)]
    for path in (ROOT / "tests").glob("**/test_*.py"):
        if path.parent.name in ("tests", "exercises"):
            assert pages.name_of(path) in shown, f"{pages.name_of(path)}: add it, or name its stage"


def test_the_search_does_not_look_into_sources(site):
    index = json.loads((site / "search" / "search_index.json").read_text())
    assert len(index["docs"]) > 100
    assert not [page for page in index["docs"] if "source.html" in page["location"]]


@pytest.mark.parametrize("page", WRITTEN + SOURCES)
def test_a_page_fits_a_phone_and_loads_without_errors_from_here_alone(page, browser, origin):
    browser.resize(*PHONE)
    browser.open(origin + address(page))
    assert browser.problems(origin) == []
    assert browser.told("Network.requestWillBeSent")
    wide = browser.run("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"the page is {wide} pixels too wide"


# Types into the field of the search; gives the address of a result that leads to a chapter, if any.
SEARCH = """(() => {
    const field = document.querySelector("[data-md-component=search-query]");
    field.focus();
    field.value = field.value === "extendible hashing" ? "extendible" : "extendible hashing";
    for (const name of ["keyup", "input"])
        field.dispatchEvent(new Event(name, {bubbles: true}));
    return [...document.querySelectorAll(".md-search-result__link")].map(each => each.href)
        .find(each => each.includes("stages/11-segments/index.html"));
})()"""


@pytest.mark.parametrize("place", ["server", "disk"])
def test_search_finds_a_term_and_leads_to_it(browser, origin, site, place):
    start = origin if place == "server" else site.as_uri() + "/"
    browser.resize(*DESK)
    browser.open(start + "docs/glossary.html")
    browser.run("document.querySelector('label[for=__search]').click()")
    state = "document.querySelector('.md-search-result__meta').innerText"
    browser.wait(f"{state}.startsWith('Type')", "a search that is ready")
    # Only what has changed is looked for, after a moment without typing.
    found = browser.wait(SEARCH, "the chapter among the results", pause=0.5)
    assert browser.problems(start) == []
    browser.open(found)
    assert browser.problems(start) == []


@pytest.mark.parametrize("scheme, dark", [("light", False), ("dark", True)])
def test_colors_follow_what_the_reader_prefers(browser, origin, scheme, dark):
    browser.resize(*DESK)
    browser.prefer(scheme)
    browser.open(origin + "index.html")
    browser.run("localStorage.clear()")
    browser.open(origin + "index.html")
    light = browser.run(
        "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3)"
        ".reduce((sum, each) => sum + Number(each), 0) / 3"
    )
    assert (light < 100) == dark
    browser.run("localStorage.clear()")


def test_a_copied_session_is_what_can_be_typed(browser, origin):
    browser.resize(*DESK)
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    browser.open(origin + "index.html")
    button = "document.querySelector('.language-console .md-clipboard')"
    browser.run("document.querySelector('.language-console').scrollIntoView()")
    browser.wait(f"{button} !== null", "a button to copy with")
    browser.run(f"{button}.click()")
    copied = browser.wait("navigator.clipboard.readText()", "something in the clipboard")
    lines = [line for line in copied.splitlines() if line.strip()]
    assert lines[0] == "client/medusa-client PING"
    assert lines[1] == 'client/medusa-client SET greeting "hello, world"'
    assert not [line for line in lines if not line.startswith("client/medusa-client")]


def test_only_the_text_of_a_page_is_printed(browser, origin):
    browser.prefer("light", media="print")
    browser.open(origin + "stages/11-segments/index.html")
    shown = """[...document.querySelectorAll(
        ".md-header, .md-sidebar, .md-footer, .md-clipboard, .headerlink, .md-top")]
        .filter(each => each.getClientRects().length)
        .map(each => each.className)"""
    assert browser.run(shown) == []
    browser.prefer("light")


def test_the_site_holds_nothing_that_no_page_needs(site):
    assert not list(site.rglob("*.map")) + list(site.rglob("*.md"))


def test_the_book_says_what_is_missing_when_it_cannot_be_built(tmp_path):
    (tmp_path / "python3").symlink_to(sys.executable)
    done = subprocess.run(
        [ROOT / "tools" / "book", "--output", tmp_path / "site"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20 * SLOWNESS,
    )
    assert done.returncode == 1
    assert "mkdocs-material" in done.stderr
