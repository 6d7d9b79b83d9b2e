"""tools/watch, as a person sees it: in a terminal, beside servers that fill, expire and end."""

import pathlib
import re
import select
import signal
import socket
import sys
import threading

import pytest

from differential import Redis, redis_server
from medusa import LIMIT, SOON, Client, encode, eventually, free_port, run_once
from terminal import Screen, Terminal, ctrl

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = ROOT / "tools" / "watch"
sys.path.insert(0, str(ROOT / "tools"))

import inside  # noqa: E402

final = pytest.mark.since("final")
HISTORY = slice(27, 49)  # columns, in a window of 80
LEGEND = 51  # the column where it starts
STATUS = "Each mark is 0.1 s; the highest is the most of its row. Press q to end."
HALF = re.compile(rb"qbuf=[1-9].* cmd=(?!client)")
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
ENDS = {"q": 0, ctrl("c"): 130}

# Runs the tool with one of its functions replaced by one that fails.
CRASH = """
import runpy, sys
sys.path.insert(0, {folder!r})
import inside
inside.legends = lambda watch: 1 // 0
sys.argv[0] = {tool!r}
runpy.run_path({tool!r}, run_name="__main__")
"""


class WatchScreen(Screen):
    """A screen that also has another one beside it, and a cursor that can be hidden."""

    modes = frozenset({"?25"})  # the cursor is shown

    def _sequence(self, parameters, letter):
        if letter in "hl" and parameters in ("?25", "?1049"):
            changed = {parameters}
            self.modes = self.modes | changed if letter == "h" else self.modes - changed
        else:
            super()._sequence(parameters, letter)

    def texts(self):
        """Returns all rows."""
        return ["".join(row).rstrip() for row in self.cells]


class Window(Terminal):
    """A terminal with tools/watch in it."""

    def __init__(self, *words, rows=24, columns=80, env=None):
        env = {"PYTHONIOENCODING": "utf-8", **(env or {})}
        super().__init__(sys.executable, *words, rows=rows, columns=columns, env=env)
        self.screen = WatchScreen(rows, columns)

    def row(self, label):
        """Returns the row that starts so, or an empty text."""
        return next((text for text in self.screen.texts() if text.startswith(label)), "")

    def value(self, label):
        """Returns the number in a row, in bytes where it is a size; None where there is none."""
        return value_of(self.row(label))

    def history(self, label):
        return self.row(label)[HISTORY].rstrip()

    def wait_for_value(self, label, value):
        self.wait_for(lambda: self.value(label) == value, f"{label} {value}")

    def status(self):
        return self.screen.texts()[-1]

    def is_restored(self):
        return self.is_cooked() and self.screen.modes == {"?25"}


def value_of(row):
    found = re.match(r".{14} *(~?)([\d,.]+)(%| [KMG]?i?B)?", row)
    if not found:
        return None
    number = float(found[2].replace(",", ""))
    return number * UNITS[found[3].strip()] if (found[3] or "%") != "%" else number


def is_dash(row):
    """Tells whether a row says that its value is not known."""
    return row[14:25] == f"{'-':>11}"


def once(*words, env=None, interval=0.1):
    """Runs tools/watch once; gives its status, its rows by their labels, and what it has said."""
    env = {"PYTHONIOENCODING": "utf-8", **(env or {})}
    words = [TOOL, "--once", "--interval", interval, *words]
    done = run_once(sys.executable, *words, env=env, limit=3 * LIMIT)
    rows = {line[:14].strip(): line for line in done.stdout.splitlines()}
    return done.returncode, rows, done.stdout + done.stderr


@pytest.fixture
def open_window():
    """Starts tools/watch in a terminal: open_window(port, *words)."""
    windows = []

    def start(port, *words, interval=0.1, **options):
        window = Window(TOOL, "-p", str(port), "--interval", str(interval), *words, **options)
        windows.append(window)
        return window

    yield start
    for window in windows:
        window.close()


@pytest.fixture
def window(server, open_window):
    """A view of the server that has drawn its first frame."""
    window = open_window(server.port)
    window.wait_for(lambda: window.status() == STATUS, "a whole frame")
    return window


def fill(client, count, name="key:%06d"):
    """Stores keys, in pieces that are no large requests."""
    for start in range(0, count, 1000):
        words = [w for n in range(start, min(count, start + 1000)) for w in (name % n, "value")]
        assert client.command("MSET", *words) == b"OK"


# Every server that has INFO


@pytest.mark.since("03-commands")
def test_a_frame_has_what_the_server_tells_and_dashes_for_the_rest(server, stage):
    client = server.connect()
    for n in range(3):
        assert client.command("SET", f"k{n}", "v") == b"OK"
    told = client.info()
    client.close()
    status, rows, said = once("-p", server.port)
    assert status == 0, said
    assert all(len(line) < 80 for line in said.splitlines())
    assert f"Medusa {told['medusa_version']} at 127.0.0.1:{server.port}" in said
    assert value_of(rows["keys"]) == 3
    assert value_of(rows["commands/s"]) == 0
    for label, is_told in {
        "with deadline": "expires=" in told["db0"],
        "memory": "used_memory" in told,
        "segments": stage >= 28,
        "expired/s": "expired_keys" in told,
        "evicted/s": "evicted_keys" in told,
        "connected": "connected_clients" in told,
        "buffers": "client_buffer_bytes" in told,
        "output": stage >= 30,
        "received/s": "total_net_input_bytes" in told,
        "processor": "used_cpu_user" in told,
    }.items():
        assert (value_of(rows[label]) is not None) == is_told, said
        assert is_told or is_dash(rows[label]), said


@pytest.mark.since("03-commands")
def test_others_are_served_while_a_view_is_open(server, open_window):
    window = open_window(server.port)
    window.wait_for_value("keys", 0)
    for n in range(1, 4):
        with Client(server.host, server.port, stage=server.stage) as client:
            assert client.command("SET", f"k{n}", "v") == b"OK"
        window.wait_for_value("keys", n)
    window.type("q")
    assert window.wait_for_end() == 0


@pytest.mark.until("02-hash-map", "INFO comes with 03")
def test_a_server_without_info_is_told_so(server):
    status, _, said = once("-p", server.port)
    assert status == 2
    assert re.fullmatch(r"watch: .*: Medusa has it from chapter 03 on\n", said), said


@final
def test_a_real_redis_is_shown_too(tmp_path):
    path, problem = redis_server()
    if path is None:
        pytest.skip(problem)
    redis = Redis(path, tmp_path)
    try:
        client = redis.connect()
        assert client.command("MSET", "a", "1", "b", "2") == b"OK"
        assert client.command("EXPIRE", "a", 100) == 1
        client.send_raw(b"*2\r\n$3\r\nGET\r\n$9\r\nhal")
        other = redis.connect()
        eventually(lambda: HALF.search(other.command("CLIENT", "LIST")), "half a request")
        status, rows, said = once("-p", redis.port)
    finally:
        redis.stop()
    assert status == 0, said
    assert said.startswith("Redis 7.")
    assert value_of(rows["keys"]) == 2 and value_of(rows["with deadline"]) == 1
    assert value_of(rows["memory"]) > 100_000
    assert value_of(rows["input"]) > 0 and value_of(rows["commands/s"]) == 0
    assert is_dash(rows["segments"]) and is_dash(rows["depth"])


# The table


@final
def test_keys_that_come_and_go_move_the_marks(client, window):
    client.pipeline(*[("SET", f"k{n}", "v") for n in range(80)])
    window.wait_for_value("keys", 80)
    assert re.fullmatch("▁+█+", window.history("keys"))
    client.pipeline(*[("DELETE", f"k{n}") for n in range(60)])
    window.wait_for_value("keys", 20)
    assert re.search("█+▃+$", window.history("keys"))


def segments_by_memory(client, empty_bytes, depth):
    """Gives the number of segments that follows from the memory that is used, exactly.

    All keys have one length, so what entries take is known; a segment has 512 slots, 16
    deadlines and two counts; and the directory has a pointer for each of 2^depth places.
    """
    segment = 512 * 8 + 64 * 8 + 4 + 4
    entries = client.command("COUNT") * client.command("MEMORY", "USAGE", "key:000000")
    grown = int(client.info()["used_memory"]) - entries - empty_bytes - 8 * (2**depth - 1)
    segments, rest = divmod(grown, segment)
    assert rest == 0
    return 1 + segments


@final
@pytest.mark.parametrize("count", [1, 300, 449, 1500, 9000, 20000])  # 64 segments at most
def test_the_segments_and_how_full_they_are_is_right(client, server, count):
    empty_bytes = int(client.info()["used_memory"])
    fill(client, count)
    status, rows, said = once("-p", server.port)
    assert status == 0, said
    depth_row = next(row for label, row in rows.items() if label.startswith("depth"))
    most = int(re.match(r"depth (?:\d+-)?(\d+)", depth_row)[1])
    segments = segments_by_memory(client, empty_bytes, most)
    assert value_of(rows["segments"]) == segments <= 64, said
    assert value_of(rows["filled"]) == pytest.approx(100 * count / segments / 512, abs=0.51)


@final
def test_more_segments_than_places_are_about_as_many_as_it_says(client, server):
    empty_bytes = int(client.info()["used_memory"])
    fill(client, 90_000)
    _, rows, said = once("-p", server.port)
    depth_row = next(row for label, row in rows.items() if label.startswith("depth"))
    most = int(re.match(r"depth (?:\d+-)?(\d+)", depth_row)[1])
    assert most > 6
    segments = segments_by_memory(client, empty_bytes, most)
    assert re.match(r"segments +~\d", rows["segments"]), said
    assert value_of(rows["segments"]) == pytest.approx(segments, rel=0.35)


@final
def test_the_table_grows_in_steps_that_show(client, window):
    window.wait_for(lambda: window.row("depth 0"), "a table of one segment")
    assert window.value("segments") == 1
    places = window.row("depth 0")[15:]
    assert places == "▃" * 64
    depths, fills = [], []
    for start in range(0, 3000, 100):
        words = [word for n in range(start, start + 100) for word in (f"key:{n}", "v")]
        client.command("MSET", *words)
        window.wait_for_value("keys", start + 100)
        depths.append(window.row("depth")[:14].strip())
        fills.append(window.value("filled"))
    assert depths[0] == "depth 0" and depths[-1] != "depth 0"
    assert any(re.fullmatch(r"depth \d-\d", label) for label in depths)
    assert max(fills) > 70 and any(b < 0.75 * a for a, b in zip(fills, fills[1:])), fills
    assert len(window.row("depth")) == 79
    client.command("FLUSHALL")
    window.wait_for(lambda: window.row("depth 0"), "one segment again")


@final
def test_tall_marks_are_the_segments_that_were_split_again(client, window):
    for n in range(2, 40):
        client.command("MSET", *[w for k in range(100) for w in (f"{n}:{k}", "v")])
        window.wait_for_value("keys", 100 * (n - 1))
        found = re.match(r"depth (\d)-(\d) +(\S{64})$", window.row("depth"))
        if found:
            break
    least = int(found[1])
    assert int(found[2]) == least + 1
    # A segment takes 64 / 2^depth places, all of them with its mark.
    for start in range(0, 64, 64 >> least):
        part = found[3][start : start + (64 >> least)]
        assert part in ("▃" * len(part), "▆" * len(part))


# Deadlines


@final
def test_keys_that_expire_show_as_a_falling_curve(client, window):
    requests = [("SET", f"k{n}", "v", "PX", 500 + 10 * n) for n in range(200)]
    client.pipeline(*requests, ("SET", "stays", "v"))
    window.wait_for_value("keys", 201)
    average = re.compile(r"with deadline +[1-9].* on average \d\.\d s left")
    window.wait_for(lambda: average.fullmatch(window.row("with deadline")), "how long they live")
    window.wait_for(lambda: (window.value("expired/s") or 0) > 0, "keys that expire")
    window.wait_for_value("keys", 1)
    window.wait_for_value("with deadline", 0)
    window.wait_for(lambda: "200 in all" in window.row("expired/s"), "200 in all")
    heights = [inside.MARKS.index(mark) for mark in window.history("keys").lstrip("▁")]
    falling = heights[heights.index(max(heights)) :]
    assert falling == sorted(falling, reverse=True) and len(set(falling)) > 3, heights


@final
@pytest.mark.env(MEDUSA_MAX_MEMORY="200kb", MEDUSA_EVICTION="allkeys-lru")
def test_evictions_and_the_limit_show(client, window):
    window.wait_for_text("limit 200.0 KiB")
    fill(client, 10_000)
    window.wait_for(lambda: (window.value("evicted/s") or 0) > 0, "keys that are evicted")
    evicted = client.info()["evicted_keys"]
    window.wait_for(lambda: f"{int(evicted):,} in all" in window.row("evicted/s"), "all of them")


# Clients and their requests


@final
def test_half_requests_and_unread_replies_show_as_buffers(client, server, open_window):
    window = open_window(server.port, rows=30)
    window.wait_for_value("connected", 2)
    for label in ("buffers", "input", "output"):
        window.wait_for_value(label, 0)
    half = server.connect()
    half.send_raw(b"*2\r\n$3\r\nGET\r\n$5000\r\n" + b"k" * 2000)
    window.wait_for(lambda: 2000 <= window.value("input") < 2200, "half a request")
    window.wait_for_text("NULL 127.0.0.1")
    client.command("SET", "big", b"v" * (1 << 20))
    unread = server.connect(receive_buffer=4096)
    number = unread.command("CLIENT", "ID")
    unread.command("CLIENT", "SETNAME", "the-slow-one")
    unread.sock.sendall(encode("GET", "big") * 20)
    window.wait_for(lambda: window.value("output") > 10 << 20, "replies that nobody reads")
    window.wait_for_value("connected", 4)
    assert window.value("buffers") > 10 << 20
    assert f"most of it: client {number}" in window.row("output")
    at = window.screen.texts().index(window.row("FULLEST"))
    fullest = re.compile(rf"client {number} +\S+ B +[\d.]+ MiB +\d+ s  get 127.* the-slow-one")
    window.wait_for(lambda: fullest.fullmatch(window.screen.texts()[at + 1]), "who it is")
    unread.close()
    window.wait_for_value("output", 0)
    assert re.search("▁█+▁+$", window.history("output"))


@final
@pytest.mark.args("--max-connections=300")
def test_a_crowd_of_clients_is_not_listed(server):
    crowd = [server.connect() for _ in range(201)]
    assert crowd[-1].command("PING") == b"PONG"
    _, rows, said = once("-p", server.port)
    assert value_of(rows["connected"]) == 202, said
    assert is_dash(rows["input"])
    assert rows["input"].endswith("over 200 clients: not asked")


@final
def test_an_idle_server_shows_no_requests_as_those_of_the_view_are_taken_off(window):
    for label in ("commands/s", "hits/s", "misses/s", "received/s", "sent/s"):
        window.wait_for(lambda: len(window.history(label)) > 4, "some looks")
        assert set(window.history(label)) <= {"▁", " "}, window.row(label)


@final
def test_requests_hits_and_misses_are_counted(client, window):
    client.command("SET", "k", "v" * 100)
    requests = [("GET", "k"), ("GET", "k"), ("GET", "k"), ("GET", "none")] * 25
    most = {}

    def has_come():
        client.pipeline(*requests)
        for label in ("commands/s", "hits/s", "misses/s", "received/s", "sent/s"):
            most[label] = max(most.get(label, 0), window.value(label) or 0)
        return "75% of lookups" in window.row("hits/s") and min(most.values()) > 0

    window.wait_for(has_come, "hits and misses")
    assert most["commands/s"] > most["hits/s"] > most["misses/s"]
    assert most["sent/s"] > most["received/s"]


@final
@pytest.mark.env(MEDUSA_METRICS="on", MEDUSA_METRICS_PORT="0")
def test_a_look_costs_one_info_one_list_and_a_look_at_64_slots(client, server):
    assert once("-p", server.port)[0] == 0  # two looks
    told = client.info("commandstats")
    calls = {name[8:]: int(re.search(r"calls=(\d+)", text)[1]) for name, text in told.items()}
    assert calls == {"info": 2, "client|list": 2, "scan": 128}


# The window


@final
def test_a_window_of_80_by_24_holds_the_frame_and_the_last_column_is_left_free(window):
    texts = window.screen.texts()
    assert texts[0].startswith("Medusa ")
    assert texts[-1] == STATUS
    headings = [text.split()[0] for text in texts if re.match("[A-Z]{5}", text)]
    assert headings == ["TABLE", "EXPIRY", "CLIENTS", "REQUESTS"]
    assert all(len(text) < 80 for text in texts) and not window.screen.above
    for text in texts[1:-1]:
        assert re.match(r"[A-Z]{5}|depth|.{14}.{11}  .{22}  \S", text), text


@final
@pytest.mark.parametrize("rows, columns", [(30, 120), (12, 60), (3, 20), (1, 5), (50, 200)])
def test_a_changed_window_is_drawn_anew(window, rows, columns):
    window.resize(rows, columns)
    window.wait_for(lambda: window.status() == STATUS[: columns - 1].rstrip(), "the last line")
    if rows > 1:
        window.wait_for(lambda: window.screen.texts()[0].startswith("Medusa"), "the first line")
    if columns >= 80:
        at = LEGEND + columns - 80
        window.wait_for(lambda: window.row("keys")[at:] == "stored now", "a longer history")
    window.resize(24, 80)
    window.wait_for(lambda: window.status() == STATUS, "a window as before")
    window.wait_for(lambda: window.row("keys")[LEGEND:] == "stored now", "a history as before")


@final
def test_a_window_is_drawn_anew_at_once_and_not_at_the_next_look(server, open_window):
    window = open_window(server.port, interval=3600)
    window.wait_for_value("keys", 0)
    window.resize(30, 120)
    window.wait_for(lambda: window.row("keys")[91:] == "stored now", "a wide row")


@final
@pytest.mark.parametrize("key", ENDS, ids=["q", "ctrl-c"])
def test_a_key_ends_it_at_once_and_the_terminal_is_as_before(server, open_window, key):
    window = open_window(server.port, interval=3600)
    window.wait_for_value("keys", 0)
    assert window.screen.modes == {"?1049"} and not window.is_cooked()
    window.type(key)
    assert window.wait_for_end() == ENDS[key]
    assert window.is_restored()


@final
def test_q_ends_it_while_the_server_does_not_answer(server, window):
    server.signal(signal.SIGSTOP)
    try:
        window.settle()
        window.type("q")
        assert window.wait_for_end(limit=SOON) == 0
    finally:
        server.signal(signal.SIGCONT)
    assert window.is_restored()


@final
def test_sigterm_restores_the_terminal(window):
    window.signal(signal.SIGTERM)
    assert window.wait_for_end() == 143
    assert window.is_restored()


@final
def test_a_crash_restores_the_terminal_before_it_is_reported(server):
    script = CRASH.format(folder=str(TOOL.parent), tool=str(TOOL))
    with Window("-c", script, "-p", str(server.port)) as window:
        assert window.wait_for_end() == 1
        assert window.is_restored()
        assert "ZeroDivisionError" in window.screen.flat()
        at = window.transcript.index(b"Traceback")
        assert b"\x1b[?1049l" in window.transcript[:at]


@final
def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(window):
    def is_stopped():
        stat = pathlib.Path(f"/proc/{window.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    window.signal(signal.SIGTSTP)
    window.wait_for(is_stopped, "a stopped program")
    window.wait_for(window.is_restored, "a terminal as before")
    window.screen.resize(1, 1)  # which loses what was shown
    window.screen.resize(24, 80)
    window.signal(signal.SIGCONT)
    window.wait_for_value("keys", 0)
    assert window.screen.modes == {"?1049"} and not window.is_cooked()


@final
def test_no_color_means_none(server, open_window, window):
    assert {"1", "36", ""} <= window.screen.styles
    plain = open_window(server.port, env={"NO_COLOR": "1"})
    plain.wait_for_value("keys", 0)
    assert not plain.screen.styles


@final
def test_a_terminal_without_block_characters_gets_others(client, server, open_window):
    window = open_window(server.port, env={"PYTHONIOENCODING": "latin-1"})
    client.command("SET", "k", "v")
    window.wait_for_value("keys", 1)
    assert re.fullmatch("_*#+", window.history("keys"))


# A server that goes away, and other trouble


@final
def test_the_last_frame_stays_while_the_server_is_away_and_it_comes_back(start_server, open_window):
    server = start_server()
    server.connect().command("MSET", "a", "1", "b", "2")
    window = open_window(server.port)
    window.wait_for_value("keys", 2)
    server.stop()
    gone = f"no server at 127.0.0.1:{server.port} (Connection refused); seen last at "
    window.wait_for(lambda: window.status().startswith(gone), "what has happened")
    assert window.value("keys") == 2
    window.wait_for(lambda: re.search("█ +$", window.row("keys")[HISTORY]), "a gap")
    assert "33" in window.screen.styles
    again = start_server(env={"MEDUSA_PORT": str(server.port)})
    window.wait_for_value("keys", 0)
    window.wait_for(lambda: window.status().startswith("Each mark"), "that all is well")
    again.connect().command("SET", "c", "3")
    window.wait_for_value("keys", 1)
    window.type("q")
    assert window.wait_for_end() == 0


@final
def test_a_killed_server_is_noticed(server, window):
    server.expected_status = -signal.SIGKILL
    server.signal(signal.SIGKILL)
    window.wait_for(lambda: "seen last at" in window.status(), "what has happened")
    window.type("q")
    assert window.wait_for_end() == 0 and window.is_restored()


@final
def test_a_closed_connection_is_opened_again_without_a_word(client, window):
    for _ in range(3):
        ids = re.findall(r"^id=(\d+)", client.command("CLIENT", "LIST").decode(), re.MULTILINE)
        (number,) = {int(word) for word in ids} - {client.command("CLIENT", "ID")}
        assert client.command("CLIENT", "KILL", "ID", number) == 1
        client.command("SET", f"k{number}", "v")
        keys = client.command("COUNT")
        window.wait_for_value("keys", keys)
        window.wait_for(lambda: window.status() == STATUS, "that all is well")


@final
def test_no_server_is_one_line_and_status_2():
    port = free_port()
    status, _, said = once("-p", port)
    assert status == 2
    assert said == (
        f"watch: no server at 127.0.0.1:{port} (Connection refused): start one with `make run`,"
        " or name another with --host and --port\n"
    )


@final
def test_no_server_in_a_terminal_is_that_line_on_a_terminal_as_before(open_window):
    window = open_window(free_port())
    assert window.wait_for_end() == 2
    assert window.is_restored()
    assert "watch: no server at 127.0.0.1" in window.screen.flat()


@final
@pytest.mark.env(MEDUSA_PASSWORD="open \"sesame\" ü")
def test_a_password_comes_from_the_environment(server):
    status, _, said = once("-p", server.port)
    assert (status, said) == (2, "watch: the server wants a password: set MEDUSA_PASSWORD to it\n")
    status, _, said = once("-p", server.port, env={"MEDUSA_PASSWORD": "wrong"})
    wrong = "watch: the password is wrong: set MEDUSA_PASSWORD to the server's\n"
    assert (status, said) == (2, wrong)
    status, rows, said = once("-p", server.port, env={"MEDUSA_PASSWORD": 'open "sesame" ü'})
    assert status == 0 and value_of(rows["commands/s"]) == 0, said


@final
def test_a_password_that_nobody_wants_does_no_harm(server):
    assert once("-p", server.port, env={"MEDUSA_PASSWORD": "x"})[0] == 0


@final
@pytest.mark.args("--max-connections=1")
def test_what_else_a_server_says_is_passed_on(client, server):
    client.command("PING")
    status, _, said = once("-p", server.port)
    assert status == 2 and said in (
        "watch: the server answers: ERR max number of clients reached\n",
        f"watch: 127.0.0.1:{server.port} has closed the connection (Connection reset by peer)\n",
    )


class Impostor:
    """Answers every line with what a function gives for it."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                with self.listener.accept()[0] as sock, sock.makefile("rb") as lines:
                    for line in lines:
                        sock.sendall(self.answer(line.decode().strip()))
            except OSError:
                if self.listener.fileno() == -1:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text.encode()), text.encode())


@final
@pytest.mark.parametrize(
    "reply", ["HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "*1\r\n:1\r\n", "+OK\r\n"]
)
def test_what_is_no_server_of_this_kind_is_told_so(reply):
    with Impostor(lambda line: reply.encode()) as other:
        status, _, said = once("-p", other.port)
    assert status == 2 and said.count("\n") == 1
    assert "does not answer INFO as Medusa or Redis would" in said


@final
def test_what_a_server_says_cannot_drive_the_terminal(open_window):
    text = "medusa_version:1\x1b[2J\x07\x9b\r\nconnected_clients:many\r\nused_memory:\r\nx\r\n"
    answers = {"INFO": bulk(text)}
    with Impostor(lambda line: answers.get(line, b"-ERR no\x1b[31m\r\n")) as other:
        window = open_window(other.port)
        window.wait_for_text("Medusa 1?[2J?? at")
        assert is_dash(window.row("memory")) and not window.screen.bells
        window.type("q")
        assert window.wait_for_end() == 0


@final
def test_a_server_of_ones_own_may_have_other_cursors():
    """Whatever a SCAN answers that is not as in final/table.c: there is a dash, and no guess."""
    fields = "medusa_version:9\r\nconnected_clients:1\r\n# Keyspace\r\ndb0:keys=5\r\n"
    for scan in ("*2\r\n$2\r\n17\r\n*0\r\n", "*2\r\n$1\r\nx\r\n*0\r\n", "+OK\r\n", "*0\r\n"):
        answers = {"INFO": bulk(fields), "CLIENT LIST": bulk("id=1 addr=x\n")}
        with Impostor(lambda line: answers.get(line, scan.encode())) as other:
            status, rows, said = once("-p", other.port)
        assert status == 0 and value_of(rows["keys"]) == 5, said
        assert is_dash(rows["segments"]) and is_dash(rows["depth"])


@final
def test_a_server_that_does_not_answer_is_told_so(monkeypatch):
    monkeypatch.setattr(inside, "PATIENCE", 0.1)
    with Impostor(lambda line: b"") as other:
        watch = inside.Watch("127.0.0.1", other.port, None, lambda seconds, sock: False)
        watch.look()
    assert watch.sample is None
    assert "does not answer: before chapter 06" in str(watch.problem)


# Words and pieces


@final
def test_without_a_terminal_it_prints_one_frame_and_ends(server):
    words = [TOOL, "-p", server.port, "--interval", "0.1"]
    done = run_once(sys.executable, *words, env={"PYTHONIOENCODING": "utf-8"}, limit=3 * LIMIT)
    assert done.returncode == 0 and "\x1b" not in done.stdout
    assert len(done.stdout.splitlines()) == 23 and not done.stderr


@final
def test_a_reader_that_has_seen_enough_is_no_trouble(server):
    script = 'set -o pipefail; "$0" "$1" --once --interval 0.1 | true'
    env = {"MEDUSA_PORT": str(server.port)}
    done = run_once("bash", "-c", script, sys.executable, TOOL, env=env, limit=3 * LIMIT)
    assert (done.returncode, done.stderr) == (0, "")


@final
def test_a_dumb_terminal_gets_plain_text(server, open_window):
    window = open_window(server.port, env={"TERM": "dumb"})
    assert window.wait_for_end() == 0
    assert b"\x1b" not in window.transcript and b"REQUESTS" in window.transcript


@final
def test_address_and_port_come_from_the_environment(server):
    env = {"MEDUSA_HOST": "127.0.0.1", "MEDUSA_PORT": str(server.port)}
    assert once(env=env)[0] == 0


@final
@pytest.mark.ipv6
@pytest.mark.args("--host=::1")
def test_an_address_of_version_6(server):
    status, rows, said = once("--host", "::1", "-p", server.port)
    assert status == 0 and f"at [::1]:{server.port}, " in said
    assert value_of(rows["connected"]) == 1 and rows["input"].endswith("nothing waits")

    def wait(seconds, sock):
        return bool(select.select([sock], [], [], seconds)[0])

    watch = inside.Watch("::1", server.port, None, wait)
    watch.look()
    assert watch.sample.clients == []  # its own connection is left out


@final
@pytest.mark.parametrize(
    "words, env, problem",
    [
        (["--interval", "0"], {}, "'0' is no number from 0.1 to 3600"),
        (["--interval", "nan"], {}, "'nan' is no number from 0.1 to 3600"),
        (["-p", "70000"], {}, "'70000' is no number from 1 to 65535"),
        ([], {"MEDUSA_PORT": "http"}, "'http' is no number from 1 to 65535"),
        (["localhost"], {}, "unrecognized arguments: localhost"),
    ],
    ids=["interval", "nan", "port", "variable", "word"],
)
def test_wrong_usage_says_what_is_allowed(words, env, problem):
    done = run_once(sys.executable, TOOL, *words, env=env)
    assert done.returncode == 2 and done.stderr.endswith(f"{problem}\n"), done.stderr


@final
def test_help_shows_the_commands_that_give_something_to_see(
    server, client_binary, benchmark_binary
):
    """They are run as they stand there, with other numbers of keys."""
    text = run_once(sys.executable, TOOL, "--help").stdout
    lines = re.findall(r"^    ((?:bench|client|seq|head|bash)\b.*)$", text, re.MULTILINE)
    assert len(lines) == 6
    script = "\n".join(lines).replace("--stress 20", "--stress 1").replace("2m", "1k")
    script = script.replace("seq 200000", "seq 2000").replace("sleep 20", "sleep 0.1")
    script = script.replace("2312", str(server.port))
    env = {"MEDUSA_PORT": str(server.port)}
    done = run_once("bash", "-ec", script, env=env, cwd=ROOT, limit=3 * LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    told = server.connect().info()
    assert int(told["keyspace_hits"]) > 0 and "expires=" in told["db0"]


@final
def test_depths_are_read_from_cursors():
    def cursor(place, home, depth):
        return [str(((place << 22) * 512 + home) << 5 | depth), []]

    # One segment of depth 1 that has keys, two of depth 2, of which the last is nearly empty.
    replies = [cursor(place, 3, 1) for place in range(32)]
    replies += [cursor(place, 3, 2) for place in range(32, 48)]
    replies += [["0", []] for place in range(48, 64)]
    assert inside.depths_of(replies) == [1] * 32 + [2] * 16 + [None] * 16
    assert inside.segments_of(inside.depths_of(replies)) == pytest.approx(8 / 3)
    # No keys at all: one segment.
    assert inside.depths_of([["0", []]] * 64) == [0] * 64
    # Cursors of another kind.
    assert inside.depths_of([cursor(place + 1, 3, 2) for place in range(64)]) is None
    assert inside.depths_of([cursor(place, 3, 29) for place in range(64)]) is None
    assert inside.segments_of(None) is inside.segments_of([None]) is None


@final
def test_marks_have_the_height_of_their_values():
    assert inside.marks([0, 1, 4, 7], 4, inside.MARKS) == "▁▂▅█"
    assert inside.marks([0, 0], 4, inside.MARKS) == "▁▁  "
    assert inside.marks([9, None, 0.001, 9], 3, inside.MARKS) == " ▂█"
    assert inside.marks([0.5, 2], 2, inside.MARKS, top=1) == "▅█"
    assert inside.marks([1], 0, inside.MARKS) == inside.marks([], 0, inside.MARKS) == ""


@final
def test_a_counter_that_was_set_back_gives_no_rate(client, window):
    client.pipeline(*[("GET", "none")] * 50)
    window.wait_for(lambda: (window.value("misses/s") or 0) > 0, "misses")
    assert client.command("CONFIG", "RESETSTAT") == b"OK"
    window.wait_for(lambda: re.search("▁* ▁+$", window.history("misses/s")), "a gap")
    window.wait_for_value("misses/s", 0)
