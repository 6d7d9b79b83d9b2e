"""The password: who must give it, what works without, and where it never shows."""

import os
import pathlib
import subprocess

import pytest

from medusa import (
    LIMIT,
    Client,
    Error,
    clean_environment,
    encode,
    eventually,
    outside_address,
    run_once,
)
from terminal import ENTER, Terminal

pytestmark = pytest.mark.since("25-passwords")

PASSWORD = "open sesame"
LOCKED = pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)

NOAUTH = b"NOAUTH Authentication required."
WRONGPASS = b"WRONGPASS invalid username-password pair or user is disabled."
NO_PASSWORD_SET = (
    b"ERR AUTH <password> called without any password configured for the default user. "
    b"Are you sure your configuration is correct?"
)
TOO_MANY_WORDS = b"-ERR Protocol error: unauthenticated multibulk length\r\n"
TOO_LONG_A_WORD = b"-ERR Protocol error: unauthenticated bulk length\r\n"

COMMANDS = [  # each with as many words as it needs
    ["GET", "k"], ["SET", "k", "v"], ["SET", "k", "v", "9"], ["DELETE", "k"], ["EXISTS", "k"],
    ["LIST"], ["COUNT"], ["CLEAR"], ["FLUSHALL"], ["PING"], ["PING", "x"], ["INFO"], ["TTL", "k"],
    ["EXPIRE", "k", "9"], ["KEYS", "*"], ["MULTI"], ["EXEC"], ["DISCARD"],
]  # fmt: skip


def is_error(reply, text):
    """Tells whether a reply is this error."""
    return isinstance(reply, Error) and reply == text


def is_locked(client):
    """Tells whether a connection still has to give the password."""
    return is_error(client.command("GET", "k"), NOAUTH)


# What works without the password


@LOCKED
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_refused_until_the_password_was_given(client, words):
    assert is_error(client.command(*words), NOAUTH)
    assert client.command("AUTH", PASSWORD) == b"OK"
    assert client.command(*words) != NOAUTH


@LOCKED
def test_a_refused_command_has_changed_nothing(server, client):
    owner = server.connect()
    assert owner.pipeline(["AUTH", PASSWORD], ["SET", "k", "v"]) == [b"OK", b"OK"]
    client.pipeline(["SET", "k", "w"], ["DELETE", "k"], ["CLEAR"], ["EXPIRE", "k", "0"])
    assert owner.pipeline(["GET", "k"], ["TTL", "k"]) == [b"v", -1]


@LOCKED
@pytest.mark.since("final")
def test_every_command_of_the_table_is_refused(server, client):
    owner = server.connect()
    owner.command("AUTH", PASSWORD)
    table = owner.command("COMMAND")
    table += [row for command in table for row in command[9]]  # the subcommands
    arities = {row[0].decode().lower(): row[1] for row in table if not row[9]}
    assert {"get", "set", "auth", "quit", "shutdown", "client|list", "config|set"} <= set(arities)
    for name, arity in arities.items():
        if name not in ("auth", "hello", "reset", "quit", "exit"):
            words = name.split("|")
            words += ["1"] * (abs(arity) - len(words))
            assert is_error(client.command(*words), NOAUTH), name
    assert client.command("COMMAND") == NOAUTH
    assert server.is_running()


@LOCKED
@pytest.mark.parametrize("word", ["QUIT", "EXIT"])
def test_a_stranger_can_say_goodbye(client, word):
    client.check_closed(encode(word), b"+OK\r\n")


@LOCKED
def test_a_stranger_can_reset(client):
    assert client.command("RESET") == b"RESET"
    assert is_locked(client)


@LOCKED
@pytest.mark.parametrize("words", [["HELLO"], ["HELLO", "3"], ["HELLO", "2"]], ids=" ".join)
def test_hello_without_the_password_is_refused_and_says_how(client, words):
    reply = client.command(*words)
    assert isinstance(reply, Error)
    assert reply.startswith(b"NOAUTH HELLO must be called with the client already authenticated")
    assert b"AUTH <user> <pass>" in reply
    assert client.command("AUTH", PASSWORD) == b"OK"
    client.send("GET", "no")
    assert client.read_raw() == b"$-1\r\n"  # and it has not changed the version


@LOCKED
@pytest.mark.parametrize("words", [["NOSUCH", "a"], ["GET"], ["AUTH"]], ids=" ".join)
def test_mistakes_are_told_to_strangers_too(client, words):
    with_password = client.command(*words)
    client.command("AUTH", PASSWORD)
    assert client.command(*words) == with_password
    assert isinstance(with_password, Error) and with_password.startswith(b"ERR ")


# Giving it


@LOCKED
def test_the_password_opens_the_connection(client):
    assert client.command("AUTH", PASSWORD) == b"OK"
    assert client.pipeline(["SET", "k", "v"], ["GET", "k"]) == [b"OK", b"v"]


@LOCKED
def test_the_user_is_called_default(client):
    assert client.command("AUTH", "default", PASSWORD) == b"OK"
    assert not is_locked(client)


@LOCKED
def test_the_password_as_a_line(client):
    client.check(b'AUTH "open sesame"\r\nGET k\r\n', b"+OK\r\n$-1\r\n")


@LOCKED
@pytest.mark.parametrize(
    "word",
    [
        "", "open", "open sesam", "open sesame ", " open sesame", "Open sesame", "open sesame\0",
        "open sesame\n", "\0" * 11, "x" * 512, "x" * 513, PASSWORD + "x" * 600,
    ],
    ids=[
        "nothing", "word", "prefix", "blank-after", "blank-before", "case", "nul", "newline",
        "nuls", "512", "513", "longer",
    ],
)  # fmt: skip
def test_anything_else_is_not_the_password(client, word):
    assert is_error(client.command("AUTH", word), WRONGPASS)
    assert is_error(client.command("AUTH", "default", word), WRONGPASS)
    assert is_error(client.command("HELLO", "3", "AUTH", "default", word), WRONGPASS)
    assert is_locked(client)


@LOCKED
@pytest.mark.parametrize("user", ["", "Default", "defaul", "default ", "root", "default\0"])
def test_there_is_no_other_user(client, user):
    assert is_error(client.command("AUTH", user, PASSWORD), WRONGPASS)
    assert is_error(client.command("HELLO", "3", "AUTH", user, PASSWORD), WRONGPASS)
    assert is_locked(client)


@LOCKED
def test_too_many_words_are_a_syntax_error(client):
    reply = client.command("AUTH", "default", PASSWORD, "x")
    assert is_error(reply, b"ERR syntax error")
    assert is_locked(client)


@LOCKED
def test_a_wrong_password_later_does_not_lock_the_connection(client):
    assert client.command("AUTH", PASSWORD) == b"OK"
    assert is_error(client.command("AUTH", "wrong"), WRONGPASS)
    assert not is_locked(client)


@LOCKED
def test_hello_takes_the_password_and_the_version_at_once(client):
    assert client.command("HELLO", "3", "AUTH", "default", PASSWORD)[b"proto"] == 3
    client.send("GET", "no")
    assert client.read_raw() == b"_\r\n"


@LOCKED
def test_hello_with_a_wrong_password_leaves_the_version(client):
    assert is_error(client.command("HELLO", "3", "AUTH", "default", "wrong"), WRONGPASS)
    assert client.command("AUTH", PASSWORD) == b"OK"
    client.send("GET", "no")
    assert client.read_raw() == b"$-1\r\n"


def test_without_a_password_there_is_nothing_to_give(client):
    assert is_error(client.command("AUTH", "x"), NO_PASSWORD_SET)
    assert client.command("AUTH", "default", "anything") == b"OK"
    assert is_error(client.command("AUTH", "root", "anything"), WRONGPASS)
    assert client.command("HELLO", "3", "AUTH", "default", "anything")[b"proto"] == 3
    assert client.command("GET", "k") is None


# Whose right it is


@LOCKED
def test_the_right_is_that_of_one_connection(server):
    first, second = server.connect(), server.connect()
    first.command("AUTH", PASSWORD)
    third = server.connect()
    assert [is_locked(c) for c in (first, second, third)] == [False, True, True]
    second.command("AUTH", PASSWORD)
    assert [is_locked(c) for c in (first, second, third)] == [False, False, True]


@LOCKED
def test_a_new_connection_inherits_nothing_from_one_that_has_gone(server):
    for _ in range(3):
        with server.connect() as client:
            assert is_locked(client)
            assert client.command("HELLO", "3", "AUTH", "default", PASSWORD)[b"proto"] == 3


@LOCKED
def test_clients_with_and_without_it_in_one_turn(server):
    clients = [server.connect() for _ in range(20)]
    for client in clients[::2]:
        client.command("AUTH", PASSWORD)
    for client in clients:
        client.send("GET", "k")
    replies = [client.read() for client in clients]
    assert replies[::2] == [None] * 10
    assert all(is_error(reply, NOAUTH) for reply in replies[1::2])


@LOCKED
def test_reset_takes_the_right_back(client):
    client.pipeline(["AUTH", PASSWORD], ["HELLO", "3"], ["MULTI"], ["SET", "k", "v"])
    assert client.command("RESET") == b"RESET"
    assert is_locked(client)
    assert client.command("AUTH", PASSWORD) == b"OK"
    assert is_error(client.command("EXEC"), b"ERR EXEC without MULTI")
    client.send("GET", "k")
    assert client.read_raw() == b"$-1\r\n"


def test_reset_locks_nobody_out_where_there_is_no_password(client):
    assert client.pipeline(["RESET"], ["SET", "k", "v"]) == [b"RESET", b"OK"]


@LOCKED
def test_auth_inside_multi_is_queued(client):
    client.pipeline(["AUTH", PASSWORD], ["MULTI"], ["AUTH", "wrong"], ["AUTH", PASSWORD], ["COUNT"])
    replies = client.command("EXEC")
    assert is_error(replies[0], WRONGPASS)
    assert replies[1:] == [b"OK", 0]


# What a stranger may send


def words_of(count):
    return encode("EXISTS", *["k"] * (count - 1))


@LOCKED
def test_ten_words_are_read_and_eleven_are_not(server):
    server.connect().check(words_of(10), b"-" + NOAUTH + b"\r\n")
    server.connect().check_closed(words_of(11), TOO_MANY_WORDS)
    server.connect().check_closed(b"*11\r\n", TOO_MANY_WORDS)


@LOCKED
def test_a_word_of_16384_bytes_is_read_and_a_longer_one_is_not(server):
    client = server.connect()
    client.check(encode("AUTH", "x" * 16384), b"-" + WRONGPASS + b"\r\n")
    client.check(encode("AUTH", PASSWORD), b"+OK\r\n")
    server.connect().check_closed(encode("AUTH", "x" * 16385), TOO_LONG_A_WORD)
    server.connect().check_closed(b"*1\r\n$16385\r\n", TOO_LONG_A_WORD)
    server.connect().check_closed(b"*1\r\n$536870912\r\n", TOO_LONG_A_WORD)


@LOCKED
def test_the_limits_hold_when_the_bytes_come_one_by_one(server):
    client = server.connect()
    client.send_bytewise(b"*10\r\n$6\r\nEXISTS\r\n" + b"$1\r\nk\r\n" * 9)
    assert is_error(client.read(), NOAUTH)
    client.send_bytewise(b"*2\r\n$4\r\nAUTH\r\n$16385\r\n")
    assert client.read_to_end() == TOO_LONG_A_WORD


@LOCKED
def test_what_is_no_length_at_all_is_told_as_ever(server):
    server.connect().check_closed(
        b"*x\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"
    )
    server.connect().check_closed(
        b"*1\r\n$-1\r\n", b"-ERR Protocol error: invalid bulk length\r\n"
    )


@LOCKED
def test_a_line_is_short_enough_by_its_own_limit(server):
    client = server.connect()
    client.check(b"EXISTS a b c d e f g h i j k l m\r\n", b"-" + NOAUTH + b"\r\n")
    client.check(b"AUTH " + b"x" * 60000 + b"\r\n", b"-" + WRONGPASS + b"\r\n")


@LOCKED
def test_with_the_password_the_limits_are_gone(client):
    client.command("AUTH", PASSWORD)
    assert client.pipeline(["SET", "k", "v" * 100000], ["EXISTS", *["k"] * 50]) == [b"OK", 50]


def test_without_a_password_there_are_no_such_limits(client):
    assert client.pipeline(["SET", "k", "v" * 100000], ["EXISTS", *["k"] * 50]) == [b"OK", 50]


LARGE = encode("SET", "k", "v" * 20000) + encode("EXISTS", *["k"] * 20)


@LOCKED
@pytest.mark.parametrize(
    "login",
    [encode("AUTH", PASSWORD), encode("AUTH", "default", PASSWORD), b'AUTH "open sesame"\r\n'],
    ids=["array", "user", "line"],
)
def test_a_large_request_may_follow_the_password_in_one_packet(client, login):
    client.check(login + LARGE, b"+OK\r\n+OK\r\n:20\r\n")


@LOCKED
def test_a_large_request_may_follow_hello_in_one_packet(client):
    client.send_raw(encode("HELLO", "3", "AUTH", "default", PASSWORD) + LARGE)
    assert client.read()[b"proto"] == 3
    assert client.read_many(2) == [b"OK", 20]


@LOCKED
def test_the_password_may_be_split_anywhere(server):
    stream = encode("AUTH", PASSWORD) + words_of(12)
    for at in range(1, len(stream)):
        with server.connect() as client:
            client.send_raw(stream[:at])
            client.send_raw(stream[at:])
            assert client.read_many(2) == [b"OK", 0]


@LOCKED
def test_a_large_request_behind_a_wrong_password_is_not_read(server):
    refused = b"-" + WRONGPASS + b"\r\n"
    server.connect().check_closed(encode("AUTH", "x") + words_of(11), refused + TOO_MANY_WORDS)
    server.connect().check_closed(encode("AUTH", "x") + LARGE, refused + TOO_LONG_A_WORD)


@LOCKED
def test_behind_reset_the_limits_are_back_whatever_the_split(server):
    expected = b"+OK\r\n+RESET\r\n" + TOO_MANY_WORDS
    stream = encode("AUTH", PASSWORD) + encode("RESET") + words_of(11)
    server.connect().check_closed(stream, expected)
    client = server.connect()
    client.send_bytewise(stream)
    assert client.read_to_end() == expected


@LOCKED
def test_many_strangers_with_half_a_request_cost_little(server):
    owner = server.connect()
    owner.command("AUTH", PASSWORD)
    strangers = [server.connect() for _ in range(20)]
    for stranger in strangers:
        stranger.send_raw(b"*10\r\n" + (b"$16384\r\n" + b"x" * 16384 + b"\r\n") * 9 + b"$16384\r\n")
    kept = 20 * 9 * 16384
    eventually(lambda: int(owner.info()["client_buffer_bytes"]) >= kept, "what was sent")
    assert int(owner.info()["client_buffer_bytes"]) < 2 * kept


# Where the password comes from


@pytest.fixture
def password_file(tmp_path):
    """Writes a file: password_file(b"...") gives its path."""

    def write(content):
        path = tmp_path / "password"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    "content",
    [b"geheim", b"geheim\n", b"geheim\r\n", b"geheim\nsecond line\n", b"geheim\n\n\n"],
    ids=["bare", "newline", "crlf", "lines", "empty-lines"],
)
def test_a_file_holds_it_in_its_first_line(start_server, password_file, content):
    client = start_server("--password-file", password_file(content)).connect()
    assert is_locked(client)
    assert client.command("AUTH", "geheim") == b"OK"


def test_a_file_may_hold_any_bytes_but_the_end_of_a_line(start_server, password_file):
    odd = bytes(byte for byte in range(1, 256) if byte not in b"\r\n")
    client = start_server(f"--password-file={password_file(odd)}").connect()
    assert is_error(client.command("AUTH", odd[:-1]), WRONGPASS)
    assert client.command("AUTH", odd) == b"OK"


def test_blanks_belong_to_it(start_server, password_file):
    client = start_server("--password-file", password_file(b"  a b \n")).connect()
    assert is_error(client.command("AUTH", "a b"), WRONGPASS)
    assert client.command("AUTH", "  a b ") == b"OK"


def test_the_file_wins_over_the_variable(start_server, password_file):
    path = password_file(b"of the file\n")
    for variable in ("of the variable", "x" * 600):
        server = start_server("--password-file", path, env={"MEDUSA_PASSWORD": variable})
        client = server.connect()
        assert is_error(client.command("AUTH", variable), WRONGPASS)
        assert client.command("AUTH", "of the file") == b"OK"


def test_the_file_is_read_at_the_start_only(start_server, password_file):
    path = password_file(b"first\n")
    client = start_server("--password-file", path).connect()
    path.unlink()
    assert client.command("AUTH", "first") == b"OK"


def test_an_empty_variable_is_no_password(start_server):
    client = start_server(env={"MEDUSA_PASSWORD": ""}).connect()
    assert client.command("PING") == b"PONG"


def test_512_bytes_are_a_password(start_server, password_file):
    longest = "p" * 512
    for server in (
        start_server(env={"MEDUSA_PASSWORD": longest}),
        start_server("--password-file", password_file(longest.encode())),
        start_server("--password-file", password_file(longest.encode() + b"\n")),
        start_server("--password-file", password_file(longest.encode() + b"\r\n")),
    ):
        client = server.connect()
        assert is_error(client.command("AUTH", longest[1:]), WRONGPASS)
        assert is_error(client.command("AUTH", longest + "p"), WRONGPASS)
        assert client.command("AUTH", longest) == b"OK"


@pytest.fixture
def refused(binary, wrapper):
    """Starts a server that must not start; returns the one line that it leaves."""

    def start(*args, env=None):
        env = {"MEDUSA_PORT": "0", **(env or {})}
        done = run_once(binary, *args, env=env, wrapper=wrapper)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
        assert "512" in done.stderr  # what is allowed
        return done.stderr

    return start


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\r\n", b"\nsecond line\n", b"s" * 513, b"s" * 513 + b"\n", b"s" * 100000],
    ids=["empty", "newline", "crlf", "second-line", "513", "513-newline", "100000"],
)
def test_a_file_without_a_usable_password_stops_the_start(refused, password_file, content):
    path = password_file(content)
    line = refused("--password-file", path)
    assert "--password-file" in line and str(path) in line
    assert "second" not in line and "sss" not in line


@pytest.mark.parametrize("name", ["missing", "", "missing/too"], ids=["file", "folder", "path"])
def test_a_file_that_cannot_be_read_stops_the_start(refused, tmp_path, name):
    line = refused(f"--password-file={tmp_path / name}")
    assert "--password-file" in line and str(tmp_path / name) in line


def test_a_flag_without_a_file_stops_the_start(refused):
    assert "--password-file" in refused("--password-file")
    assert "--password-file" in refused("--password-file=")


def test_a_variable_that_is_too_long_stops_the_start_and_is_not_shown(refused):
    line = refused(env={"MEDUSA_PASSWORD": "secret" * 100})
    assert "MEDUSA_PASSWORD" in line
    assert "secret" not in line


def test_there_is_no_flag_that_takes_the_password_itself(binary, wrapper):
    done = run_once(binary, "--password=geheim", env={"MEDUSA_PORT": "0"}, wrapper=wrapper)
    assert done.returncode == 2
    assert "--password=geheim" in done.stderr  # an unknown option


# Where it must not show


@pytest.mark.parametrize("level", ["debug", "info", "warn"])
def test_the_password_never_reaches_the_log(start_server, password_file, level):
    path = password_file(b"rightsecret\n")
    server = start_server(f"--log-level={level}", "--password-file", path)
    client = server.connect()
    client.pipeline(
        ["AUTH", "wrongsecret"], ["AUTH", "root", "wrongsecret"], ["AUTH", "a", "b", "wrongsecret"],
        ["HELLO", "3", "AUTH", "default", "wrongsecret"], ["HELLO", "2", "wrongsecret"],
        ["AUTHH", "wrongsecret"], ["AUTH", "rightsecret"], ["AUTH", "default", "rightsecret"],
        ["HELLO", "3", "AUTH", "default", "rightsecret"], ["RESET"],
    )  # fmt: skip
    server.connect().check_closed(encode("AUTH", "secret" * 9999), TOO_LONG_A_WORD)
    with server.connect() as half:
        half.send_raw(b"AUTH rightsecret")
    server.stop()
    assert "secret" not in server.log_text()


@LOCKED
def test_the_password_is_in_no_reply(client):
    client.command("AUTH", PASSWORD)
    everything = b""
    for words in (["INFO"], ["INFO", "ALL"], ["HELLO"], ["LIST"], ["AUTH", "x"]):
        client.send(*words)
        everything += client.read_raw()
    assert PASSWORD.encode() not in everything


def test_the_command_line_of_the_server_does_not_hold_it(start_server, password_file):
    server = start_server("--password-file", password_file(b"geheim\n"))
    arguments = pathlib.Path(f"/proc/{server.pid}/cmdline")
    if arguments.exists():  # on Linux
        assert b"geheim" not in arguments.read_bytes()
    assert server.connect().command("AUTH", "geheim") == b"OK"


# Other machines


@pytest.mark.network
@LOCKED
def test_with_a_password_an_outside_address_may_come_and_must_give_it(start_server):
    server = start_server("--host=0.0.0.0", env={"MEDUSA_PASSWORD": PASSWORD})
    with Client(outside_address(), server.port) as client:
        assert is_locked(client)
        assert client.command("AUTH", PASSWORD) == b"OK"
        assert not is_locked(client)
    assert server.connect().command("AUTH", PASSWORD) == b"OK"


@pytest.mark.network
def test_who_is_turned_away_for_want_of_a_password_reads_how_to_set_one(start_server):
    server = start_server("--host=0.0.0.0")
    with Client(outside_address(), server.port) as client:
        assert b"MEDUSA_PASSWORD" in client.read_to_end()


# medusa-client and medusa-benchmark


def run_tool(binary, *args, env=None, stdin=b""):
    return subprocess.run(
        [binary, *map(str, args)],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(env),
        timeout=3 * LIMIT,
        check=False,
    )


@LOCKED
@pytest.mark.parametrize("form", [[], ["--inline"]], ids=["array", "line"])
def test_the_client_gives_the_password_of_its_environment(server, client_binary, form):
    words = [client_binary, *form, "-p", server.port]
    env = {"MEDUSA_PASSWORD": PASSWORD}
    done = run_tool(*words, "SET", "k", "v", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"OK\n", b"")
    done = run_tool(*words, env=env, stdin=b"GET k\nHELLO 3\nGET none\n")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"v\n")


@LOCKED
def test_the_client_without_it_shows_what_is_missing(server, client_binary):
    done = run_tool(client_binary, "-p", server.port, "GET", "k")
    assert (done.returncode, done.stdout) == (1, b"")
    assert NOAUTH in done.stderr
    done = run_tool(client_binary, "-p", server.port, "GET", "k", env={"MEDUSA_PASSWORD": "wrong"})
    assert done.returncode == 1
    assert b"WRONGPASS" in done.stderr


@LOCKED
def test_the_client_asks_for_the_password(server, client_binary, tmp_path):
    command = [client_binary, "-p", str(server.port), "--askpass", "SET", "k", "v"]
    with Terminal(*command, env={"HOME": os.fspath(tmp_path)}) as terminal:
        terminal.wait_for_line("Password:")
        terminal.type(PASSWORD, ENTER)
        assert terminal.wait_for_end() == 0
        assert PASSWORD.encode() not in terminal.transcript
    client = server.connect()
    assert client.pipeline(["AUTH", PASSWORD], ["GET", "k"]) == [b"OK", b"v"]


@LOCKED
def test_the_benchmark_gives_the_password_of_its_environment(server, benchmark_binary):
    args = ["-q", "-h", server.host, "-p", server.port, "-n", 500, "-t", 2, "-c", 4]
    done = run_tool(benchmark_binary, *args, env={"MEDUSA_PASSWORD": PASSWORD})
    assert (done.returncode, done.stderr) == (0, b"")
    done = run_tool(benchmark_binary, *args, env={"MEDUSA_PASSWORD": "wrong"})
    assert done.returncode == 1
    assert b"MEDUSA_PASSWORD" in done.stderr
