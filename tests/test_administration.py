"""Looking after a running server: connections, settings, counters, and the end on request."""

import signal
import time

import pytest

from medusa import LIMIT, Error, encode, eventually
from test_limits import OVER_LIMIT

pytestmark = pytest.mark.since("30-administration")

SYNTAX = "ERR syntax error"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
BAD_CHARACTERS = "cannot contain spaces, newlines or special characters."
BAD_ID = "ERR client-id should be greater than 0"
FAILED = "ERR CONFIG SET failed (possibly related to argument '{}') - "
BETWEEN_1_AND_A_MILLION = "argument must be between 1 and 1000000 inclusive"
ROOM_OF_A_CLIENT = 32 * 1024  # bytes that the server reads of one at a time
NO_MEMORY_VALUE = "argument must be a memory value"
LOGGED = pytest.mark.env(MEDUSA_PASSWORD="sesame")


def fails(client, words, error):
    """Sends the words and fails unless exactly this error comes back."""
    reply = client.command(*words)
    assert isinstance(reply, Error) and reply.decode() == error, words


def listed(client, *words):
    """Gives CLIENT LIST or INFO as a list of dicts."""
    text = client.command("CLIENT", *words).decode()
    assert not text or text.endswith("\n")
    return [dict(word.split("=", 1) for word in line.split(" ")) for line in text.splitlines()]


def settings(client, *patterns):
    """Gives CONFIG GET as a dict of text."""
    words = [word.decode() for word in client.command("CONFIG", "GET", *patterns)]
    return dict(zip(words[::2], words[1::2]))


def memory_of(client):
    """Gives the bytes that the data take."""
    return int(client.info("memory")["used_memory"])


# Names


def test_connections_are_numbered_from_1_on(server):
    numbers = [server.connect().command("CLIENT", "ID") for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert server.connect().pipeline(*[["CLIENT", "ID"]] * 2) == [4, 4]


def test_a_connection_can_have_a_name(client):
    name, other = ["CLIENT", "GETNAME"], ["client", "setname", "b!~"]
    assert client.command(*name) is None
    assert client.pipeline(["CLIENT", "SETNAME", "a"], name, other, name) == [
        b"OK", b"a", b"OK", b"b!~"]  # fmt: skip
    assert client.pipeline(["CLIENT", "SETNAME", ""], name) == [b"OK", None]


@pytest.mark.parametrize("name", [b"a b", b"a\n", b"\0", b"\1", b"\x7f", b"\xc3\xa9", b" "])
def test_a_name_that_could_not_stand_in_a_line_is_refused(client, name):
    client.command("CLIENT", "SETNAME", "old")
    fails(client, ["CLIENT", "SETNAME", name], f"ERR Client names {BAD_CHARACTERS}")
    fails(client, ["CLIENT", "SETINFO", "lib-name", name], f"ERR lib-name {BAD_CHARACTERS}")
    fails(client, ["CLIENT", "SETINFO", "LIB-VER", name], f"ERR lib-ver {BAD_CHARACTERS}")
    fails(client, ["HELLO", "3", "SETNAME", name], f"ERR Client names {BAD_CHARACTERS}")
    client.check(encode("CLIENT", "GETNAME"), b"$3\r\nold\r\n")


def test_names_are_bounded_so_that_a_line_is_always_whole(client):
    longest = "x" * 128
    for words in (["SETNAME"], ["SETINFO", "LIB-NAME"], ["SETINFO", "LIB-VER"]):
        reply = client.command("CLIENT", *words, longest + "x")
        assert isinstance(reply, Error) and reply.endswith(b" cannot be longer than 128 bytes.")
        assert client.command("CLIENT", *words, longest) == b"OK"
    [me] = listed(client, "INFO")
    assert [me["name"], me["lib-name"], me["lib-ver"], me["resp"]] == [longest] * 3 + ["2"]
    assert isinstance(client.command("CLIENT", "SETNAME", "x" * 10_000_000), Error)


def test_setinfo_knows_two_names(client):
    fails(client, ["CLIENT", "SETINFO", "nosuch", "x"], "ERR Unrecognized option 'nosuch'")
    assert client.command("CLIENT", "SETINFO", "lib-name", "redis-py(x_v1)") == b"OK"
    assert client.command("CLIENT", "SETINFO", "Lib-Ver", "7.1") == b"OK"
    [me] = listed(client, "INFO")
    assert (me["lib-name"], me["lib-ver"]) == ("redis-py(x_v1)", "7.1")


def test_hello_gives_a_name(client):
    client.command("HELLO", 2, "setname", "me")
    assert client.command("CLIENT", "GETNAME") == b"me"
    for words in (["SETNAME"], ["SETNAME", "x", "SETNAME"], ["NOSUCH", "x"]):
        option = words[-1] if len(words) == 3 else words[0]
        fails(client, ["HELLO", 3, *words], f"ERR Syntax error in HELLO option '{option}'")
    assert client.command("CLIENT", "GETNAME") == b"me"


@LOGGED
def test_a_stranger_cannot_give_a_name(client):
    reply = client.command("HELLO", 3, "SETNAME", "me")
    assert isinstance(reply, Error) and reply.startswith(b"NOAUTH")
    reply = client.command("HELLO", 3, "AUTH", "default", "wrong", "SETNAME", "me")
    assert isinstance(reply, Error) and reply.startswith(b"WRONGPASS")
    assert client.command("AUTH", "sesame") == b"OK"
    client.check(encode("CLIENT", "GETNAME"), b"$-1\r\n")
    client.command("HELLO", 2, "SETNAME", "me", "AUTH", "default", "sesame")
    assert client.command("CLIENT", "GETNAME") == b"me"


def test_reset_forgets_the_names(client):
    client.pipeline(["HELLO", 3, "SETNAME", "me"], ["CLIENT", "SETINFO", "LIB-NAME", "lib"])
    number = client.command("CLIENT", "ID")
    assert client.command("RESET") == b"RESET"
    client.check(encode("CLIENT", "GETNAME"), b"$-1\r\n")
    [me] = listed(client, "INFO")
    assert (me["name"], me["lib-name"], me["id"]) == ("", "", str(number))


# CLIENT LIST


def test_client_list_describes_each_connection(server, client):
    other = server.connect()
    other.command("CLIENT", "SETNAME", "other")
    other.pipeline(["MULTI"], ["GET", "k"])
    lines = listed(client, "LIST")
    assert [line["id"] for line in lines] == ["1", "2"]
    assert [line["name"] for line in lines] == ["", "other"]
    assert [line["multi"] for line in lines] == ["-1", "1"]
    assert lines[1]["cmd"] == "get"
    for line, connection in zip(lines, (client, other)):
        host, port = connection.sock.getsockname()
        assert line["addr"] == f"{host}:{port}"
        assert line["laddr"] == f"{server.host}:{server.port}"
        assert {"fd", "age", "idle", "db"} <= set(line)


def test_client_list_leaves_out_who_has_gone(server, client):
    with server.connect() as other:
        other.command("PING")
        assert len(listed(client, "LIST")) == 2
    eventually(lambda: len(listed(client, "LIST")) == 1, "the end of the other connection")


def test_client_list_shows_what_is_not_read(server, client):
    other = server.connect(receive_buffer=4096)
    other.command("SET", "k", "v" * 1_000_000)
    other.send_raw(encode("GET", "k") * 20)
    eventually(lambda: int(listed(client, "LIST", "ID", 2)[0]["omem"]) > 1_000_000, "output")
    assert listed(client, "LIST", "ID", 2)[0]["events"] == "rw"


def test_client_list_can_be_asked_for_some(server, client):
    others = [server.connect() for _ in range(3)]
    assert [other.command("PING") for other in others] == [b"PONG"] * 3
    assert sorted(line["id"] for line in listed(client, "LIST", "id", 3, 77, 1)) == ["1", "3"]
    assert listed(client, "LIST", "ID", 99) == listed(client, "LIST", "ID", 0) == []
    many = [line["id"] for line in listed(client, "LIST", "ID", *range(100_000, 0, -1))]
    assert sorted(many) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "words, error",
    [("ID x", "ERR Invalid client ID"), ("ID 1 x", "ERR Invalid client ID"), ("ID", SYNTAX),
     ("nosuch", SYNTAX), ("nosuch 1", SYNTAX)],
)  # fmt: skip
def test_errors_of_client_list(client, words, error):
    fails(client, ["CLIENT", "LIST", *words.split()], error)


@pytest.mark.parametrize("part", ["LIST", "INFO"])
def test_a_pipeline_of_descriptions_lets_others_have_their_turn(server, client, part):
    other = server.connect()
    assert [c.command("PING") for c in (client, other)] == [b"PONG"] * 2
    server.signal(signal.SIGSTOP)  # so that both are found ready at the same time
    client.send_raw(b"CLIENT %s\r\n" % part.encode() * 2000)
    other.send("INFO", "stats")
    server.signal(signal.SIGCONT)
    stats = dict(line.split(":") for line in other.read().decode().split("\r\n") if ":" in line)
    assert int(stats["total_commands_processed"]) < 100
    assert len(client.read_many(2000)) == 2000


# CLIENT KILL


def test_a_killed_connection_ends_and_others_stay(server, client):
    victim, witness = server.connect(), server.connect()
    assert [c.command("CLIENT", "ID") for c in (victim, witness)] == [2, 3]
    assert client.command("CLIENT", "KILL", "id", 2) == 1
    assert victim.read_to_end() == b""
    assert client.command("CLIENT", "KILL", "ID", 2) == 0
    assert witness.command("PING") == b"PONG"
    assert [line["id"] for line in listed(client, "LIST")] == ["1", "3"]


def test_killing_twice_in_one_pipeline_kills_once(server, client):
    victim = server.connect()
    number = victim.command("CLIENT", "ID")
    kill, find = ["CLIENT", "KILL", "ID", number], ["CLIENT", "LIST", "ID", number]
    assert client.pipeline(kill, kill, find) == [1, 0, b""]
    assert victim.read_to_end() == b""


def test_nothing_of_a_killed_pipeline_is_run_any_more(server, client):
    victim = server.connect()
    number = victim.command("CLIENT", "ID")
    assert client.command("PING") == b"PONG"
    server.signal(signal.SIGSTOP)
    victim.send_raw(b"".join(b"SET k%05d v\r\n" % n for n in range(5000)))
    client.send_raw(encode("CLIENT", "KILL", "ID", number) + encode("COUNT"))
    server.signal(signal.SIGCONT)
    killed, count = client.read_many(2)
    assert killed == 1
    assert victim.ended or victim.read_to_end() is not None
    assert client.command("COUNT") == count < 5000


def test_a_connection_is_killed_in_the_same_wait_in_which_it_is_ready(server, client):
    """The requests of three others fill the shared room before the victim is read."""
    crowd, victim = [server.connect() for _ in range(3)], server.connect()
    number = victim.command("CLIENT", "ID")
    everybody = [*crowd, client, victim]
    assert [c.command("PING") for c in everybody] == [b"PONG"] * 5
    word = "x" * (ROOM_OF_A_CLIENT - len(encode("ECHO", "x" * 32000)) + 32000)
    server.signal(signal.SIGSTOP)
    # The server finds them ready in this order, so the one who kills is in the fourth read.
    for other in crowd:
        other.send_raw(encode("ECHO", word))
    client.send("CLIENT", "KILL", "ID", number)
    victim.send("PING")
    server.signal(signal.SIGCONT)
    assert client.read() == 1
    assert victim.read_to_end() in (b"", b"+PONG\r\n")
    assert [c.read() for c in crowd] == [word.encode()] * 3


def test_the_queue_of_a_killed_connection_is_not_run(server, client):
    victim = server.connect()
    number = victim.command("CLIENT", "ID")
    victim.pipeline(["MULTI"], ["SET", "queued", "1"])
    assert client.command("CLIENT", "KILL", "ID", number) == 1
    assert victim.read_to_end() == b""
    assert client.command("COUNT") == 0


def test_a_connection_that_does_not_read_can_be_killed(server, client):
    victim = server.connect(receive_buffer=4096)
    victim.command("SET", "k", "v" * 1_000_000)
    victim.send_raw(encode("GET", "k") * 20)
    eventually(lambda: int(listed(client, "LIST", "ID", 2)[0]["omem"]) > 1_000_000, "output")
    assert client.command("CLIENT", "KILL", "ID", 2) == 1
    assert listed(client, "LIST", "ID", 2) == []
    assert client.info("clients")["connected_clients"] == "1"


def test_a_connection_cannot_kill_itself(server, client):
    kill = ["CLIENT", "KILL", "ID", client.command("CLIENT", "ID")]
    assert client.pipeline(kill, ["MULTI"], kill, ["EXEC"]) == [0, b"OK", b"QUEUED", [0]]
    assert client.command("PING") == b"PONG"


@pytest.mark.parametrize(
    "words, error",
    [
        ("ID 0", BAD_ID), ("ID -1", BAD_ID), ("ID x", BAD_ID), ("ID 9223372036854775808", BAD_ID),
        ("nosuch 1", SYNTAX), ("ID 1 x", SYNTAX), ("127.0.0.1:1", "ERR No such client"),
    ],
)  # fmt: skip
def test_errors_of_client_kill(client, words, error):
    fails(client, ["CLIENT", "KILL", *words.split()], error)
    assert client.command("PING") == b"PONG"


# CONFIG


def test_config_get_finds_by_pattern_in_any_case(client):
    assert settings(client, "MaxMem*") == {"maxmemory": "0", "maxmemory-policy": "noeviction"}
    assert settings(client, "timeout", "time*", "p?rt", "nosuch").keys() == {"timeout", "port"}
    assert settings(client, "TIMEOUT", "maxclients") == {"timeout": "30", "maxclients": "100"}
    assert settings(client, "nosuch") == {}
    everything = settings(client, "*")
    assert {"maxmemory", "maxmemory-policy", "timeout", "maxclients", "loglevel"} <= set(everything)
    assert everything["bind"] == "127.0.0.1" and everything["databases"] == "1"
    assert (everything["save"], everything["appendonly"]) == ("", "no")


@pytest.mark.env(MEDUSA_MAX_MEMORY="10mb", MEDUSA_TIMEOUT="77", MEDUSA_MAX_CONNECTIONS="12")
@pytest.mark.args("--log-level", "warn", "--eviction", "allkeys-lru")
def test_config_get_shows_what_the_server_was_started_with(client):
    assert settings(client, "maxmemory*", "timeout", "maxclients", "loglevel") == {
        "maxmemory": "10485760", "maxmemory-policy": "allkeys-lru", "timeout": "77",
        "maxclients": "12", "loglevel": "warn",
    }  # fmt: skip


def test_config_get_is_a_map_in_version_3(client):
    client.command("HELLO", 3)
    client.check(encode("CONFIG", "GET", "loglevel"), b"%1\r\n$8\r\nloglevel\r\n$4\r\ninfo\r\n")


@pytest.mark.env(MEDUSA_PASSWORD="sesame")
def test_the_password_is_no_setting_that_can_be_seen(client):
    client.command("AUTH", "sesame")
    assert "sesame" not in settings(client, "*").values()
    assert isinstance(client.command("CONFIG", "SET", "password", "x"), Error)


def test_config_set_changes_several_settings(client):
    words = "timeout 99 MAXCLIENTS 50 maxmemory 3mb maxmemory-policy ALLKEYS-LRU loglevel Warn"
    assert client.command("CONFIG", "SET", *words.split()) == b"OK"
    assert settings(client, "timeout", "maxclients", "maxmemory*", "loglevel") == {
        "timeout": "99", "maxclients": "50", "maxmemory": "3145728",
        "maxmemory-policy": "allkeys-lru", "loglevel": "warn",
    }  # fmt: skip


@pytest.mark.parametrize(
    "words, error",
    [
        ("nosuch 1", "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
        ("port 1", FAILED.format("port") + "can't set immutable config"),
        ("TIMEOUT 5", FAILED.format("TIMEOUT") + "duplicate parameter"),
        ("maxclients 0", FAILED.format("maxclients") + BETWEEN_1_AND_A_MILLION),
        ("maxclients x", FAILED.format("maxclients") + BETWEEN_1_AND_A_MILLION),
        ("maxmemory x", FAILED.format("maxmemory") + NO_MEMORY_VALUE),
        ("maxmemory -1", FAILED.format("maxmemory") + NO_MEMORY_VALUE),
        ("maxmemory ", FAILED.format("maxmemory") + NO_MEMORY_VALUE),
        ("maxmemory-policy lru", FAILED.format("maxmemory-policy") + "argument(s) must be one of "
         "the following: noeviction, allkeys-lru"),
        ("LogLevel notice", FAILED.format("LogLevel") + "argument(s) must be one of the "
         "following: debug, info, warn, error"),
        ("maxclients", SYNTAX),
    ],
)  # fmt: skip
def test_if_one_cannot_be_set_none_is(client, words, error):
    before = settings(client, "*")
    fails(client, ["CONFIG", "SET", "timeout", "77", *words.split(" ")], error)
    assert settings(client, "*") == before


@pytest.mark.parametrize(
    "value",
    [b"", b"x", b"5\0", b"5 ", b"1.5", b"-1", b"x" * 300, b"99999999999999999999"],
)
def test_a_value_is_read_to_its_last_byte(client, value):
    reply = client.command("CONFIG", "SET", "timeout", value)
    assert reply.decode() == FAILED.format("timeout") + (
        "argument must be between 0 and 31622400 inclusive"
    )
    assert settings(client, "timeout") == {"timeout": "30"}


def test_control_bytes_of_a_name_do_not_reach_the_reply(client):
    reply = client.command("CONFIG", "SET", b"no\r\nsuch" + b"x" * 100_000, "1")
    assert reply.startswith(b"ERR Unknown option or number of arguments for CONFIG SET - 'no  such")
    assert len(reply) < 200


def test_a_million_words_are_no_work_for_config(client):
    reply = client.command("CONFIG", "SET", *["timeout", "1"] * 200_000)
    assert reply.decode() == FAILED.format("timeout") + "duplicate parameter"
    assert client.command("CONFIG", "GET", *["nosuch"] * 200_000) == []


def test_a_new_memory_limit_holds_from_the_next_write_on(client):
    large, limit = "v" * 100_000, memory_of(client) + 20_000
    assert client.pipeline(["SET", "k", "v"], ["CONFIG", "SET", "maxmemory", limit]) == [b"OK"] * 2
    assert client.command("SET", "large", large) == OVER_LIMIT
    assert client.info("memory")["maxmemory"] == str(limit)
    assert settings(client, "maxmemory") == {"maxmemory": str(limit)}
    assert client.pipeline(["GET", "k"], ["EXISTS", "large"]) == [b"v", 0]
    for more in ("1mb", 0):
        assert client.command("CONFIG", "SET", "maxmemory", more) == b"OK"
        assert client.command("SET", "large", large) == b"OK"


def test_a_limit_below_what_is_there_takes_nothing_away_without_eviction(client):
    client.command("SET", "k", "v" * 10_000)
    assert client.command("CONFIG", "SET", "maxmemory", 1) == b"OK"
    assert client.command("GET", "k") == b"v" * 10_000
    assert client.command("SET", "k", "v" * 10_001).startswith(b"OOM ")
    assert client.command("DELETE", "k") == 1


def test_a_new_policy_evicts_where_the_old_one_refused(client):
    client.command("CONFIG", "SET", "maxmemory", memory_of(client) + 100_000)
    requests = [("SET", f"k{n}", "v" * 1000) for n in range(300)]
    assert any(isinstance(reply, Error) for reply in client.pipeline(*requests))
    assert client.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == b"OK"
    assert set(client.pipeline(*requests)) == {b"OK"}
    assert int(client.info("stats")["evicted_keys"]) > 0
    assert client.command("CONFIG", "SET", "maxmemory-policy", "NOEVICTION") == b"OK"
    assert any(isinstance(reply, Error) for reply in client.pipeline(*requests))


def test_a_new_timeout_closes_the_silent(server, client):
    silent = server.connect()
    silent.command("PING")
    assert client.command("CONFIG", "SET", "timeout", 1) == b"OK"

    def closed():
        client.command("PING")
        return silent.read_bytes(1, limit=0.05) == b"" and silent.ended

    eventually(closed, "the end of the silent connection")


@pytest.mark.env(MEDUSA_TIMEOUT="2")
def test_a_timeout_can_be_taken_away(client):
    assert client.command("CONFIG", "SET", "timeout", 0) == b"OK"
    assert settings(client, "timeout") == {"timeout": "0"}
    assert client.receives_nothing(3.5)
    assert client.command("PING") == b"PONG"


def test_a_new_number_of_clients_holds_for_newcomers(server, client):
    others = [server.connect() for _ in range(2)]
    assert [other.command("PING") for other in others] == [b"PONG"] * 2
    assert client.command("CONFIG", "SET", "maxclients", 2) == b"OK"
    with server.connect() as newcomer:
        assert newcomer.read_to_end() == b"-ERR max number of clients reached\r\n"
    assert [c.command("PING") for c in (client, *others)] == [b"PONG"] * 3
    assert client.info("clients")["maxclients"] == "2"
    assert client.command("CONFIG", "SET", "maxclients", 4) == b"OK"
    assert server.serves_newcomers()


def test_a_new_log_level_shows_in_the_log(server, client):
    with server.connect() as other:
        other.command("PING")
    assert "connected" not in server.log_text()
    assert client.command("CONFIG", "SET", "loglevel", "DEBUG") == b"OK"
    with server.connect() as other:
        other.command("PING")
        eventually(lambda: "connected" in server.log_text(), "a line of the level debug")
    client.command("CONFIG", "SET", "loglevel", "error")
    before = server.log_text().count("connected")
    with server.connect() as other:
        other.command("PING")
    assert server.log_text().count("connected") == before


def test_resetstat_resets_counters_and_nothing_else(server, client):
    client.pipeline(["SET", "k", "v"], ["GET", "k"], ["GET", "nothing"])
    before = client.info("stats")
    assert (before["keyspace_hits"], before["keyspace_misses"]) == ("1", "1")
    assert int(before["total_commands_processed"]) >= 3
    used = memory_of(client)
    assert client.command("CONFIG", "RESETSTAT") == b"OK"
    stats = client.info()
    for name in ("keyspace_hits", "keyspace_misses", "total_connections_received"):
        assert stats[name] == "0", name
    assert int(stats["total_commands_processed"]) <= 1
    assert int(stats["used_memory"]) == int(stats["used_memory_peak"]) == used
    assert (client.command("COUNT"), stats["connected_clients"]) == (1, "1")
    assert server.connect().command("CLIENT", "ID") == 2  # no two have the same number


@pytest.mark.env(MEDUSA_METRICS="true", MEDUSA_METRICS_PORT="0")
def test_resetstat_resets_what_is_counted_by_command(client):
    client.command("GET", "k")
    assert "cmdstat_get" in client.info("commandstats")
    client.command("CONFIG", "RESETSTAT")
    assert "cmdstat_get" not in client.info("commandstats")
    client.command("GET", "k")
    assert client.info("commandstats")["cmdstat_get"].startswith("calls=1,")


# SHUTDOWN


@pytest.mark.parametrize(
    "words", ["SHUTDOWN", "shutdown nosave", "SHUTDOWN SAVE NOW", "SHUTDOWN FORCE NOW NOSAVE"]
)
def test_shutdown_ends_the_server_with_status_0_and_without_a_reply(server, client, words):
    other = server.connect()
    other.command("PING")
    client.check_closed(words.encode() + b"\r\n", b"")
    assert other.read_to_end() == b""
    assert server.wait() == 0


def test_shutdown_answers_what_came_before_it_and_runs_nothing_behind_it(server, client):
    client.check_closed(b"SET k v\r\nGET k\r\nSHUTDOWN\r\nGET k\r\n", b"+OK\r\n$1\r\nv\r\n")
    assert server.wait() == 0


def test_shutdown_answers_what_others_have_sent(server, client):
    others = [server.connect() for _ in range(5)]
    assert [c.command("PING") for c in (client, *others)] == [b"PONG"] * 6
    server.signal(signal.SIGSTOP)
    client.send("SHUTDOWN")
    for n, other in enumerate(others):
        other.send_raw(encode("PING", f"{n}") * 100)
    server.signal(signal.SIGCONT)
    for n, other in enumerate(others):
        assert other.read_to_end() == b"$1\r\n%d\r\n" % n * 100
    assert server.wait() == 0


def test_replies_that_are_pending_are_still_delivered(server, client):
    slow = server.connect(receive_buffer=4096)
    slow.command("SET", "k", "v" * 60_000)
    slow.send_raw(encode("GET", "k") * 100)
    assert slow.read_bytes(1) == b"$"
    client.check_closed(encode("SHUTDOWN"), b"")
    assert b"$" + slow.read_to_end() == b"$60000\r\n%s\r\n" % (b"v" * 60_000) * 100
    assert server.wait() == 0


@pytest.mark.parametrize(
    "words, error",
    [("nosuch", SYNTAX), ("NOW nosuch", SYNTAX), ("ABORT NOW", SYNTAX), ("NOSAVE SAVE", SYNTAX),
     ("abort", "ERR No shutdown in progress.")],
)  # fmt: skip
def test_shutdown_refuses_what_it_does_not_know(server, client, words, error):
    fails(client, ["SHUTDOWN", *words.split()], error)
    assert client.command("PING") == b"PONG"
    assert server.is_running()


def test_shutdown_is_refused_in_a_transaction_and_aborts_it(server, client):
    assert client.pipeline(["MULTI"], ["SET", "k", "v"]) == [b"OK", b"QUEUED"]
    fails(client, ["SHUTDOWN"], "ERR Command not allowed inside a transaction")
    fails(client, ["EXEC"], "EXECABORT Transaction discarded because of previous errors.")
    assert client.command("EXISTS", "k") == 0
    assert server.is_running()


@LOGGED
def test_a_stranger_cannot_end_the_server(server, client):
    for words in (["SHUTDOWN"], ["CLIENT", "KILL", "ID", "1"], ["CONFIG", "GET", "*"]):
        fails(client, words, "NOAUTH Authentication required.")
    assert server.is_running()


# The others


def test_echo_gives_its_word_back(client):
    client.check(encode("ECHO", b"a\r\n\0"), b"$4\r\na\r\n\0\r\n")
    client.check(encode("ECHO", ""), b"$0\r\n\r\n")


def test_there_is_one_database(client):
    assert client.command("SELECT", 0) == b"OK"
    for index in ("1", "-1", "16"):
        fails(client, ["SELECT", index], "ERR DB index is out of range")
    for index in ("x", "", "0.0", "9223372036854775808"):
        fails(client, ["SELECT", index], NOT_AN_INTEGER)


def test_time_is_that_of_the_server(client):
    seconds, microseconds = client.command("TIME")
    assert abs(int(seconds) - time.time()) < LIMIT
    assert 0 <= int(microseconds) < 1_000_000


@pytest.mark.since("final")
def test_time_is_the_clock_of_deadlines(client):
    client.command("SET", "k", "v", "PX", 1000)
    deadline = client.command("PEXPIRETIME", "k")
    eventually(lambda: client.command("EXISTS", "k") == 0, "the deadline")
    seconds, microseconds = client.command("TIME")
    assert int(seconds) * 1000 + int(microseconds) // 1000 >= deadline


def test_info_says_that_there_is_one_server(client):
    assert client.info("replication") == {"role": "master", "connected_slaves": "0"}
    assert client.info("clients")["blocked_clients"] == "0"


@pytest.mark.parametrize("name", ["CLIENT", "CONFIG"])
def test_subcommands_have_help_and_a_name_in_errors(client, name):
    lines = client.command(name, "HELP")
    assert lines[0].startswith(name.encode()) and len(lines) > 4
    fails(client, [name, "nosuch"], f"ERR unknown subcommand 'nosuch'. Try {name} HELP.")
    fails(client, [name], f"ERR wrong number of arguments for '{name.lower()}' command")
    part = {"CLIENT": "setname", "CONFIG": "set"}[name]
    error = f"ERR wrong number of arguments for '{name.lower()}|{part}' command"
    fails(client, [name, part.upper()], error)
