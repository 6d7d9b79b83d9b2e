"""medusa-client at its prompt: `help`, hints and Tab, from COMMAND DOCS or without it."""

import contextlib

import pytest

from medusa import encode
from terminal import ENTER, TAB, Terminal, ctrl
from test_client import NO_DOCS, FakeServer, answer, answer_noting, answer_to_end, run

pytestmark = pytest.mark.since("08-binary-protocol")

DOCS = encode("COMMAND", "DOCS")


@pytest.fixture
def open_prompt(client_binary, tmp_path):
    """Starts clients, and waits for their prompts: open_prompt(port, *args, columns=80)."""
    with contextlib.ExitStack() as stack:

        def start(port, *args, **options):
            command = [client_binary, "-p", str(port), *args]
            env = {"HOME": str(tmp_path)}
            terminal = stack.enter_context(Terminal(*command, env=env, **options))
            terminal.prompt = f"127.0.0.1:{port}> "
            terminal.wait_for_line(terminal.prompt)
            return terminal

        yield start


@pytest.fixture
def native(open_prompt):
    """A client at the prompt of a server that knows no COMMAND."""
    return open_prompt(FakeServer(answer_to_end(b""), docs=NO_DOCS).port)


@pytest.fixture
def final(server, open_prompt):
    """A client at the prompt of the complete server."""
    return open_prompt(server.port)


def reply_of(value, resp3=False):
    """Gives a value as a reply: dict, list, int, None, or text as a bulk string."""
    if isinstance(value, dict) and not resp3:
        value = [item for pair in value.items() for item in pair]
    if isinstance(value, dict):
        items = b"".join(reply_of(item, resp3) for pair in value.items() for item in pair)
        return b"%%%d\r\n%s" % (len(value), items)
    if isinstance(value, list):
        return b"*%d\r\n%s" % (len(value), b"".join(reply_of(item, resp3) for item in value))
    if isinstance(value, int):
        return b":%d\r\n" % value
    if value is None:
        return b"_\r\n" if resp3 else b"$-1\r\n"
    data = value.encode() if isinstance(value, str) else value
    return b"$%d\r\n%s\r\n" % (len(data), data)


def token(word):
    """Describes an argument that is a word by itself."""
    return {"name": word.lower(), "type": "pure-token", "token": word}


def named(name, *flags, **fields):
    """Describes an argument."""
    return {"name": name, "type": "string", "flags": list(flags), **fields}


# Without COMMAND


def test_help_explains_one_native_command_and_lists_all(native):
    native.type("help set", ENTER)
    native.wait_for_lines(
        "  SET key value [seconds]",
        "      Stores a value, for that many seconds if given.",
        native.prompt,
    )
    native.type("help nosuch", ENTER)
    native.wait_for_lines('No help for "nosuch"; `help` lists the commands.', native.prompt)
    native.type("help", ENTER)
    native.wait_for_text("Ctrl-R searches")
    for name in "CLEAR COUNT DELETE EXISTS EXPIRE FLUSHALL GET INFO KEYS LIST PING TTL".split():
        native.wait_for_text(f"  {name} ")


def test_tab_completes_a_command_in_the_case_it_was_typed(native):
    native.type("DEL", TAB, "k")
    native.wait_for_line(f"{native.prompt}DELETE k [key ...]")
    native.type(ctrl("u"), "fl", TAB, "x")
    native.wait_for_line(f"{native.prompt}flushall x [ASYNC | SYNC]")


def test_tab_goes_as_far_as_all_agree_and_then_lists_them(native):
    native.type("ex", TAB)
    native.wait_for_lines("EXISTS  EXIT  EXPIRE", f"{native.prompt}ex")
    native.type("i", TAB)
    native.wait_for_lines("EXISTS  EXIT", f"{native.prompt}exi")


def test_tab_completes_after_help_but_not_arguments(native):
    native.type("help cou", TAB)
    native.wait_for_line(f"{native.prompt}help count")
    native.type(ctrl("u"), "GET cou", TAB)
    native.wait_for(lambda: native.screen.bells > 0, "a bell")
    native.wait_for_line(f"{native.prompt}GET cou")


def test_hints_show_the_arguments_that_are_still_to_come(native):
    native.type("SET")
    native.wait_for_line(f"{native.prompt}SET key value [seconds]")
    native.type(" k")
    native.wait_for_line(f"{native.prompt}SET k value [seconds]")
    native.type(" v ")
    native.wait_for_line(f"{native.prompt}SET k v [seconds]")
    assert "2" in native.screen.styles
    native.type("9")
    native.wait_for_line(f"{native.prompt}SET k v 9")


# From the complete server


@pytest.mark.since("final")
@pytest.mark.parametrize("protocol", ["2", "3"])
def test_help_comes_from_the_server_in_both_protocols(final, protocol):
    final.type(f"HELLO {protocol}", ENTER, ctrl("l"), "help", ENTER)
    final.wait_for_text("transactions:")
    for name in "DELETE INCRBYFLOAT CLIENT MULTI HELP".split():
        final.wait_for_text(f"  {name} ")
    final.type(ctrl("l"), "help client kill", ENTER)
    final.wait_for_lines(
        "  CLIENT KILL ID client-id", "      Closes a connection.", final.prompt
    )
    final.type("help Memory", ENTER)
    final.wait_for_text("  MEMORY USAGE key [SAMPLES count]")
    final.wait_for_text("  MEMORY HELP")


@pytest.mark.since("final")
def test_tab_completes_subcommands_at_the_second_word_only(final):
    final.type("memo", TAB, "us", TAB)
    final.wait_for_line(f"{final.prompt}memory usage key [SAMPLES count]")
    final.type(ctrl("u"), "help CONFIG r", TAB)
    final.wait_for_line(f"{final.prompt}help CONFIG RESETSTAT")
    final.type(ctrl("u"), "CLIENT ", TAB)
    final.wait_for_text("CLIENT GETNAME  CLIENT HELP  CLIENT ID")
    final.type(ctrl("u"), "CL", TAB)
    final.wait_for_lines("CLEAR  CLIENT", f"{final.prompt}CL")


@pytest.mark.since("final")
@pytest.mark.parametrize(
    "typed, hint",
    [
        ("SCAN ", "cursor [MATCH pattern] [COUNT count] [TYPE type]"),
        ("scan 0 count ", "[MATCH pattern] [TYPE type]"),
        ("scan 0 count 9 match * ", "[TYPE type]"),
        ("EXPIRE k 9 gt ", ""),
        ("MSET a 1 b 2 ", "[key value ...]"),
        ("client kill ", "ID client-id"),
        ("CLIENT KILL ID ", "client-id"),
        ("TIME ", "Returns the time of the server."),
    ],
    ids=repr,
)
def test_a_hint_leaves_out_what_was_given_in_any_order(final, typed, hint):
    final.type(typed)
    final.wait_for_line(final.prompt + typed + hint)


@pytest.mark.since("final")
def test_a_hint_that_is_too_long_is_cut_at_the_edge(final):
    final.type("SET ")
    shown = f"{final.prompt}SET key value [NX | XX] [GET] [seconds | EX seconds | PX milliseconds"
    final.wait_for_line(shown[:77])
    assert final.screen.row == 0


@pytest.mark.since("final")
@pytest.mark.env(MEDUSA_PASSWORD="geheim")
def test_without_the_password_the_native_commands_are_known(final):
    final.wait_for_text("help and hints: (error) NOAUTH")
    final.type("help set", ENTER)
    final.wait_for_lines("      Stores a value, for that many seconds if given.", final.prompt)


@pytest.mark.since("final")
@pytest.mark.env(MEDUSA_PASSWORD="geheim")
@pytest.mark.parametrize(
    "line", ["AUTH geheim", "auth default geheim", "HELLO 3 AUTH default geheim"]
)
def test_once_the_password_was_given_the_server_is_asked_again(final, line):
    final.type("mult", TAB)
    final.wait_for(lambda: final.screen.bells > 0, "a bell")
    final.type(ctrl("u"), line, ENTER, "mult", TAB)
    final.wait_for_line(f"{final.prompt}multi Starts to queue commands.")


# When it is asked


def test_only_a_prompt_asks_for_help(client_binary):
    seen = []
    handle = answer_noting(seen, b"+PONG\r\n")
    run(client_binary, FakeServer(handle).port, "PING")
    run(client_binary, FakeServer(handle).port, stdin=b"PING\n")
    assert seen == [encode("PING")] * 2


def test_a_prompt_for_lines_does_not_ask(open_prompt):
    terminal = open_prompt(FakeServer(answer_to_end(b"+ONE\r\n")).port, "--inline")
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("ONE", terminal.prompt)


def test_every_new_connection_is_asked_before_the_command_is_sent(open_prompt):
    seen = []

    def until_closed(connection):
        answer_noting(seen, reply_of({"second": {}}), b"+OK\r\n")(connection)
        connection.recv(65536)

    server = FakeServer(answer_noting(seen, reply_of({"first": {}}), b"+OK\r\n"), until_closed)
    terminal = open_prompt(server.port)
    terminal.type("fi", TAB, ENTER)
    terminal.wait_for_lines(f"{terminal.prompt}first", "OK", terminal.prompt)
    server.wait_for_close()
    terminal.type("MULTI", ENTER)
    terminal.wait_for_lines("OK", terminal.prompt)
    terminal.type("fi", TAB, ctrl("u"), "sec", TAB)
    terminal.wait_for_line(f"{terminal.prompt}second")
    assert terminal.screen.bells == 1
    assert seen == [DOCS, encode("first"), DOCS, encode("MULTI")]


def test_a_password_that_is_only_queued_does_not_put_a_question_into_the_queue(open_prompt):
    replies = [b"+OK\r\n", b"+QUEUED\r\n", b"+QUEUED\r\n", b"+END\r\n", b""]
    terminal = open_prompt(FakeServer(answer(*replies), docs=NO_DOCS).port)
    terminal.type("MULTI", ENTER, "AUTH x", ENTER, "HELLO 3", ENTER, "EXEC", ENTER)
    terminal.wait_for_lines(f"{terminal.prompt}EXEC", "END", terminal.prompt)


@pytest.mark.parametrize("docs", [b"?what\r\n", b"*2\r\n+a\r\n"], ids=["malformed", "cut off"])
def test_a_connection_that_is_lost_over_the_question_is_made_without_it(
    client_binary, tmp_path, docs
):
    server = FakeServer(answer(docs), answer_to_end(b"+PONG\r\n"))
    with Terminal(client_binary, "-p", str(server.port), env={"HOME": str(tmp_path)}) as terminal:
        terminal.wait_for_text("COMMAND DOCS, which gives help and hints, is not sent again")
        terminal.wait_for_line("not connected>")
        terminal.type("PING", ENTER)
        terminal.wait_for_lines("PONG", f"127.0.0.1:{server.port}> ")


def test_a_server_that_refuses_all_clients_is_heard(client_binary, tmp_path):
    refusal = b"-ERR max number of clients reached\r\n"
    server = FakeServer(answer(refusal))
    with Terminal(client_binary, "-p", str(server.port), env={"HOME": str(tmp_path)}) as terminal:
        terminal.wait_for_text("(error) ERR max number of clients reached")
        terminal.wait_for_line(f"127.0.0.1:{server.port}> ")


# What is made of the answer


KEY = {"name": "key", "type": "key", "key_spec_index": 0}


@pytest.mark.parametrize("resp3", [False, True], ids=["RESP2", "RESP3"])
@pytest.mark.parametrize(
    "arguments, usage",
    [
        ([KEY], "key"),
        ([KEY, named("value")], "key value"),
        ([named("key", "multiple")], "key [key ...]"),
        ([named("key", "optional", "multiple")], "[key [key ...]]"),
        ([named("count", "optional", token="COUNT")], "[COUNT count]"),
        ([named("get", "multiple", token="GET")], "GET get [get ...]"),
        ([named("get", "multiple", "multiple_token", token="GET")], "GET get [GET get ...]"),
        ([named("a", display_text="b")], "b"),
        ([token("NOW")], "NOW"),
        ([named("x", type="oneof", arguments=[token("NX"), token("XX")])], "<NX | XX>"),
        ([named("x", "optional", type="oneof", arguments=[token("NX"), token("XX")])],
         "[NX | XX]"),
        ([named("x", "optional", type="oneof", token="ON", arguments=[token("A"), token("B")])],
         "[ON <A | B>]"),
        ([named("x", "multiple", type="oneof", arguments=[named("a"), named("b")])],
         "<a | b> [<a | b> ...]"),
        ([named("x", "multiple", type="block", arguments=[named("a"), named("b")])],
         "a b [a b ...]"),
        ([named("x", "optional", type="block", token="LIMIT",
                arguments=[named("offset"), named("count")])], "[LIMIT offset count]"),
        ([named("v", "optional", type="block",
                arguments=[named("version"), named("name", "optional", token="SETNAME")])],
         "[version [SETNAME name]]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_usage_is_put_together_from_the_arguments(open_prompt, arguments, usage, resp3):
    entry = {"since": "1.0.0", "arguments": arguments, "history": [["1", "x"]], "summary": "S."}
    docs = reply_of({"test": entry}, resp3)
    terminal = open_prompt(FakeServer(answer_to_end(b""), docs=docs).port)
    terminal.type("help test", ENTER)
    terminal.wait_for_lines(f"  TEST {usage}", "      S.", terminal.prompt)


def nested(levels):
    """Gives the docs of a command whose argument is repeated at each of so many levels."""
    argument = named("a" * 50, "multiple")
    for _ in range(levels):
        argument = named("b", "multiple", "optional", type="block", arguments=[argument])
    return {"deep": {"arguments": [argument]}}


STRANGE = {
    "nothing": [],
    "one number": 7,
    "no text": None,
    "odd": ["get"],
    "no entries": ["get", None, "set", 7, "del", "x", "", {}],
    "fields of other types": {"get": {"summary": ["x"], "group": 7, "arguments": "x",
                                      "subcommands": None, "": {}}},
    "arguments of other types": {"get": {"arguments": [None, 7, "x", [], ["name"],
                                                       {"name": [], "flags": 7, "token": {}}]}},
    "long": {"x" * 1000: {"summary": "y " * 10_000, "group": "z" * 1000,
                          "arguments": [named("w" * 10_000)] * 100}},
    "control bytes": {"\x1b[2J": {"summary": "\x1b]0;x\x07", "group": "\0\r\n",
                                  "arguments": [named("\x9b\xff\x00", token="\x08")]}},
    "brackets": {"get": {"arguments": [named("]]>>[["), named("<[|"), named("x", "optional")]}},
    "deep": nested(13),
    "subcommands of subcommands": {"a": {"subcommands": {"a|b": {"subcommands": {"a|b|c": {}}}}}},
    "itself": {"help": {}, "HELP": {}},
    "many": {f"c{i}": {"group": f"g{i}"} for i in range(10_000)},
}  # fmt: skip


@pytest.mark.parametrize("docs", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_answer_does_no_harm(open_prompt, docs):
    server = FakeServer(answer_to_end(b"+PONG\r\n"), docs=reply_of(docs))
    terminal = open_prompt(server.port)
    for line in ("", "g", "get ", "get x x x ", "deep x x ", "a b c", "X" * 48 + " "):
        terminal.type(line, TAB, TAB, ctrl("u"), "help ", line, TAB, ctrl("u"))
    terminal.type("help get", ENTER, "help deep", ENTER, "help a", ENTER, "help", ENTER)
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("PONG", terminal.prompt)
