"""COMMAND describes every command, and each command does as it is described.

The tests know no command by heart: they ask the server which there are, and hold it to that.
"""

import fnmatch

import pytest

from medusa import Error, encode

pytestmark = pytest.mark.since("29-one-table")

GROUPS = {b"string", b"generic", b"connection", b"server", b"transactions"}
PLAIN_TYPES = {b"string", b"integer", b"double", b"key", b"pattern", b"unix-time"}
FLAGS = {b"optional", b"multiple"}
NATIVE = {
    b"set", b"get", b"delete", b"exists", b"list", b"count", b"clear", b"flushall", b"ping",
    b"info", b"quit", b"exit", b"ttl", b"expire", b"keys",
}  # fmt: skip


class Row:
    """What COMMAND INFO says of a command or a subcommand."""

    def __init__(self, entry):
        assert len(entry) == 10
        self.name, self.arity, self.flags, self.first, self.last, self.step = entry[:6]
        self.parts = [Row(part) for part in entry[9]]
        self.words = self.name.upper().split(b"|")  # as a request has them

    def __repr__(self):
        return self.name.decode()

    @property
    def least(self):
        return abs(self.arity)


@pytest.fixture
def rows(client):
    """All commands and subcommands."""
    top = [Row(entry) for entry in client.command("COMMAND")]
    return top + [part for row in top for part in row.parts]


@pytest.fixture
def docs(client):
    """The entries of COMMAND DOCS for all commands and subcommands, by name."""
    client.command("HELLO", "3")
    found = client.command("COMMAND", "DOCS")
    client.command("HELLO", "2")
    for entry in list(found.values()):
        found.update(entry.get(b"subcommands", {}))
    return found


def wrong_number(name):
    return b"ERR wrong number of arguments for '%s' command" % name


def is_error(reply, text):
    return isinstance(reply, Error) and reply == text


# Which there are


def test_count_list_and_info_agree(client):
    names = client.command("COMMAND", "LIST")
    whole = [name for name in names if b"|" not in name]
    assert len(set(names)) == len(names)
    assert client.command("COMMAND", "COUNT") == len(whole)
    assert [entry[0] for entry in client.command("COMMAND")] == whole
    assert client.command("COMMAND", "INFO") == client.command("COMMAND")
    assert client.command("COMMAND", "INFO", *whole) == client.command("COMMAND")


def test_list_names_subcommands_behind_their_command(client, rows):
    names = client.command("COMMAND", "LIST")
    expected = []
    for row in rows:
        if len(row.words) == 1:
            expected += [row.name, *(part.name for part in row.parts)]
    assert names == expected


def test_the_commands_of_the_project_itself_are_among_them(client):
    assert NATIVE <= set(client.command("COMMAND", "LIST"))


@pytest.mark.since("final")
def test_the_complete_server_has_more_than_80_most_with_an_exact_number_of_words(rows):
    assert len(rows) > 80
    assert sum(row.arity > 0 for row in rows) > 40


def test_every_name_is_in_lower_case_and_every_command_is_known(client, rows):
    for row in rows:
        assert row.name == row.name.lower()
        assert row.name.decode().isprintable() and b" " not in row.name
        if row.arity > 0:  # too many words, so nothing is run
            reply = client.command(*row.words, *["x"] * row.arity)
            assert not reply.startswith(b"ERR unknown")


@pytest.mark.parametrize("pattern", ["*", "e*", "?et", "[a-d]*", "command|*", "", "GET", "nosuch"])
def test_list_filters_by_pattern(client, pattern):
    names = [name.decode() for name in client.command("COMMAND", "LIST")]
    found = client.command("COMMAND", "LIST", "FILTERBY", "PATTERN", pattern)
    wanted = [name for name in names if fnmatch.fnmatchcase(name, pattern)]
    assert [name.decode() for name in found] == wanted


def test_the_words_of_a_filter_are_taken_in_any_case(client):
    assert client.command("command", "list", "filterby", "pattern", "get") == [b"get"]


@pytest.mark.parametrize(
    "words",
    [["FILTERBY"], ["FILTERBY", "PATTERN"], ["FILTERBY", "x", "y"], ["x", "PATTERN", "y"],
     ["FILTERBY", "PATTERN", "x", "y"], ["x"]],
)  # fmt: skip
def test_another_filter_is_a_syntax_error(client, words):
    assert is_error(client.command("COMMAND", "LIST", *words), b"ERR syntax error")


# Arity


def test_too_few_words_are_refused_for_every_command(client, rows):
    for row in rows:
        for count in range(len(row.words), row.least):
            reply = client.command(*row.words, *["1"] * (count - len(row.words)))
            assert is_error(reply, wrong_number(row.name)), (row, count)


def test_too_many_words_are_refused_for_every_command_with_an_exact_number(client, rows):
    exact = [row for row in rows if row.arity > 0]
    assert len(exact) >= 10
    for row in exact:
        for more in (1, 2, 100):
            reply = client.command(*row.words, *["1"] * (row.arity - len(row.words) + more))
            assert is_error(reply, wrong_number(row.name)), (row, more)


@pytest.mark.parametrize(
    "name", ["ping", "flushall", pytest.param("flushdb", marks=pytest.mark.since("final"))]
)
def test_commands_with_one_optional_word_refuse_a_second(client, name):
    assert is_error(client.command(name, "SYNC", "SYNC"), wrong_number(name.encode()))


def test_a_wrong_number_is_refused_whatever_the_case_of_the_name(client):
    assert is_error(client.command("gEt"), wrong_number(b"get"))
    assert is_error(client.command("Command", "cOUNT", "x"), wrong_number(b"command|count"))


def test_a_wrong_subcommand_aborts_a_transaction(client):
    for words, error in (
        (["COMMAND", "nosuch"], b"ERR unknown subcommand 'nosuch'. Try COMMAND HELP."),
        (["COMMAND", "COUNT", "x"], wrong_number(b"command|count")),
    ):
        replies = client.pipeline(["MULTI"], words, ["EXEC"])
        assert is_error(replies[1], error)
        assert replies[2].startswith(b"EXECABORT")


def test_subcommands_are_queued_in_a_transaction_like_other_commands(client):
    replies = client.pipeline(
        ["MULTI"], ["COMMAND", "COUNT"], ["COMMAND", "INFO", "get"], ["COMMAND"], ["EXEC"]
    )
    assert replies[1:4] == [b"QUEUED"] * 3
    count, info, everything = replies[4]
    assert count == len(everything)
    assert info[0][0] == b"get"


# INFO


def test_info_answers_in_the_order_of_the_question_with_null_for_what_is_none(client):
    entries = client.command("COMMAND", "INFO", "TTL", "nosuch", "get", "", "Command|Count", "get")
    assert [entry and entry[0] for entry in entries] == [
        b"ttl", None, b"get", None, b"command|count", b"get",
    ]  # fmt: skip


def test_an_unknown_name_is_a_null_in_either_version(client):
    request = encode("COMMAND", "INFO", "nosuch")
    client.send_raw(request)
    assert client.read_raw() in (b"*1\r\n$-1\r\n", b"*1\r\n*-1\r\n")
    client.command("HELLO", "3")
    client.check(request, b"*1\r\n_\r\n")


def test_places_of_keys_agree_with_the_flags(rows):
    for row in rows:
        has_keys = row.first > 0
        assert (row.first, row.step) == (0, 0) or row.first == 1 and row.step in (1, 2)
        assert has_keys == (row.last != 0)
        assert row.last == -1 or row.first <= row.last < row.least
        if has_keys:
            assert (b"readonly" in row.flags) != (b"write" in row.flags), row
        if b"denyoom" in row.flags:
            assert b"write" in row.flags, row


def test_get_reads_set_writes_and_delete_takes_any_number_of_keys(client):
    get, set_, delete, ping = client.command("COMMAND", "INFO", "get", "set", "delete", "ping")
    assert get[1:6] == [2, [b"readonly", b"fast"], 1, 1, 1]
    assert set_[1] == -3 and {b"write", b"denyoom"} <= set(set_[2])
    assert delete[1] == -2 and delete[3:6] == [1, -1, 1]
    assert ping[3:6] == [0, 0, 0]


@pytest.mark.since("final")
def test_mset_has_keys_in_every_second_place_and_rename_has_two(client):
    mset, rename = client.command("COMMAND", "INFO", "MSET", "Rename")
    assert (mset[1], mset[3:6]) == (-3, [1, -1, 2])
    assert {b"write", b"denyoom"} <= set(mset[2])
    assert (rename[1], rename[3:6]) == (3, [1, 2, 1])


def test_only_keys_are_where_info_says_that_keys_are(rows, docs):
    for row in rows:
        arguments = docs[row.name].get(b"arguments", [])
        named = [argument for argument in arguments if argument[b"type"] == b"key"]
        if row.first:
            assert named or arguments[0][b"type"] == b"block", row  # as in "key value [key ...]"
        elif len(row.words) == 1:
            assert named == [], row


# DOCS


def test_every_command_and_subcommand_is_documented(client, docs):
    assert set(docs) == set(client.command("COMMAND", "LIST"))
    summaries = set()
    for name, entry in docs.items():
        summary = entry[b"summary"].decode()
        assert summary[0].isupper() and summary.endswith(".") and len(summary) > 10, name
        assert " " in summary, name
        assert entry[b"group"] in GROUPS, name
        assert entry[b"since"].count(b".") == 2, name
        summaries.add(summary)
    assert len(summaries) > 0.8 * len(docs)
    assert docs[b"get"][b"group"] == b"string"


def test_the_subcommands_of_docs_are_those_of_info(rows, docs):
    for row in rows:
        nested = docs[row.name].get(b"subcommands", {})
        assert list(nested) == [part.name for part in row.parts]
        assert all(name.startswith(row.name + b"|") for name in nested)
        assert all(part[b"group"] == docs[row.name][b"group"] for part in nested.values())


def check_argument(argument, where):
    """Fails unless an argument is as a client may expect it."""
    name, kind = argument[b"name"], argument[b"type"]
    fields = {b"name", b"type", b"flags", b"token", b"arguments"}
    assert set(argument) <= fields, where
    assert name and name == name.lower() and not set(name) & set(b" []|."), where
    if b"flags" in argument:
        flags = argument[b"flags"]
        assert flags and set(flags) <= FLAGS and len(set(flags)) == len(flags), where
    if b"token" in argument:
        token = argument[b"token"]
        assert token and token == token.upper() and b" " not in token, where
    inner = argument.get(b"arguments", [])
    if kind in (b"oneof", b"block"):
        assert len(inner) >= (2 if kind == b"oneof" else 1), where
    elif kind == b"pure-token":
        assert argument[b"token"].lower() == name and not inner, where
    else:
        assert kind in PLAIN_TYPES and not inner, where
    for part in inner:
        check_argument(part, where)


def test_arguments_are_well_formed(docs):
    documented = {name: entry for name, entry in docs.items() if b"arguments" in entry}
    assert len(documented) > 10
    for name, entry in documented.items():
        assert entry[b"arguments"], name
        for argument in entry[b"arguments"]:
            check_argument(argument, name)


def span_of(argument):
    """Gives the fewest and the most words that an argument may have."""
    kind, inner = argument[b"type"], [span_of(part) for part in argument.get(b"arguments", [])]
    if kind == b"pure-token":
        least = most = 1
    elif kind == b"oneof":
        least, most = min(span[0] for span in inner), max(span[1] for span in inner)
    elif kind == b"block":
        least, most = sum(span[0] for span in inner), sum(span[1] for span in inner)
    else:
        least = most = 1
    if b"token" in argument and kind != b"pure-token":
        least, most = least + 1, most + 1
    flags = argument.get(b"flags", [])
    if b"multiple" in flags:
        most = float("inf")
    if b"optional" in flags:
        least = 0
    return least, most


def test_arguments_agree_with_the_arity(rows, docs):
    for row in rows:
        if row.parts or row.name == b"client|kill":  # which has an old form, with an address
            continue
        spans = [span_of(argument) for argument in docs[row.name].get(b"arguments", [])]
        least = len(row.words) + sum(span[0] for span in spans)
        most = len(row.words) + sum(span[1] for span in spans)
        assert row.least == least, row
        if row.arity > 0:
            assert most == least, row


def test_a_usage_text_is_taken_apart(client):
    client.command("HELLO", "3")
    found = client.command("COMMAND", "DOCS", "scan", "auth", "delete", "flushall")
    assert found[b"scan"][b"arguments"] == [
        {b"name": b"cursor", b"type": b"integer"},
        {b"name": b"pattern", b"type": b"pattern", b"flags": [b"optional"], b"token": b"MATCH"},
        {b"name": b"count", b"type": b"integer", b"flags": [b"optional"], b"token": b"COUNT"},
        {b"name": b"type", b"type": b"string", b"flags": [b"optional"], b"token": b"TYPE"},
    ]
    assert found[b"auth"][b"arguments"] == [
        {b"name": b"username", b"type": b"string", b"flags": [b"optional"]},
        {b"name": b"password", b"type": b"string"},
    ]
    assert found[b"delete"][b"arguments"] == [
        {b"name": b"key", b"type": b"key", b"flags": [b"multiple"]}
    ]
    (choice,) = found[b"flushall"][b"arguments"]
    assert choice[b"type"] == b"oneof" and choice[b"flags"] == [b"optional"]
    assert choice[b"arguments"] == [
        {b"name": b"async", b"type": b"pure-token", b"token": b"ASYNC"},
        {b"name": b"sync", b"type": b"pure-token", b"token": b"SYNC"},
    ]


def test_brackets_in_brackets_are_blocks_in_blocks(client):
    client.command("HELLO", "3")
    (block,) = client.command("COMMAND", "DOCS", "hello")[b"hello"][b"arguments"]
    assert block[b"type"] == b"block" and block[b"flags"] == [b"optional"]
    version, auth = block[b"arguments"][:2]
    assert version == {b"name": b"version", b"type": b"integer"}
    assert (auth[b"token"], auth[b"flags"]) == (b"AUTH", [b"optional"])
    assert [part[b"name"] for part in auth[b"arguments"]] == [b"username", b"password"]


def tokens_of(entry):
    """Gives every word in capitals that an entry or an argument of COMMAND DOCS names."""
    found = {entry[b"token"].decode()} if b"token" in entry else set()
    return found.union(*[tokens_of(part) for part in entry.get(b"arguments", [])])


@pytest.mark.since("final")
def test_docs_name_the_options(docs):
    assert tokens_of(docs[b"set"]) == {"NX", "XX", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"}
    assert tokens_of(docs[b"getex"]) == {"EX", "PX", "EXAT", "PXAT", "PERSIST"}
    assert tokens_of(docs[b"expire"]) == {"NX", "XX", "GT", "LT"}
    assert tokens_of(docs[b"hello"]) == {"AUTH", "SETNAME"}


def test_docs_of_unknown_names_are_left_out(client):
    client.command("HELLO", "3")
    assert client.command("COMMAND", "DOCS", "nosuch") == {}
    assert list(client.command("COMMAND", "DOCS", "", "GeT", "ge", "get ")) == [b"get"]
    assert list(client.command("COMMAND", "DOCS", "command|docs")) == [b"command|docs"]


def unfolded(value):
    """Turns maps into flat arrays, as version 2 has them."""
    if isinstance(value, dict):
        return [unfolded(item) for pair in value.items() for item in pair]
    return [unfolded(item) for item in value] if isinstance(value, list) else value


def test_maps_are_flat_arrays_in_version_2(client, rows):
    plain = client.command("COMMAND", "DOCS")
    assert plain[::2] == [row.name for row in rows if len(row.words) == 1]
    client.command("HELLO", "3")
    assert unfolded(client.command("COMMAND", "DOCS")) == plain


def test_an_empty_answer_is_an_empty_map_or_array(client):
    request = encode("COMMAND", "DOCS", "nosuch")
    client.check(request, b"*0\r\n")
    client.command("HELLO", "3")
    client.check(request, b"%0\r\n")


# Subcommands


def test_an_unknown_subcommand_is_named_with_every_command_that_has_some(client, rows):
    parents = [row for row in rows if row.parts]
    assert b"command" in [row.name for row in parents]
    for row in parents:
        error = b"ERR unknown subcommand 'noSuch'. Try %s HELP." % row.words[0]
        for words in (["noSuch"], ["noSuch", "a", "b"]):
            assert is_error(client.command(row.name, *words), error)
        error = b"ERR unknown subcommand 'a  b c'. Try %s HELP." % row.words[0]
        assert is_error(client.command(row.words[0], b"a\r\nb\0c"), error)
        control = client.command(row.name, b"a\r\nb\0c" + b"x" * 1000)
        assert b"'a  b cxxx" in control and len(control) < 300


def test_a_subcommand_is_no_command(client, rows):
    for row in rows:
        if len(row.words) == 2:
            assert client.command(row.name, "x").startswith(b"ERR unknown command ")


def test_help_lists_the_subcommands(client, rows, docs):
    for row in rows:
        if not row.parts:
            continue
        first, *lines = client.command(row.name, "HELP")
        assert first.startswith(row.words[0] + b" <subcommand>")
        assert lines[0::3] == [part.words[1] for part in row.parts]
        assert [line.strip() for line in lines[2::3]] == [
            docs[part.name][b"summary"] for part in row.parts
        ]


# The whole


def test_the_description_of_everything_fits_into_a_pipeline_and_changes_nothing(client):
    first = client.command("COMMAND", "DOCS")
    for reply in client.pipeline(*[["COMMAND", "DOCS"]] * 20):
        assert reply == first
    many = client.command("COMMAND", "INFO", *["get"] * 5000)
    assert len(many) == 5000 and all(entry == many[0] for entry in many)
    assert client.command("COUNT") == 0


@pytest.mark.env(MEDUSA_PASSWORD="open sesame")
def test_a_stranger_learns_nothing(client):
    for words in (["COMMAND"], ["COMMAND", "DOCS"], ["COMMAND", "COUNT"]):
        assert is_error(client.command(*words), b"NOAUTH Authentication required.")
