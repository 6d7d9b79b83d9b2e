"""MULTI, EXEC and DISCARD: all or nothing, and nobody in between."""

import signal
import threading
import time

import pytest

from medusa import (
    LIMIT,
    MEGABYTE,
    SOON,
    Error,
    Simple,
    check_nobody_starves,
    encode,
    eventually,
)
from test_limits import NO_MEMORY, OVER_LIMIT, address_space

pytestmark = pytest.mark.since("23-transactions")

QUEUED = b"QUEUED"
ABORTED = b"EXECABORT Transaction discarded because of previous errors."
TOO_MUCH = b"ERR more than 64 MiB are queued by MULTI; DISCARD, and send less"
SMALL = 10000  # bytes that the buffers of idle clients stay below


def transaction(*requests):
    """Encodes a whole transaction."""
    return b"".join(encode(*words) for words in [["MULTI"], *requests, ["EXEC"]])


def run(client, *requests):
    """Sends a whole transaction at once; returns what EXEC answers."""
    replies = client.pipeline(["MULTI"], *requests, ["EXEC"])
    assert replies[:-1] == [b"OK"] + [QUEUED] * len(requests)
    return replies[-1]


def begin(client, *requests):
    """Opens a transaction and queues requests."""
    assert client.command("MULTI") == b"OK"
    for words in requests:
        assert client.command(*words) == QUEUED


def buffer_bytes(client):
    """Gives the memory of all clients' buffers; the one that asks has none of its own."""
    return int(client.info("clients")["client_buffer_bytes"])


# Replies


def test_the_replies_byte_by_byte(client):
    client.check(encode("MULTI"), b"+OK\r\n")
    client.check(encode("SET", "k", "v"), b"+QUEUED\r\n")
    client.check(encode("GET", "k"), b"+QUEUED\r\n")
    client.check(encode("GET", "none"), b"+QUEUED\r\n")
    client.check(encode("DELETE", "k", "none"), b"+QUEUED\r\n")
    client.check(encode("KEYS", "*"), b"+QUEUED\r\n")
    client.check(encode("EXEC"), b"*5\r\n+OK\r\n$1\r\nv\r\n$-1\r\n:1\r\n*0\r\n")


def test_an_empty_transaction_is_an_empty_array(client):
    client.check(encode("MULTI") + encode("EXEC"), b"+OK\r\n*0\r\n")


def test_names_are_found_in_any_case_and_lines_work_as_well(client):
    client.check(
        b"multi\r\nSet 'a key' 1\r\nget 'a key'\r\neXeC\r\nMulti\r\nDisCard\r\n",
        b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n+OK\r\n+OK\r\n",
    )


def test_every_ordinary_command_waits(client):
    client.command("SET", "k", "v")
    requests = [
        ["GET", "k"], ["SET", "n", "1"], ["DELETE", "n"], ["EXISTS", "k", "k"], ["LIST"],
        ["COUNT"], ["PING"], ["PING", "hello"], ["INFO", "server"], ["TTL", "k"],
        ["EXPIRE", "k", "100"], ["KEYS", "k*"], ["CLEAR"], ["FLUSHALL"],
    ]  # fmt: skip
    replies = run(client, *requests)
    assert replies[8].startswith(b"# Server")
    assert replies[:8] + replies[9:] == [
        b"v", b"OK", 1, 2, [b"k"], 1, b"PONG", b"hello", -1, 1, [b"k"], b"OK", b"OK",
    ]  # fmt: skip
    assert isinstance(replies[1], Simple) and not isinstance(replies[7], Simple)


def test_exec_and_discard_need_a_transaction(client):
    assert client.command("EXEC") == b"ERR EXEC without MULTI"
    assert client.command("DISCARD") == b"ERR DISCARD without MULTI"
    assert run(client, ["PING"]) == [b"PONG"]
    assert client.command("EXEC") == b"ERR EXEC without MULTI"
    begin(client)
    assert client.command("DISCARD") == b"OK"
    assert client.command("DISCARD") == b"ERR DISCARD without MULTI"


def test_a_transaction_inside_another_is_refused_and_the_outer_one_goes_on(client):
    begin(client, ["SET", "a", "1"])
    reply = client.command("MULTI")
    assert isinstance(reply, Error) and reply == b"ERR MULTI calls can not be nested"
    assert client.command("SET", "b", "2") == QUEUED
    assert client.command("EXEC") == [b"OK", b"OK"]
    assert client.command("COUNT") == 2


def test_the_wrong_number_of_words_to_the_three_themselves(client):
    for name in ("MULTI", "EXEC", "DISCARD"):
        expected = b"ERR wrong number of arguments for '%s' command" % name.lower().encode()
        assert client.command(name, "x") == expected
        begin(client, ["SET", "k", "v"])
        assert client.command(name, "x") == expected
        assert client.command("EXEC") == ABORTED
    assert client.command("COUNT") == 0


# All or nothing


def test_nothing_is_run_before_exec(server, client):
    other = server.connect()
    other.command("SET", "old", "1")
    begin(client, ["SET", "new", "1"], ["DELETE", "old"], ["CLEAR"])
    assert other.pipeline(["GET", "old"], ["EXISTS", "new"]) == [b"1", 0]
    assert client.command("EXEC") == [b"OK", 1, b"OK"]
    assert other.pipeline(["EXISTS", "old"], ["COUNT"]) == [0, 0]


def test_discard_forgets_what_was_queued(client):
    begin(client, ["SET", "a", "1"], ["SET", "b", "1"])
    assert client.command("DISCARD") == b"OK"
    assert client.pipeline(["COUNT"], ["SET", "c", "1"], ["LIST"]) == [0, b"OK", [b"c"]]
    assert run(client, ["GET", "a"]) == [None]


@pytest.mark.parametrize(
    "wrong, error",
    [
        (["NOSUCH", "a"], b"ERR unknown command 'NOSUCH', with args beginning with: 'a' "),
        (["GET"], b"ERR wrong number of arguments for 'get' command"),
        (["SET", "k"], b"ERR wrong number of arguments for 'set' command"),
    ],
    ids=["unknown", "too few", "one of three"],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_after_an_error_while_queueing_nothing_is_run(client, wrong, error, at):
    requests = [["SET", "a", "1"], ["SET", "b", "1"]]
    requests.insert(at, wrong)
    replies = client.pipeline(["MULTI"], *requests, ["EXEC"], ["COUNT"])
    assert replies[1 + at] == error
    assert replies[-2:] == [ABORTED, 0]
    assert isinstance(replies[-2], Error)
    assert run(client, ["SET", "c", "1"], ["COUNT"]) == [b"OK", 1]


def test_a_line_that_cannot_be_read_makes_exec_refuse(client):
    client.check(
        b'MULTI\r\nSET a 1\r\nSET b "1\r\nSET c 1\r\nEXEC\r\nCOUNT\r\n',
        b"+OK\r\n+QUEUED\r\n-ERR Protocol error: unbalanced quotes in request\r\n+QUEUED\r\n"
        b"-%s\r\n:0\r\n" % ABORTED,
    )


def test_an_aborted_transaction_can_be_discarded(client):
    begin(client, ["SET", "a", "1"])
    assert client.command("NOSUCH").startswith(b"ERR unknown command")
    assert client.command("DISCARD") == b"OK"
    assert client.pipeline(["COUNT"], ["EXEC"]) == [0, b"ERR EXEC without MULTI"]


def test_an_error_while_running_stops_nothing_and_takes_nothing_back(client):
    replies = run(client, ["SET", "a", "1"], ["SET", "b", "1", "0"], ["SET", "c", "1", "x"],
                  ["EXPIRE", "a", "soon"], ["SET", "d", "1"])  # fmt: skip
    assert replies == [
        b"OK",
        b"ERR invalid expire time in 'set' command",
        b"ERR syntax error",
        b"ERR value is not an integer or out of range",
        b"OK",
    ]
    assert [isinstance(reply, Error) for reply in replies] == [False, True, True, True, False]
    assert sorted(client.command("LIST")) == [b"a", b"d"]


@pytest.mark.parametrize("word", ["QUIT", "EXIT", "quit"])
def test_quit_is_not_queued_and_ends_all(server, client, word):
    begin(client, ["SET", "k", "v"])
    client.check_closed(encode(word) + encode("EXEC"), b"+OK\r\n")
    assert server.connect().command("COUNT") == 0


def test_a_protocol_error_ends_the_transaction_with_the_connection(server, client):
    begin(client, ["SET", "k", "v"])
    client.check_closed(
        b"*1\r\n$-5\r\n" + encode("EXEC"), b"-ERR Protocol error: invalid bulk length\r\n"
    )
    assert server.connect().command("COUNT") == 0


@pytest.mark.parametrize("end", ["close", "reset", "close_sending_side"])
def test_of_a_client_that_goes_before_exec_nothing_is_run(server, end):
    other = server.connect()
    gone = server.connect()
    begin(gone, ["SET", "k", "v" * 100000], ["CLEAR"])
    gone.send_raw(encode("EXEC")[:-1])
    eventually(lambda: buffer_bytes(other) > 100000, "the queue")
    getattr(gone, end)()
    eventually(lambda: other.info()["connected_clients"] == "1", "the end of the other client")
    assert other.pipeline(["EXISTS", "k"], ["EXEC"]) == [0, b"ERR EXEC without MULTI"]
    assert buffer_bytes(other) < SMALL


def test_a_client_that_half_closes_after_exec_gets_the_reply(server, client):
    client.send_raw(transaction(["SET", "k", "v"], ["GET", "k"]))
    client.close_sending_side()
    assert client.read_to_end() == b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\nv\r\n"
    assert server.connect().command("GET", "k") == b"v"


# On the wire


def test_any_bytes_can_be_queued(client):
    key, value = bytes(range(256)), bytes(reversed(range(256))) * 3
    replies = run(client, ["SET", key, value], ["GET", key], ["SET", "", ""], ["GET", ""],
                  ["PING", b"\0\r\n*1\r\n"])  # fmt: skip
    assert replies == [b"OK", value, b"OK", b"", b"\0\r\n*1\r\n"]
    assert client.command("GET", key) == value


def test_a_transaction_in_one_packet(client):
    requests = [["SET", "k", "v"], ["GET", "k"], ["DELETE", "k"], ["GET", "k"]]
    expected = b"+OK\r\n" + b"+QUEUED\r\n" * 4 + b"*4\r\n+OK\r\n$1\r\nv\r\n:1\r\n$-1\r\n"
    client.check(transaction(*requests), expected)
    client.check(transaction(*requests) * 50, expected * 50)


def test_a_transaction_one_byte_at_a_time(client):
    client.send_bytewise(transaction(["SET", b"k\0\r\n", "v"], ["GET", b"k\0\r\n"]))
    assert client.read_many(4) == [b"OK", QUEUED, QUEUED, [b"OK", b"v"]]


def test_a_transaction_split_at_every_byte(server, client):
    other = server.connect()
    whole = transaction(["SET", "k", "v"], ["GET", "k"])
    for cut in range(1, len(whole)):
        client.send_raw(whole[:cut])
        assert other.pipeline(["GET", "k"], ["DELETE", "k"]) == [None, 0]
        client.send_raw(whole[cut:])
        assert client.read_many(4) == [b"OK", QUEUED, QUEUED, [b"OK", b"v"]]
        assert other.command("DELETE", "k") == 1


def test_what_follows_exec_is_answered_behind_it(client):
    for before in (0, 1, 13, 14, 15, 30):
        requests = [["PING", n] for n in range(before)] + [["MULTI"], ["PING", "in"], ["EXEC"]]
        requests += [["PING", n] for n in range(40)]
        echoes = [b"%d" % n for n in range(40)]
        assert client.pipeline(*requests) == [*echoes[:before], b"OK", QUEUED, [b"in"], *echoes]


def test_ten_thousand_commands(client):
    requests = [["SET", f"k{n % 500}", n] for n in range(5000)]
    requests += [["GET", f"k{n % 500}"] for n in range(5000)]
    replies = run(client, *requests)
    assert replies == [b"OK"] * 5000 + [b"%d" % (4500 + n % 500) for n in range(5000)]
    assert client.command("COUNT") == 500


def test_a_request_with_many_words_among_short_ones(client):
    many = [f"k{n}" for n in range(5000)]
    replies = run(client, ["SET", "k7", "v"], ["EXISTS", *many], ["GET", "k7"],
                  ["DELETE", *many], ["COUNT"])  # fmt: skip
    assert replies == [b"OK", 1, b"v", 1, 0]


# Nobody in between


def test_queues_of_two_clients_do_not_mix(server):
    one, two = server.connect(), server.connect()
    begin(one, ["SET", "a", "one"])
    begin(two, ["SET", "a", "two"], ["SET", "b", "two"])
    assert one.command("SET", "c", "one") == QUEUED
    assert two.command("EXEC") == [b"OK", b"OK"]
    assert one.command("GET", "b") == QUEUED
    assert one.command("EXEC") == [b"OK", b"OK", b"two"]
    assert two.pipeline(["GET", "a"], ["GET", "b"], ["GET", "c"]) == [b"one", b"two", b"one"]


def test_between_two_commands_of_a_transaction_nobody_elses_is_run(server):
    """Each writer sets both keys to the same; each reader asks for both, again and again."""
    problems = []

    def write(client, name):
        for n in range(40):
            word = f"{name}:{n}"
            replies = client.pipeline(
                *[["MULTI"], ["SET", "a", word], *[["PING"]] * 50, ["SET", "b", word]],
                *[["GET", "a"], ["EXEC"]],
            )
            if replies[-1][-1] != word.encode():
                problems.append(replies[-1])

    def read(client):
        for _ in range(120):
            a, b = run(client, ["GET", "a"], ["GET", "b"])
            if a != b:
                problems.append((a, b))

    threads = [threading.Thread(target=write, args=(server.connect(), n)) for n in range(3)]
    threads += [threading.Thread(target=read, args=(server.connect(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert server.connect().command("GET", "a") is not None


def test_a_client_in_a_transaction_delays_nobody(server, client):
    begin(client, ["SET", "k", "v"])
    other = server.connect()
    assert other.command("SET", "k", "w", limit=SOON) == b"OK"
    assert client.command("GET", "k") == QUEUED
    assert client.command("EXEC") == [b"OK", b"v"]


def test_endless_transactions_starve_nobody(server, client):
    block = transaction(*[["SET", f"key:{n}", "v" * 20] for n in range(2000)]) * 5
    check_nobody_starves(server, client, block)


# Time


def test_seconds_count_from_exec_on(client):
    client.command("SET", "old", "v", 1)
    start = time.monotonic()
    begin(client, ["SET", "new", "v", "100"], ["EXISTS", "old"])
    eventually(lambda: time.monotonic() > start + 1.1, "the deadline of the old key")
    assert client.command("EXEC") == [b"OK", 0]
    assert client.command("TTL", "new") in (99, 100)


def test_a_client_that_says_nothing_more_is_closed_with_its_queue(start_server):
    server = start_server("--timeout=1")
    silent, other = server.connect(), server.connect()
    begin(silent, ["SET", "k", "v" * 100000])
    # Asking again and again keeps the second connection from being idle.
    eventually(lambda: other.info()["connected_clients"] == "1", "the end of the silent one")
    assert other.command("COUNT") == 0
    assert buffer_bytes(other) < SMALL
    assert silent.read_to_end() == b""


# Limits


def test_a_queue_holds_almost_64_mib_and_no_more(client):
    big = "v" * (16 * MEGABYTE - 1000)
    begin(client, *(["SET", f"k{n}", big] for n in range(4)))
    reply = client.command("SET", "k4", "v" * 5000)
    assert isinstance(reply, Error) and reply == TOO_MUCH
    assert client.command("EXEC") == ABORTED
    assert client.command("COUNT") == 0

    begin(client, *(["SET", f"k{n}", big] for n in range(4)))
    assert client.command("EXEC", limit=3 * LIMIT) == [b"OK"] * 4
    assert client.command("COUNT") == 4


def test_one_request_over_64_mib_is_too_much_for_a_queue(client):
    big = "v" * (65 * MEGABYTE)
    begin(client)
    assert client.command("SET", "k", big, limit=3 * LIMIT) == TOO_MUCH
    assert client.command("DISCARD") == b"OK"
    assert client.command("SET", "k", big, limit=3 * LIMIT) == b"OK"


def test_the_memory_of_a_queue_shows_and_is_given_back(server):
    other = server.connect()
    assert buffer_bytes(other) < SMALL
    ways = [("EXEC", [b"OK"] * 3), ("DISCARD", b"OK")]
    for word, expected in ways:
        client = server.connect()
        begin(client, *(["SET", f"k{n}", "v" * MEGABYTE] for n in range(3)))
        eventually(lambda: 3 * MEGABYTE < buffer_bytes(other) < 16 * MEGABYTE, "the queue")
        assert client.command(word) == expected
        eventually(lambda: buffer_bytes(other) < SMALL, f"memory after {word}")


def test_an_error_while_queueing_frees_the_queue_at_once(server):
    other, client = server.connect(), server.connect()
    begin(client, ["SET", "a", "v" * MEGABYTE], ["SET", "b", "v" * MEGABYTE])
    eventually(lambda: buffer_bytes(other) > 2 * MEGABYTE, "the queue")
    assert isinstance(client.command("NOSUCH"), Error)
    eventually(lambda: buffer_bytes(other) < SMALL, "memory after the error")
    assert client.command("EXEC") == ABORTED


def test_past_the_bound_the_queue_is_freed_at_once(server):
    other, client = server.connect(), server.connect()
    begin(client, *(["SET", f"k{n}", "v" * 15 * MEGABYTE] for n in range(4)))
    eventually(lambda: buffer_bytes(other) > 60 * MEGABYTE, "the queue")
    assert client.command("SET", "k", "v" * 15 * MEGABYTE) == TOO_MUCH
    eventually(lambda: buffer_bytes(other) < SMALL, "memory after the bound")


@pytest.mark.env(MEDUSA_MAX_MEMORY="1mb")
def test_the_limit_of_the_data_is_held_against_each_command(client):
    replies = run(client, ["SET", "a", "v" * 1000], ["SET", "b", "v" * 2 * MEGABYTE],
                  ["SET", "c", "v" * 1000], ["COUNT"])  # fmt: skip
    assert replies == [b"OK", OVER_LIMIT, b"OK", 2]


@pytest.mark.plain_build
def test_without_memory_for_the_queue_nothing_is_run(start_server):
    server = start_server(preexec_fn=address_space(64))
    client = server.connect()
    client.command("SET", "old", "v")
    assert client.command("MULTI") == b"OK"
    replies = [client.command("CLEAR")]
    while replies[-1] == QUEUED and len(replies) < 70:
        replies.append(client.command("SET", f"k{len(replies)}", "v" * MEGABYTE))
    assert replies[-1] == NO_MEMORY
    assert client.command("EXEC") == ABORTED
    assert client.pipeline(["GET", "old"], ["COUNT"]) == [b"v", 1]


@pytest.mark.plain_build
def test_without_memory_for_the_replies_nothing_is_run(start_server):
    server = start_server(preexec_fn=address_space(64))
    client = server.connect()
    count = 530000  # their queue fits into 32 MiB; room for their replies would need 64
    begin(client)
    client.check(encode("SET", "k", "v") * count, b"+QUEUED\r\n" * count)
    assert client.command("EXEC") == NO_MEMORY
    assert client.pipeline(["COUNT"], ["EXEC"]) == [0, b"ERR EXEC without MULTI"]


@pytest.mark.plain_build
def test_a_reply_without_memory_does_not_stop_the_commands_behind_it(start_server):
    server = start_server(preexec_fn=address_space(96))
    client = server.connect()
    client.command("SET", "big", "v" * 5 * MEGABYTE)
    gets, sets = [["GET", "big"]] * 50, [["SET", f"k{n}", n] for n in range(100)]
    replies = run(client, *gets, *sets)
    fit = replies.count(b"v" * 5 * MEGABYTE)
    assert 0 < fit < 50
    assert replies[:50] == [b"v" * 5 * MEGABYTE] * fit + [NO_MEMORY] * (50 - fit)
    assert replies[50:] == [b"OK"] * 100
    assert server.connect().command("COUNT") == 101


@pytest.mark.plain_build
def test_a_large_reply_does_not_take_the_room_of_those_behind_it(start_server):
    """Eight values and the head of the array leave 106 bytes of 32 MiB; no more can be had."""
    server = start_server(preexec_fn=address_space(64))
    client = server.connect()
    value = b"v" * (32 * MEGABYTE // 8 - 26)
    client.command("SET", "big", value)
    begin(client, *[["GET", "big"]] * 8, *(["SET", f"k{n}", n] for n in range(100)))
    assert client.command("EXEC") == [value] * 7 + [NO_MEMORY] + [b"OK"] * 100
    assert client.command("COUNT") == 101


def test_after_an_error_nothing_more_is_kept(server):
    other, client = server.connect(), server.connect()
    begin(client)
    assert isinstance(client.command("NOSUCH"), Error)
    for n in range(70):  # more than the bound, if it were kept
        assert client.command("SET", f"k{n}", "v" * MEGABYTE) == QUEUED
    eventually(lambda: buffer_bytes(other) < SMALL, "no memory for what will not be run")
    assert client.command("EXEC") == ABORTED


# The end of the server


def test_at_the_end_of_the_server_an_open_transaction_is_not_run_nor_waited_for(server):
    client = server.connect()
    begin(client, ["SET", "k", "v"])
    start = time.monotonic()
    server.signal(signal.SIGTERM)
    assert client.read_to_end() == b""
    assert server.wait() == 0
    assert time.monotonic() - start < LIMIT / 2


def test_a_transaction_that_was_received_before_the_end_is_run_and_answered(server):
    client = server.connect()
    begin(client, ["SET", "k", "v"])
    server.signal(signal.SIGSTOP)  # so that the rest waits in the kernel's buffer
    client.send_raw(encode("GET", "k") + encode("EXEC") + encode("GET", "k") + encode("MULTI"))
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGCONT)
    assert client.read_to_end() == b"+QUEUED\r\n*2\r\n+OK\r\n$1\r\nv\r\n$1\r\nv\r\n+OK\r\n"
    assert server.wait() == 0
