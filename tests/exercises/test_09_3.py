"""Exercise 09-3: a word over 16 MiB is refused by its length, and its bytes are dropped."""

from medusa import LIMIT, MEGABYTE, encode, eventually

MOST = 16 * MEGABYTE
TOO_LONG = b"ERR word too long: at most 16777216 bytes"
PING = encode("PING")


def header(length):
    return b"$%d\r\n" % length


def pings(length):
    """A word full of requests: any of them that is run shows as a PONG."""
    return (PING * (length // len(PING) + 1))[:length]


def test_the_error_comes_before_the_bytes_do(client):
    client.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + header(MOST + 1))
    assert client.read(limit=LIMIT / 2) == TOO_LONG


def test_the_bytes_are_not_run_and_the_connection_goes_on(client):
    word = pings(MOST + 1)
    request = encode("SET", "k", word)
    client.send_raw(request + request + encode("GET", "k") + encode("PING", "after"))
    assert client.read_many(4) == [TOO_LONG, TOO_LONG, None, b"after"]
    assert client.command("SET", "k", "v") == b"OK"


def test_the_words_behind_it_are_dropped_too(client):
    client.pipeline(("SET", "a", "1"), ("SET", "b", "2"))
    word = pings(MOST + 1)
    client.send_raw(encode("DELETE", "a", word, "b", word) + encode("EXISTS", "a", "b"))
    assert client.read_many(2) == [TOO_LONG, 2]


def test_the_pieces_may_be_cut_anywhere(client):
    head, word = b"*4\r\n$3\r\nSET\r\n$1\r\nk\r\n", pings(MOST + 1)
    client.send_bytewise(head + header(len(word)) + word[:20])
    client.send_raw(word[20:-20])
    client.send_bytewise(word[-20:] + b"\r\n" + header(14) + PING + b"\r\n")
    client.send_bytewise(encode("PING", "after"))
    assert client.read_many(2) == [TOO_LONG, b"after"]


def test_the_longest_word_is_stored(client):
    assert client.command("SET", "k", pings(MOST)) == b"OK"
    assert client.command("GET", "k") == pings(MOST)


def test_dropped_bytes_take_up_no_memory(server):
    client, asking = server.connect(), server.connect()
    asking.command("PING")
    before, sent = server.memory(), 64 * MEGABYTE
    client.send_raw(b"*2\r\n$6\r\nEXISTS\r\n" + header(2 * sent) + pings(sent))
    eventually(
        lambda: int(asking.info("stats")["total_net_input_bytes"]) > sent, "the bytes are read"
    )
    assert server.memory() - before < 16 * MEGABYTE
    assert client.read(limit=LIMIT / 2) == TOO_LONG
