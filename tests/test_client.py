"""medusa-client: one command, lines from stdin, bulk loading, and the prompt on a terminal."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import stat
import subprocess
import threading

import pytest

from medusa import LIMIT, clean_environment, encode, free_port
from terminal import (
    BACKSPACE,
    DELETE,
    DOWN,
    END,
    ENTER,
    ESCAPE,
    HOME,
    LEFT,
    PASTE_BEGIN,
    PASTE_END,
    RIGHT,
    TAB,
    UP,
    Terminal,
    ctrl,
)

pytestmark = pytest.mark.since("08-binary-protocol")


def run(binary, port, *args, stdin=b"", env=None, host="127.0.0.1"):
    """Runs the client without a terminal; returns the CompletedProcess, as bytes."""
    return subprocess.run(
        [str(binary), "-h", host, "-p", str(port), *args],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(env),
        timeout=LIMIT,
        check=False,
    )


@pytest.fixture
def cli(server, client_binary):
    """Runs the client against a fresh server: cli("GET", "k", stdin=b"...", env={...})."""
    return lambda *args, **options: run(client_binary, server.port, *args, **options)


@pytest.fixture
def home(tmp_path):
    """A home directory for the history."""
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture
def open_terminal(client_binary, home):
    """Starts clients in terminals: open_terminal(port, *args, env={...}, columns=80)."""
    with contextlib.ExitStack() as stack:

        def start(port, *args, env=None, **options):
            env = {"HOME": str(home), **(env or {})}
            command = [client_binary, "-p", str(port), *args]
            return stack.enter_context(Terminal(*command, env=env, **options))

        yield start


@pytest.fixture
def prompt(server):
    """The prompt of a client that is connected to the server."""
    return f"127.0.0.1:{server.port}> "


@pytest.fixture
def terminal(server, open_terminal, prompt):
    """A client at its prompt in a terminal of 80 columns."""
    terminal = open_terminal(server.port)
    terminal.wait_for_line(prompt)
    return terminal


NO_DOCS = b"-ERR unknown command 'COMMAND', with args beginning with: 'DOCS' \r\n"


class FakeServer:
    """Runs one function per connection, in the order of the connections.

    Answers COMMAND DOCS, which a client with a prompt asks first, with `docs` if that is given.
    """

    def __init__(self, *handlers, docs=None):
        self.docs = docs
        self.requested = threading.Event()
        self.closed = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, args=(handlers,), daemon=True)
        self.thread.start()

    def _serve(self, handlers):
        for handler in handlers:
            connection, _ = self.listener.accept()
            # A client that leaves early is no failure of the server.
            with connection, contextlib.suppress(OSError):
                connection.settimeout(LIMIT)
                if self.docs:
                    assert connection.recv(65536) == encode("COMMAND", "DOCS")
                    connection.sendall(self.docs)
                if connection.recv(1, socket.MSG_PEEK):
                    self.requested.set()
                handler(connection)
            self.closed.set()
        self.listener.close()

    def wait_for_request(self):
        """Waits until the first request has come."""
        assert self.requested.wait(LIMIT), "no request came"

    def wait_for_close(self):
        """Waits until the first connection is closed from this side."""
        assert self.closed.wait(LIMIT), "the connection was not closed"


def answer(*replies):
    """Makes a handler that sends a reply after each packet it receives, then closes."""

    def handle(connection):
        for reply in replies:
            if connection.recv(65536):
                connection.sendall(reply)

    return handle


def answer_to_end(reply):
    """Makes a handler that sends a reply and waits for the client to close."""

    def handle(connection):
        answer(reply)(connection)
        while connection.recv(65536):
            pass

    return handle


def answer_noting(seen, *replies):
    """Makes a handler like that of answer(), which puts every packet into a list."""

    def handle(connection):
        for reply in replies:
            seen.append(connection.recv(65536))
            connection.sendall(reply)

    return handle


# One command


def test_a_command_prints_its_reply_and_ends_with_status_0(cli):
    done = cli("SET", "k", "v")
    assert (done.stdout, done.stderr, done.returncode) == (b"OK\n", b"", 0)


def test_an_error_reply_goes_to_stderr_and_ends_with_status_1(cli):
    done = cli("NOSUCH", "k")
    assert (done.stdout, done.returncode) == (b"", 1)
    assert done.stderr.startswith(b"ERR unknown command 'NOSUCH'")


def test_no_server_ends_with_status_2_and_says_what_to_check(client_binary):
    done = run(client_binary, free_port(), "PING")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert b"is the server running" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--nosuch"],
        ["-p"],
        ["-p", "0"],
        ["-p", "65536"],
        ["-p", "x"],
        ["-r", "0", "PING"],
        ["-i", "nan", "PING"],
        ["-x"],
        ["-r", "2"],
        ["--pipe", "PING"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2_and_one_line(client_binary, args):
    done = run(client_binary, 1, *args)
    assert (done.stdout, done.returncode) == (b"", 2)
    assert re.fullmatch(rb"medusa-client: [^\n]+\n", done.stderr)


def test_host_and_port_come_from_the_environment(server, client_binary):
    env = {"MEDUSA_HOST": "127.0.0.1", "MEDUSA_PORT": str(server.port)}
    done = subprocess.run(
        [str(client_binary), "PING"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=clean_environment(env),
        timeout=LIMIT,
        check=False,
    )
    assert done.stdout == b"PONG\n"


def test_a_port_in_the_environment_that_is_none_is_named(client_binary):
    done = run(client_binary, 1, "PING", env={"MEDUSA_PORT": "many"})
    assert done.returncode == 2
    assert b"MEDUSA_PORT 'many'" in done.stderr


def test_help_lists_every_option_and_version_names_the_version(client_binary):
    text = run(client_binary, 1, "--help").stdout.decode()
    for option in "-h -p -x -r -i --askpass --pipe --inline --raw --no-raw --json --csv".split():
        assert f" {option} " in text
    version = run(client_binary, 1, "--version").stdout
    assert re.fullmatch(rb"medusa-client \d+\.\d+\.\d+\n", version)


def test_options_after_the_command_belong_to_the_command(cli):
    assert cli("PING", "--help").stdout == b"--help\n"


def test_words_are_sent_byte_for_byte(cli):
    cli("SET", 'a "b" \\n é', "")
    assert cli("EXISTS", 'a "b" \\n é').stdout == b"1\n"


def test_raw_prints_the_bytes_of_a_value_and_a_line_end(cli):
    value = bytes(range(256)) * 300
    assert cli("-x", "SET", "k", stdin=value).stdout == b"OK\n"
    assert cli("GET", "k").stdout == value + b"\n"


def test_a_large_value_comes_back_whole(cli):
    value = os.urandom(20_000_000)
    cli("-x", "SET", "k", stdin=value)
    assert cli("--raw", "GET", "k").stdout == value + b"\n"


def test_typed_replies_show_their_type(cli):
    cli("SET", "k", 'a"\\\n\t\x01é')
    assert cli("--no-raw", "GET", "k").stdout == rb'"a\"\\\n\t\x01\xc3\xa9"' + b"\n"
    assert cli("--no-raw", "EXISTS", "k").stdout == b"(integer) 1\n"
    assert cli("--no-raw", "GET", "none").stdout == b"(nil)\n"
    assert cli("--no-raw", "SET", "k", "v").stdout == b"OK\n"
    assert cli("--no-raw", "KEYS", "*").stdout == b'1) "k"\n'
    assert cli("--no-raw", "KEYS", "none").stdout == b"(empty array)\n"
    assert cli("--no-raw", "GET").stderr.startswith(b"(error) ERR wrong number")


def test_info_is_shown_as_text_even_with_types(cli):
    lines = cli("--no-raw", "INFO").stdout.decode().splitlines()
    assert lines[0].startswith("# ")


def test_a_command_is_repeated_as_often_as_asked(cli):
    done = cli("-r", "3", "-i", "0.01", "PING")
    assert done.stdout == b"PONG\n" * 3


@pytest.mark.parametrize(
    "reply, typed, as_json, as_csv",
    [
        (b":-7\r\n", "(integer) -7", -7, "-7"),
        (b"$-1\r\n", "(nil)", None, "NULL"),
        (b"_\r\n", "(nil)", None, "NULL"),
        (b"*-1\r\n", "(nil)", None, "NULL"),
        (b"#t\r\n", "(true)", True, '"t"'),
        (b",1.5\r\n", "(double) 1.5", 1.5, "1.5"),
        (b",inf\r\n", "(double) inf", "inf", "inf"),
        (b"(123456789012345678901234567890\r\n", "123456789012345678901234567890",
         "123456789012345678901234567890", '"123456789012345678901234567890"'),
        (b"=5\r\ntxt:a\r\n", "a", "a", '"a"'),
        (b'$3\r\na"b\r\n', r'"a\"b"', 'a"b', '"a""b"'),
        (b"$2\r\n\xff\n\r\n", r'"\xff\n"', "\ufffd\n", '"\udcff\n"'),
        (b"*0\r\n", "(empty array)", [], ""),
        (b"%0\r\n", "(empty map)", {}, ""),
        (b"~1\r\n:1\r\n", "1~ (integer) 1", [1], "1"),
        (b"*2\r\n-ERR no\r\n:1\r\n", "1) (error) ERR no\n2) (integer) 1", [{"error": "ERR no"}, 1],
         '"ERR no",1'),
        (b"*2\r\n*2\r\n:1\r\n:2\r\n*1\r\n+a\r\n",
         "1) 1) (integer) 1\n   2) (integer) 2\n2) 1) a", [[1, 2], ["a"]], '1,2,"a"'),
        (b"%2\r\n+a\r\n:1\r\n$1\r\nb\r\n*1\r\n_\r\n",
         '1# a => (integer) 1\n2# "b" => 1) (nil)', {"a": 1, "b": [None]}, '"a",1,"b",NULL'),
    ],
    ids=repr,
)
def test_every_kind_of_reply_is_understood(client_binary, reply, typed, as_json, as_csv):
    server = FakeServer(*[answer(reply)] * 3)
    assert run(client_binary, server.port, "--no-raw", "X").stdout.decode() == typed + "\n"
    assert json.loads(run(client_binary, server.port, "--json", "X").stdout) == as_json
    shown = run(client_binary, server.port, "--csv", "X").stdout
    assert os.fsdecode(shown) == as_csv + "\n"


def test_indexes_of_a_long_array_are_lined_up(client_binary):
    server = FakeServer(answer(b"*10\r\n" + b":1\r\n" * 10))
    lines = run(client_binary, server.port, "--no-raw", "X").stdout.decode().splitlines()
    assert (lines[0], lines[9]) == (" 1) (integer) 1", "10) (integer) 1")


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x01",
        b":12x\r\n",
        b"$-2\r\n",
        b"$1\r\nabc\r\n",
        b"$99999999999999999999\r\n",
        b"*-5\r\n",
        b"*2\r\n:1\r\n?\r\n",
        b"+no carriage return\n",
        b"*1\r\n" * 40,
    ],
    ids=repr,
)
def test_a_malformed_reply_ends_with_status_2_and_is_shown(client_binary, reply):
    done = run(client_binary, FakeServer(answer(reply)).port, "PING")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert b"malformed reply, it starts with \"" in done.stderr


def test_a_reply_that_is_cut_off_ends_with_status_2(client_binary):
    done = run(client_binary, FakeServer(answer(b"$10\r\nabc")).port, "GET", "k")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert b"in the middle of a reply" in done.stderr


def test_a_connection_that_closes_without_a_reply_ends_with_status_2(client_binary):
    done = run(client_binary, FakeServer(answer(b"")).port, "GET", "k")
    assert (done.stdout, done.returncode) == (b"", 2)
    assert b"without a reply" in done.stderr


def test_a_reply_may_arrive_byte_by_byte(client_binary):
    def drip(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(65536)
        for byte in b"*2\r\n$5\r\nhello\r\n:-12\r\n":
            connection.sendall(bytes([byte]))

    assert run(client_binary, FakeServer(drip).port, "X").stdout == b"hello\n-12\n"


# Passwords


def test_the_password_is_sent_first(client_binary):
    seen = []
    server = FakeServer(answer_noting(seen, b"+OK\r\n", b"+PONG\r\n"))
    done = run(client_binary, server.port, "PING", env={"MEDUSA_PASSWORD": "s 3"})
    assert (done.stdout, done.stderr) == (b"PONG\n", b"")
    assert seen == [encode("AUTH", "s 3"), encode("PING")]


def test_a_refused_password_is_reported_once_and_the_command_decides(client_binary):
    server = FakeServer(answer(b"-WRONGPASS no\r\n", b"-NOAUTH no\r\n"))
    done = run(client_binary, server.port, "PING", env={"MEDUSA_PASSWORD": "x"})
    assert done.returncode == 1
    assert b"the password was not taken: WRONGPASS no\nNOAUTH no\n" in done.stderr


def test_askpass_reads_the_password_without_showing_it(open_terminal):
    seen = []
    server = FakeServer(answer_noting(seen, b"+OK\r\n", b"+PONG\r\n"))
    terminal = open_terminal(server.port, "--askpass", "PING")
    terminal.wait_for_line("Password:")
    terminal.type("geheim", ENTER)
    assert terminal.wait_for_end() == 0
    assert seen[0] == encode("AUTH", "geheim")
    assert b"geheim" not in terminal.transcript


def test_ctrl_c_at_the_password_ends_with_the_terminal_restored(open_terminal):
    terminal = open_terminal(1, "--askpass", "PING")
    terminal.wait_for_line("Password:")
    terminal.type("abc", ctrl("c"))
    assert terminal.wait_for_end() == 2
    assert terminal.is_cooked()


# Lines from stdin


def test_every_line_of_stdin_is_run(cli):
    done = cli(stdin=b"SET k \"a b\"\n\n  \nGET k\r\nGET 'k'")
    assert (done.stdout, done.stderr, done.returncode) == (b"OK\na b\na b\n", b"", 0)


def test_an_error_among_lines_gives_status_1_and_the_rest_is_run(cli):
    done = cli(stdin=b"NOSUCH\nPING\n")
    assert (done.stdout, done.returncode) == (b"PONG\n", 1)
    assert b"unknown command" in done.stderr


def test_a_line_with_an_open_quote_is_not_sent(cli):
    done = cli(stdin=b'SET k "v\nEXISTS k\n')
    assert (done.stdout, done.returncode) == (b"0\n", 1)
    assert b"a quote is not closed" in done.stderr


def test_quit_ends_the_lines(cli):
    assert cli(stdin=b"PING\nQUIT\nPING\n").stdout == b"PONG\nOK\n"


def test_each_reply_is_printed_before_the_next_line_is_read(server, client_binary):
    command = [str(client_binary), "-p", str(server.port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=clean_environment()) as process:
        for word in (b"1", b"2"):
            process.stdin.write(b"PING %s\n" % word)
            process.stdin.flush()
            assert process.stdout.readline() == word + b"\n"
        process.stdin.close()
        assert process.wait(LIMIT) == 0


def test_a_drop_ends_the_lines_with_status_2(client_binary):
    server = FakeServer(answer(b"+PONG\r\n", b""))
    done = run(client_binary, server.port, stdin=b"PING\nPING\nPING\n")
    assert (done.stdout, done.returncode) == (b"PONG\n", 2)


# Bulk loading


@pytest.mark.parametrize("form", ["lines", "arrays"])
def test_pipe_loads_many_commands_and_counts_the_replies(cli, form):
    if form == "lines":
        load = b"".join(b"SET k%d v%d\r\n" % (i, i) for i in range(50_000))
    else:
        load = b"".join(encode("SET", f"k{i}", f"v{i}") for i in range(50_000))
    done = cli("--pipe", stdin=load)
    assert (done.stdout, done.stderr, done.returncode) == (b"replies: 50000, errors: 0\n", b"", 0)
    assert cli("GET", "k49999").stdout == b"v49999\n"


def test_pipe_reads_large_replies_while_it_sends(cli):
    cli("-x", "SET", "k", stdin=b"x" * 100_000)
    load = encode("GET", "k") * 1000
    assert cli("--pipe", stdin=load).stdout == b"replies: 1000, errors: 0\n"


def test_pipe_shows_errors_and_ends_with_status_1(cli):
    done = cli("--pipe", stdin=b"PING\nNOSUCH\nPING\n")
    assert (done.stdout, done.returncode) == (b"replies: 3, errors: 1\n", 1)
    assert done.stderr.startswith(b"reply 2: (error) ERR unknown command")


def test_pipe_shows_only_the_first_errors(cli):
    done = cli("--pipe", stdin=b"NOSUCH\n" * 500)
    assert done.stdout == b"replies: 500, errors: 500\n"
    assert len(done.stderr.splitlines()) == 11


def test_pipe_completes_a_last_line_without_an_end(cli):
    assert cli("--pipe", stdin=b"PING\nPING").stdout == b"replies: 2, errors: 0\n"


def test_pipe_with_nothing_to_send_ends_at_once(cli):
    done = cli("--pipe", stdin=b"")
    assert (done.stdout, done.returncode) == (b"replies: 0, errors: 0\n", 0)


def test_pipe_says_when_the_connection_ends_too_early(client_binary):
    server = FakeServer(answer(b"+OK\r\n$5\r\nab"))
    done = run(client_binary, server.port, "--pipe", stdin=b"PING\n" * 2_000_000)
    assert done.stdout.startswith(b"replies: ")
    assert done.returncode == 1
    assert b"the connection" in done.stderr


def test_pipe_says_when_the_server_does_not_answer_in_resp(client_binary):
    done = run(client_binary, FakeServer(answer(b"hello\r\n")).port, "--pipe", stdin=b"hello\n")
    assert done.returncode == 1
    assert b"malformed reply" in done.stderr


# The prompt: commands and replies


def test_a_typed_command_shows_a_typed_reply(terminal, prompt):
    terminal.type('SET k "a b"', ENTER)
    terminal.wait_for_lines(f'{prompt}SET k "a b"', "OK", prompt)
    terminal.type("GET k", ENTER)
    terminal.wait_for_lines(f"{prompt}GET k", '"a b"', prompt)
    terminal.type("EXISTS k", ENTER)
    terminal.wait_for_lines("(integer) 1", prompt)


def test_errors_are_red_and_stay_in_order(terminal, prompt):
    terminal.type("NOSUCH", ENTER)
    terminal.wait_for_text("(error) ERR unknown command 'NOSUCH'")
    terminal.wait_for_line(prompt)
    assert "31" in terminal.screen.styles


@pytest.mark.parametrize("word", ["quit", "EXIT", " exit "])
def test_quit_and_exit_leave(terminal, word):
    terminal.type(word, ENTER)
    assert terminal.wait_for_end() == 0
    assert terminal.is_cooked()
    assert not terminal.screen.marks_pastes


def test_ctrl_d_leaves_on_an_empty_line_only(terminal, prompt):
    terminal.type("ab", LEFT, ctrl("d"))
    terminal.wait_for_line(f"{prompt}a")
    terminal.type(ctrl("d"), ctrl("u"), ctrl("d"))
    assert terminal.wait_for_end() == 0


def test_ctrl_c_drops_the_line(terminal, prompt):
    terminal.type("SET k v", ctrl("c"), "EXISTS k", ENTER)
    terminal.wait_for_lines(f"{prompt}EXISTS k", "(integer) 0", prompt)


def test_an_open_quote_is_explained_and_nothing_is_sent(terminal, prompt):
    terminal.type('SET k "v', ENTER)
    terminal.wait_for_text("a quote is not closed")
    terminal.wait_for_line(prompt)


# The prompt: keys


@pytest.mark.parametrize(
    "keys, line",
    [
        (["ab", LEFT, "x"], "axb"),
        (["ab", ctrl("b"), ctrl("f"), "x"], "abx"),
        (["ab", LEFT, LEFT, RIGHT, "x"], "axb"),
        (["ab", HOME, "x"], "xab"),
        (["ab", ctrl("a"), "x", ctrl("e"), "y"], "xaby"),
        (["ab", "\x1b[1~", "x", "\x1b[4~", "y"], "xaby"),
        (["ab", "\x1bOH", "x", "\x1bOF", "y"], "xaby"),
        (["ab", HOME, END, "x"], "abx"),
        (["abc", BACKSPACE, BACKSPACE], "a"),
        (["abc", ctrl("h")], "ab"),
        (["abc", HOME, DELETE], "bc"),
        (["ab cd", LEFT, ctrl("k")], "ab c"),
        (["ab cd", LEFT, ctrl("u")], "d"),
        (["ab cd ef", ctrl("w")], "ab cd"),
        (["ab cd  ", ctrl("w"), "x"], "ab x"),
        (["ab cd", "\x1b\x7f", "x"], "ab x"),
        (["ab cd ef", "\x1bb", "\x1bb", "x"], "ab xcd ef"),
        (["ab cd ef", "\x1b[1;5D", "\x1b[1;3D", "x", "\x1b[1;5C", "y"], "ab xcdy ef"),
        (["ab cd ef", HOME, "\x1bf", "x", "\x1bd"], "abx ef"),
        (["abc", ctrl("t")], "acb"),
        (["abc", LEFT, ctrl("t"), "x"], "acbx"),
        (["é€😀", LEFT, ctrl("t")], "é😀€"),
        (["añb", LEFT, LEFT, BACKSPACE], "ñb"),
        (["aé漢😀", LEFT, BACKSPACE], "aé😀"),
        (["aé漢😀", HOME, RIGHT, DELETE], "a漢😀"),
        (["a", "\x1b[5~", "\x1b[24~", "\x1bq", ctrl("o"), "b"], "ab"),
        (["\udc80a\udcff", "b"], "ab"),  # bytes that are no UTF-8
    ],
    ids=repr,
)
def test_keys_edit_the_line(terminal, prompt, keys, line):
    terminal.type(*keys)
    terminal.wait_for_line(prompt + line)


def test_no_sequence_of_keys_breaks_the_editor(terminal, prompt, seed):
    keys = [UP, DOWN, LEFT, RIGHT, HOME, END, DELETE, BACKSPACE, TAB, ESCAPE, "\x1b[", "\x1bO"]
    keys += [PASTE_BEGIN, PASTE_END, "\x1bd", "\x1bb", "\x1bf", "é", "漢", "😀", "\u0301"]
    keys += ["a", " ", '"', "SET ", "\udcff", "\udcc3", "PING x\r"]
    keys += [ctrl(letter) for letter in "abefghiklnoprtuwxy"]
    chooser = random.Random(seed)
    for _ in range(40):
        terminal.type(*chooser.choices(keys, k=50))
    # Ctrl-C while a command runs drops what was typed ahead, so it may take more than one try to
    # end the paste and the line.
    word = ""
    while not terminal.screen.line().endswith(f'> PING "{word}"'):
        word = str(chooser.random())
        terminal.type("a", PASTE_END, ctrl("c"))
        terminal.type(f'PING "{word}" x', BACKSPACE, BACKSPACE)
        terminal.settle()
    terminal.type(ENTER)
    terminal.wait_for_lines(f'"{word}"', prompt)


def test_the_cursor_stands_where_the_next_character_goes(terminal, prompt):
    terminal.type("a漢b", LEFT)
    terminal.wait_for(lambda: terminal.screen.column == len(prompt) + 3, "the cursor before b")


def test_ctrl_l_clears_the_screen_and_keeps_the_line(terminal, prompt):
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("PONG", prompt)
    terminal.type("ab", ctrl("l"))
    terminal.wait_for_lines(f"{prompt}ab")
    terminal.wait_for(lambda: terminal.screen.row == 0, "the prompt in the first row")


def test_a_long_line_scrolls_sideways_and_is_sent_whole(terminal, prompt):
    value = "".join(chr(ord("a") + i % 26) for i in range(500))
    terminal.type("SET k ", value)
    terminal.wait_for(lambda: terminal.screen.line().endswith(value[-10:]), "the end of the line")
    assert terminal.screen.row == 0
    terminal.type(HOME)
    terminal.wait_for(lambda: terminal.screen.line().startswith(f"{prompt}SET k abc"), "the start")
    terminal.type(ENTER)
    terminal.wait_for_lines("OK", prompt)
    terminal.type("GET k", ENTER)
    terminal.wait_for(lambda: value in "".join(terminal.screen.lines()), "the whole value")


def test_a_new_window_size_redraws_the_line(terminal, prompt):
    terminal.type("x" * 70)
    terminal.wait_for(lambda: terminal.screen.line().endswith("xxx"), "a scrolled line")
    terminal.resize(24, 120)
    terminal.wait_for_line(prompt + "x" * 70)


def test_a_wider_window_shows_more_of_a_scrolled_line(terminal, prompt):
    terminal.type("x" * 150)
    terminal.wait_for_line(prompt + "x" * (79 - len(prompt)))
    terminal.resize(24, 120)
    terminal.wait_for_line(prompt + "x" * (119 - len(prompt)))


def test_a_window_too_narrow_for_the_prompt_shows_a_short_one(server, open_terminal):
    terminal = open_terminal(server.port, columns=30)
    terminal.wait_for_line("> ")
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("> PING", "PONG", "> ")


def test_a_paste_of_many_lines_runs_each_of_them(terminal, prompt):
    terminal.wait_for(lambda: terminal.screen.marks_pastes, "a mark of pastes")
    lines = [f"SET k{i} v" for i in range(300)]
    terminal.type(PASTE_BEGIN, "\r".join(lines), PASTE_END, ENTER)
    terminal.type("COUNT", ENTER)
    terminal.wait_for_lines("(integer) 300", prompt)


def test_a_tab_in_a_paste_is_a_blank_and_completes_nothing(terminal, prompt):
    terminal.type(PASTE_BEGIN, "SE\tx", ctrl("a"), "y", PASTE_END)
    terminal.wait_for_line(f"{prompt}SE xy")


def test_ctrl_c_ends_a_paste_whose_end_is_lost(terminal, prompt):
    terminal.type(PASTE_BEGIN, "SET k v", ctrl("c"), "ECHO x", ctrl("a"), ctrl("k"), "PING", ENTER)
    terminal.wait_for_lines("PONG", prompt)


def test_lines_typed_ahead_are_run_in_order(terminal, prompt):
    terminal.type("".join(f"SET k{i} v\r" for i in range(50)), "COUNT\r")
    terminal.wait_for_lines("(integer) 50", prompt)


# The prompt: hints (what they say is in test_client_help.py)


def test_a_hint_is_gone_once_the_line_is_run(terminal, prompt):
    terminal.type("GET k", LEFT, RIGHT, BACKSPACE, "k", ENTER)
    terminal.wait_for_lines(f"{prompt}GET k", "(nil)", prompt)
    terminal.type("PING", ENTER)
    terminal.wait_for_lines(f"{prompt}PING", "PONG", prompt)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}], ids=["NO_COLOR"])
def test_without_color_no_style_is_sent_and_hints_are_in_parentheses(
    server, open_terminal, prompt, env
):
    terminal = open_terminal(server.port, env=env)
    terminal.wait_for_line(prompt)
    terminal.type("GET ")
    terminal.wait_for_line(f"{prompt}GET (key)")
    terminal.type(ctrl("u"), "NOSUCH", ENTER)
    terminal.wait_for_text("(error)")
    terminal.wait_for_line(prompt)
    assert terminal.screen.styles == set()


# The prompt: history


def history_of(home):
    """Returns the lines of the history file."""
    path = home / ".medusa_history"
    return path.read_text().splitlines() if path.exists() else []


def test_up_and_down_browse_the_history_and_keep_the_new_line(terminal, prompt):
    terminal.type("PING 1", ENTER, "PING 2", ENTER, "dra", UP)
    terminal.wait_for_line(f"{prompt}PING 2")
    terminal.type(UP)
    terminal.wait_for_line(f"{prompt}PING 1")
    terminal.type(UP)
    terminal.wait_for(lambda: terminal.screen.bells > 0, "a bell at the oldest line")
    terminal.type(DOWN, DOWN, "ft")
    terminal.wait_for_line(f"{prompt}draft")


def test_the_history_is_kept_between_runs_readable_by_the_owner_only(
    server, terminal, open_terminal, prompt, home
):
    terminal.type("PING one", ENTER)
    terminal.wait_for_lines('"one"', prompt)
    terminal.type(ctrl("d"))
    assert terminal.wait_for_end() == 0
    assert stat.S_IMODE((home / ".medusa_history").stat().st_mode) == 0o600
    again = open_terminal(server.port)
    again.wait_for_line(prompt)
    again.type(UP)
    again.wait_for_line(f"{prompt}PING one")


def test_a_repeated_line_is_kept_once_and_an_empty_one_never(terminal, prompt, home):
    terminal.type("PING", ENTER, "PING", ENTER, ENTER, "COUNT", ENTER, "PING", ENTER)
    terminal.wait_for_lines("(integer) 0", f"{prompt}PING", "PONG", prompt)
    assert history_of(home) == ["PING", "COUNT", "PING"]


@pytest.mark.parametrize(
    "line",
    [
        "AUTH geheim",
        "  auth default geheim",
        '"AUTH" "geheim',
        "HELLO 3 AUTH default geheim",
        "hello 2 setname a auth default geheim",
        "CONFIG SET requirepass geheim",
        "config set tls-key-file-pass geheim",
        'MIGRATE h 1 "" 0 9 AUTH geheim KEYS k',
        "ACL SETUSER u >geheim",
    ],
)
def test_a_line_with_a_password_is_not_kept(terminal, prompt, home, line):
    terminal.type("PING 1", ENTER)
    terminal.wait_for_lines('"1"', prompt)
    terminal.type(line, ENTER)
    terminal.wait_for_text(line)
    terminal.wait_for_line(prompt)
    terminal.type(UP)
    terminal.wait_for_line(f"{prompt}PING 1 ")
    assert history_of(home) == ["PING 1"]


def test_a_long_history_is_cut_to_its_newest_lines(server, open_terminal, prompt, home):
    path = home / ".medusa_history"
    path.write_text("".join(f"PING {i}\n" for i in range(2000)))
    path.chmod(0o644)
    terminal = open_terminal(server.port)
    terminal.wait_for_line(prompt)
    assert history_of(home) == [f"PING {i}" for i in range(1000, 2000)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in home.iterdir()] == [".medusa_history"]


def test_two_clients_share_the_history_file(server, open_terminal, prompt, home):
    first, second = open_terminal(server.port), open_terminal(server.port)
    for terminal, word in ((first, "1"), (second, "2"), (first, "3")):
        terminal.wait_for_line(prompt)
        terminal.type(f"PING {word}", ENTER)
        terminal.wait_for_lines(f'"{word}"', prompt)
    assert history_of(home) == ["PING 1", "PING 2", "PING 3"]


def test_a_history_linked_to_the_null_device_keeps_nothing(server, open_terminal, prompt, home):
    (home / ".medusa_history").symlink_to("/dev/null")
    mode = os.stat("/dev/null").st_mode
    terminal = open_terminal(server.port)
    terminal.wait_for_line(prompt)
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("PONG", prompt)
    assert os.stat("/dev/null").st_mode == mode
    assert (home / ".medusa_history").is_symlink()


def test_ctrl_r_searches_the_history(terminal, prompt):
    terminal.type("SET apple 1", ENTER, "SET banana 2", ENTER, "GET apple", ENTER)
    terminal.wait_for_lines('"1"', prompt)
    terminal.type(ctrl("r"), "app")
    terminal.wait_for_line("(search) app: GET apple")
    terminal.type(ctrl("r"))
    terminal.wait_for_line("(search) app: SET apple 1")
    terminal.type(ctrl("r"))
    terminal.wait_for_line("(no match) app: SET apple 1")
    terminal.type(BACKSPACE, BACKSPACE, BACKSPACE, "ban")
    terminal.wait_for_line("(search) ban: SET banana 2")
    terminal.type(ENTER)
    terminal.wait_for_lines(f"{prompt}SET banana 2", "OK", prompt)


def test_a_search_is_left_with_the_old_line_or_with_the_found_one(terminal, prompt):
    terminal.type("GET apple", ENTER)
    terminal.wait_for_lines("(nil)", prompt)
    terminal.type("draft", ctrl("r"), "app")
    terminal.wait_for_line("(search) app: GET apple")
    terminal.type(ctrl("g"))
    terminal.wait_for_line(f"{prompt}draft")
    terminal.type(ctrl("r"), "app", LEFT, "_")
    terminal.wait_for_line(f"{prompt}GET appl_e")
    terminal.type(ctrl("u"), ctrl("r"), "app", ESCAPE)
    terminal.wait_for_line(f"{prompt}GET apple")


# The prompt: connections


def test_a_dropped_connection_is_made_again_before_the_next_command(open_terminal):
    server = FakeServer(answer(b"+ONE\r\n"), answer_to_end(b"+TWO\r\n"), docs=NO_DOCS)
    terminal = open_terminal(server.port)
    prompt = f"127.0.0.1:{server.port}> "
    terminal.wait_for_line(prompt)
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("ONE", prompt)
    server.wait_for_close()
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("TWO", prompt)
    terminal.wait_for_text("the server has closed the connection")
    terminal.wait_for_text("connected again")


def test_a_command_that_got_no_reply_is_not_sent_again(open_terminal):
    server = FakeServer(answer(b""), answer_to_end(b"+TWO\r\n"), docs=NO_DOCS)
    terminal = open_terminal(server.port)
    prompt = f"127.0.0.1:{server.port}> "
    terminal.wait_for_line(prompt)
    terminal.type("INCR k", ENTER)
    terminal.wait_for_text("without a reply; the command may have run or not")
    terminal.wait_for_line("not connected>")
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("TWO", prompt)


def test_a_malformed_reply_at_the_prompt_closes_and_connects_again(open_terminal):
    server = FakeServer(answer_to_end(b"?what\r\n"), answer_to_end(b"+TWO\r\n"), docs=NO_DOCS)
    terminal = open_terminal(server.port)
    terminal.wait_for_line(f"127.0.0.1:{server.port}> ")
    terminal.type("PING", ENTER)
    terminal.wait_for_text("malformed reply, it starts with")
    terminal.wait_for_line("not connected>")
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("TWO", f"127.0.0.1:{server.port}>")


def test_without_a_server_the_prompt_says_so_and_tries_again(open_terminal):
    port = free_port()
    terminal = open_terminal(port)
    terminal.wait_for_text("is the server running")
    terminal.wait_for_line("not connected>")
    terminal.type("PING", ENTER)
    terminal.wait_for_line("not connected>")
    terminal.type(ctrl("d"))
    assert terminal.wait_for_end() == 0


def test_ctrl_c_stops_waiting_for_a_reply(open_terminal):
    server = FakeServer(answer_to_end(b""), answer_to_end(b"+TWO\r\n"), docs=NO_DOCS)
    terminal = open_terminal(server.port)
    terminal.wait_for_line(f"127.0.0.1:{server.port}> ")
    terminal.type("PING", ENTER)
    server.wait_for_request()
    terminal.type(ctrl("c"))
    terminal.wait_for_text("stopped waiting")
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("TWO", f"127.0.0.1:{server.port}>")


def test_a_password_given_at_the_prompt_is_given_again_after_a_drop(open_terminal):
    seen = []

    def until_closed(connection):
        answer_noting(seen, b"+OK\r\n", NO_DOCS, b"+TWO\r\n")(connection)
        connection.recv(65536)

    server = FakeServer(answer_noting(seen, NO_DOCS, b"+OK\r\n", NO_DOCS), until_closed)
    terminal = open_terminal(server.port)
    prompt = f"127.0.0.1:{server.port}> "
    terminal.wait_for_line(prompt)
    terminal.type("AUTH geheim", ENTER)
    terminal.wait_for_lines("OK", prompt)
    server.wait_for_close()
    terminal.type("PING", ENTER)
    terminal.wait_for_lines("TWO", prompt)
    password, docs = encode("AUTH", "geheim"), encode("COMMAND", "DOCS")
    assert seen == [docs, password, docs, password, docs, encode("PING")]


# The prompt: the terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_signal_that_ends_the_client_restores_the_terminal_first(terminal, number):
    terminal.wait_for(lambda: not terminal.is_cooked(), "raw mode at the prompt")
    terminal.signal(number)
    assert terminal.wait_for_end() == -number
    assert terminal.is_cooked()
    assert not terminal.screen.marks_pastes


def test_ctrl_z_stops_the_client_and_fg_brings_the_line_back(
    server, client_binary, home, prompt
):
    env = {"HOME": str(home), "PS1": "shell: ", "ENV": ""}
    with Terminal("/bin/sh", "-i", env=env) as terminal:
        terminal.wait_for_line("shell:")
        terminal.type(f"{client_binary} -p {server.port}", ENTER)
        terminal.wait_for_line(prompt)
        terminal.type("PING half", ctrl("z"))
        terminal.wait_for_line("shell:")
        terminal.type("stty -a", ENTER)
        terminal.wait_for(
            lambda: re.search(r"(?<!-)\bicanon", terminal.screen.flat()), "the normal mode"
        )
        terminal.wait_for_line("shell:")
        terminal.type("fg", ENTER)
        terminal.wait_for_line(f"{prompt}PING half")
        terminal.type(ENTER)
        terminal.wait_for_lines('"half"', prompt)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_signal_during_a_wait_for_a_reply_restores_the_terminal_too(open_terminal, number):
    server = FakeServer(answer_to_end(b""), docs=NO_DOCS)
    terminal = open_terminal(server.port)
    terminal.wait_for_line(f"127.0.0.1:{server.port}> ")
    terminal.type("PING", ENTER)
    server.wait_for_request()
    terminal.signal(number)
    assert terminal.wait_for_end() == -number
    assert terminal.is_cooked()
    assert not terminal.screen.marks_pastes


def test_what_is_typed_while_a_command_runs_is_edited_after_it(open_terminal):
    go_on = threading.Event()

    def handle(connection):
        connection.recv(65536)
        assert go_on.wait(LIMIT)
        connection.sendall(b"+ONE\r\n")
        answer_to_end(b"+TWO\r\n")(connection)

    server = FakeServer(handle, docs=NO_DOCS)
    terminal = open_terminal(server.port)
    prompt = f"127.0.0.1:{server.port}> "
    terminal.wait_for_line(prompt)
    terminal.type("PING", ENTER)
    terminal.wait_for_line("")
    terminal.type("GET x", LEFT, BACKSPACE, ctrl("e"), "y", ENTER)
    go_on.set()
    terminal.wait_for_lines(f"{prompt}PING", "ONE", f"{prompt}GETxy", "TWO", prompt)


def test_a_dumb_terminal_gets_a_prompt_and_no_escape_sequences(server, open_terminal, prompt):
    terminal = open_terminal(server.port, env={"TERM": "dumb"})
    terminal.wait_for_line(prompt)
    terminal.type("PING\n")
    terminal.wait_for_lines(f"{prompt}PING", "PONG", prompt)
    assert b"\x1b" not in terminal.transcript
    terminal.type(ctrl("d"))
    assert terminal.wait_for_end() == 0


def test_output_to_a_file_is_raw_without_a_prompt(server, client_binary, home, tmp_path):
    out = tmp_path / "out"
    script = f'"$0" -p {server.port} > "$1"; echo ended'
    env = {"HOME": str(home)}
    with Terminal("/bin/sh", "-c", script, client_binary, out, env=env) as terminal:
        terminal.type("SET k v\n", "GET k\n", ctrl("d"))
        terminal.wait_for_text("ended")
    assert out.read_text() == "OK\nv\n"


def test_the_log_of_the_server_stays_free_of_the_password(server, cli):
    cli("PING", env={"MEDUSA_PASSWORD": "geheim"})
    assert "geheim" not in server.log_text()
