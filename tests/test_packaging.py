"""What is installed besides the programs: manual pages, the systemd unit, completion for bash."""

import os
import pathlib
import re
import shlex
import shutil
import sys

import pytest

from medusa import SLOWNESS, clean_environment, free_port, output_of, run_once

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAN = ROOT / "docs" / "man"
PAGES = ["medusa.8", "medusa-client.1", "medusa-benchmark.1"]
UNIT = ROOT / "tools" / "packaging" / "medusa.service.in"
COMPLETION = ROOT / "tools" / "packaging" / "medusa-completion.bash"
sys.path.append(str(ROOT / "tools"))

import manual  # found through the line above

# The same for every server and every build: once is enough.
pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

for_each_page = pytest.mark.parametrize("page", PAGES)


def tool(name, package):
    """Gives the path of a program; without it, the test is skipped and says what to install."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"NOT TESTED, as {name} is missing: install Debian's {package}")
    return path


def output(*words, **options):
    """Runs a program; gives its status and all that it prints."""
    return output_of(*words, limit=60 * SLOWNESS, **options)


# Manual pages


@pytest.fixture(scope="module")
def programs(binary, client_binary, benchmark_binary):
    """The programs that the manual pages are about."""
    return dict(zip(PAGES, (binary, client_binary, benchmark_binary)))


def help_items(binary):
    """Gives what --help lists: for each option, all its names, and the text behind them."""
    lines = run_once(binary, "--help").stdout.splitlines()
    items = []
    for line in lines:
        found = re.match(r" {2,8}(-{1,2}[\w-]+(?:,? -{1,2}[\w-]+)*)(.*)", line)
        if found:
            items.append([re.findall(r"-{1,2}[\w-]+", found[1]), found[2]])
        elif line.startswith("   ") and items:
            items[-1][1] += " " + line.strip()
        elif items:
            break  # of the list
    return items


def section(page, name):
    """Gives the source of one section of a manual page."""
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page_text(page), re.DOTALL | re.M)[1]


def page_text(page):
    return (MAN / page).read_text()


def items(text):
    """Gives (head, body) of every `.It` of a list."""
    parts = re.split(r"^\.It (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2]))


def page_options(page):
    """Gives the options of a manual page: for each, all its names, and the text behind them."""
    return [
        (["-" + name for name in re.findall(r"(?:^Fl|,) (-?[\w-]+)", head)], body)
        for head, body in items(section(page, "OPTIONS"))
    ]


def page_default(body):
    """Gives the default that an option has in a manual page, or None."""
    found = re.search(r"^The default is\n(?:\.Ev \w+ ,\nor\n)?\.Ql (\S+) \.$", body, re.MULTILINE)
    return found and found[1]


def help_default(text):
    """Gives the default that an option has in --help: `default 30`, or `(30)` at the end."""
    found = re.search(r"; default (\S+)$|\((?:MEDUSA_\w+, (?:or )?)?([\w.]+)\)$", text)
    value = found and (found[1] or found[2])
    return None if value and value.startswith("MEDUSA_") else value


def variables(text):
    return set(re.findall(r"\bMEDUSA_[A-Z_]+", text))


@for_each_page
def test_a_manual_page_has_no_warnings(page):
    assert output(tool("mandoc", "mandoc"), "-Tlint", "-Wwarning", MAN / page) == (0, "")


@for_each_page
def test_a_manual_page_is_readable(page):
    status, text = output(tool("mandoc", "mandoc"), "-Tascii", MAN / page)
    assert status == 0
    text = re.sub(".\b", "", text)  # bold and underlined letters are printed twice
    assert text.startswith(page.split(".")[0].upper() + "(")
    assert "\nENVIRONMENT\n" in text


@for_each_page
def test_a_manual_page_lists_the_options_that_help_lists(page, programs):
    listed = {name for names, _ in help_items(programs[page]) for name in names}
    assert {name for names, _ in page_options(page) for name in names} == listed


@for_each_page
def test_a_manual_page_has_the_defaults_of_help(page, programs):
    told = {
        name: help_default(text)
        for names, text in help_items(programs[page])
        for name in names
        if not text.strip().startswith("the same as")
    }
    shown = {name: page_default(body) for names, body in page_options(page) for name in names}
    assert {name: shown.get(name) for name in told} == told


@for_each_page
def test_a_manual_page_has_the_variables_of_help(page, programs):
    heads = "\n".join(head for head, _ in items(section(page, "ENVIRONMENT")))
    assert variables(heads) == variables(run_once(programs[page], "--help").stdout)


def test_the_page_of_the_server_names_the_variable_of_each_option(programs):
    told = {
        name: variables(text).pop()
        for names, text in help_items(programs["medusa.8"])
        for name in names
        if variables(text)
    }
    shown = {}
    for head, body in items(section("medusa.8", "ENVIRONMENT")):
        for name in re.findall(r"^\.Fl (-[\w-]+)", body, re.MULTILINE):
            shown["-" + name] = head.split()[1]
    assert shown == told


def test_the_page_of_the_server_names_the_words_that_an_option_takes(programs):
    shown = {name: body for names, body in page_options("medusa.8") for name in names}
    for names, text in help_items(programs["medusa.8"]):
        for word in re.findall(r"\b(?:debug|warn|error|poll|epoll|noeviction|allkeys-lru)\b", text):
            assert f".Ql {word}" in shown[names[0]], (names, word)


@for_each_page
def test_a_manual_page_refers_to_the_others(page):
    for other in PAGES:
        name, number = other.split(".")
        assert other == page or f".Xr {name} {number}" in page_text(page)


# The list of commands

DOCS = [
    "get", {
        "summary": "Get a value",
        "group": "string",
        "arguments": [{"name": "key", "type": "key"}],
    },
    "set", {
        "summary": "Store a value. It may be any bytes.",
        "group": "string",
        "arguments": [
            {"name": "key", "type": "key", "display_text": "name"},
            {"name": "condition", "type": "oneof", "flags": ["optional"], "arguments": [
                {"name": "nx", "type": "pure-token", "token": "NX"},
                {"name": "xx", "type": "pure-token", "token": "XX"},
            ]},
            {"name": "seconds", "type": "integer", "token": "EX", "flags": ["optional"]},
        ],
    },
    "mset", {
        "summary": "Store values",
        "group": "string",
        "arguments": [{"name": "data", "type": "block", "flags": ["multiple"], "arguments": [
            {"name": "key", "type": "key"},
            {"name": "value", "type": "string"},
        ]}],
    },
    "sort", {
        "summary": "Sort",
        "group": "generic",
        "arguments": [
            {"name": "by", "type": "oneof", "arguments": [
                {"name": "key", "type": "key"},
                {"name": "id", "type": "integer", "token": "ID"},
            ]},
            {"name": "pattern", "type": "pattern", "token": "GET",
             "flags": ["optional", "multiple", "multiple_token"]},
            {"name": "rest", "type": "string", "flags": ["optional", "multiple"]},
        ],
    },
    "client", {
        "summary": "A container for commands of connections",
        "group": "connection",
        "subcommands": ["client|id", {"summary": "Tell the number", "group": "connection"}],
    },
    "list", {"summary": "list all keys", "group": "odd-ones"},
]  # fmt: skip


def flat(value):
    """Gives maps as lists of names and values in turn, and text as bytes, as in RESP2."""
    if isinstance(value, dict):
        return [flat(part) for pair in value.items() for part in pair]
    if isinstance(value, list):
        return [flat(part) for part in value]
    return value.encode()


@pytest.mark.parametrize("reply", [DOCS, flat(DOCS)], ids=["maps", "lists"])
def test_usage_lines_are_made_of_command_docs(reply):
    assert [manual.plain(command) for command in manual.read(reply)] == [
        "CLIENT ID",
        "GET key",
        "LIST",
        "MSET key value [key value ...]",
        "SET name [NX | XX] [EX seconds]",
        "SORT <key | ID id> [GET pattern [GET pattern ...]] [rest [rest ...]]",
    ]


def test_the_list_for_the_manual_page_is_made_of_command_docs():
    lines = manual.mdoc(manual.read(flat(DOCS))).splitlines()
    assert [line for line in lines if line.startswith(".Ss")] == [
        ".Ss Strings", ".Ss Keys", ".Ss Connection", ".Ss Odd ones",
    ]  # fmt: skip
    at = lines.index(".It Ic SET Ar name Oo Cm NX | Cm XX Oc Oo Cm EX Ar seconds Oc")
    assert lines[at + 1 : at + 3] == ["Store a value.", "It may be any bytes."]
    assert lines[lines.index(".It Ic LIST") + 1 :][:2] == ["List all keys.", "Medusa's own."]


def test_the_list_goes_between_the_marks_of_the_page():
    page = 'before\n.\\" commands\nold\n.\\" /commands\nafter\n'
    filled = manual.fill(page, manual.read(flat(DOCS)))
    assert "old" not in filled and ".It Ic GET Ar key" in filled
    assert filled == manual.fill(filled, manual.read(flat(DOCS)))
    assert filled.startswith("before\n") and filled.endswith("\nafter\n")


def test_the_page_of_all_commands_is_made_of_command_docs():
    text = manual.markdown(manual.read(flat(DOCS)))
    assert r"| `SET name [NX \| XX] [EX seconds]` | Store a value. It may be any bytes. |" in text
    assert "| `LIST` | List all keys. *Medusa's own.* |" in text


def test_the_lists_of_commands_are_what_the_server_says(binary):
    status, text = output(ROOT / "tools" / "man-pages", "--check", "--server", binary)
    assert status == 0, text


def test_the_commands_that_are_medusas_own_are_those_of_the_list():
    text = (ROOT / "docs" / "commands.md").read_text()
    assert set(re.findall(r"^\| `([A-Z]+).*Medusa's own", text, re.MULTILINE)) == manual.OWN


def test_alternatives_stand_in_brackets():
    for usage in re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "commands.md").read_text(), re.M):
        rest, count = usage, 1
        while count:
            rest, count = re.subn(r"\[[^\[\]<>]*\]|<[^\[\]<>]*>", "", rest)
        assert not re.search(r"[\[\]<>|]", rest), usage


# The unit


@pytest.fixture
def installed(tmp_path):
    """A folder in which everything is installed, and which the installed files name."""
    own = ("MAKE", "MFLAGS", "SAN", "PREFIX", "DESTDIR")
    env = {key: text for key, text in os.environ.items() if not key.startswith(own)}
    status, text = output("make", "-s", "-C", ROOT, "install", f"PREFIX={tmp_path}", env=env)
    assert status == 0, text
    return tmp_path


def test_systemd_finds_no_fault_in_the_unit(installed):
    unit = installed / "lib" / "systemd" / "system" / "medusa.service"
    analyze = tool("systemd-analyze", "systemd")
    assert output(analyze, "verify", "--man=no", unit) == (0, "")


def test_systemd_finds_little_that_the_unit_leaves_open(installed):
    unit = installed / "lib" / "systemd" / "system" / "medusa.service"
    analyze = tool("systemd-analyze", "systemd")
    status, text = output(
        analyze, "security", "--no-pager", "--offline=true", "--threshold=20", unit
    )
    assert status == 0, text  # the exposure is at most 2.0 of 10


def test_the_unit_starts_the_program_that_was_installed(installed):
    unit = (installed / "lib" / "systemd" / "system" / "medusa.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]
    assert run_once(*shlex.split(command), "--version").stdout.startswith("medusa ")
    assert "@" not in re.sub(r"[~=]@(?:system-service|privileged)", "", unit)


def test_the_unit_holds_what_keeps_a_server_apart():
    lines = UNIT.read_text().splitlines()
    for line in (
        "DynamicUser=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "MemoryDenyWriteExecute=yes",
        "SystemCallFilter=@system-service",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "EnvironmentFile=-/etc/medusa.conf",
    ):
        assert line in lines


# Completion

COMPLETE = """\
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
read -r _ _ function _ < <(complete -p "${1##*/}")
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(*words, env=None, cwd=None):
    """Gives what bash offers at the end of a line of these words, cut as bash cuts them."""
    status, text = output(
        "bash", "-c", COMPLETE, "bash", COMPLETION, *words, env=clean_environment(env), cwd=cwd
    )
    assert status == 0, text
    return text.split()


def test_shellcheck_finds_no_fault_in_the_completion():
    check = tool("shellcheck", "shellcheck")
    assert output(check, "-s", "bash", "-S", "warning", COMPLETION) == (0, "")


@for_each_page
def test_the_options_that_are_offered_are_those_of_help(page, programs):
    listed = {name for names, _ in help_items(programs[page]) for name in names}
    assert set(complete(page.split(".")[0], "-")) == listed


def test_options_are_completed():
    assert complete("medusa", "--max-c") == ["--max-connections"]
    assert complete("medusa-client", "--no") == ["--no-raw"]
    assert complete("medusa-benchmark", "127.0.0.1", "--pi") == ["--pipeline"]


@pytest.mark.parametrize(
    "words, expected",
    [
        (["--log-level", ""], ["debug", "info", "warn", "error"]),
        (["--log-level", "d"], ["debug"]),
        (["--log-level", "="], ["debug", "info", "warn", "error"]),
        (["--log-level", "=", "w"], ["warn"]),
        (["--port", "1", "--event-loop", "e"], ["epoll"]),
        (["--eviction", ""], ["noeviction", "allkeys-lru"]),
        (["--metrics", "t"], ["true"]),
        (["--protected-mode", "=", ""], ["true", "false"]),
        (["--port", ""], []),
    ],
    ids=lambda value: "_".join(value) or "nothing",
)
def test_values_that_are_known_are_offered(words, expected):
    assert complete("medusa", *words) == expected


def test_a_file_is_offered_for_the_password(tmp_path):
    (tmp_path / "secret").write_text("x\n")
    assert complete("medusa", "--password-file", "se", cwd=tmp_path) == ["secret"]


def test_the_client_offers_the_commands_that_the_server_has(server, client_binary):
    words = [client_binary, "-h", server.host, "-p", server.port]
    assert "SET" in complete(*words, "")
    assert complete(*words, "GETR") == ["GETRANGE"]
    assert complete(*words, "getr") == ["getrange"]
    assert complete(*words, "--raw", "GETR") == ["GETRANGE"]


def test_the_client_offers_no_commands_after_the_command(server, client_binary):
    words = [client_binary, "-p", server.port]
    assert complete(*words, "SET", "") == []
    assert complete(*words, "SET", "k", "G") == []


def test_the_client_offers_no_commands_where_no_server_answers(client_binary):
    assert complete(client_binary, "-p", free_port(), "G") == []


def test_every_program_is_completed_under_its_own_name():
    names = re.findall(r"^complete -F \w+ (\S+)$", COMPLETION.read_text(), re.MULTILINE)
    assert names == ["medusa", "medusa-client", "medusa-benchmark"]
