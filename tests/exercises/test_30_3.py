"""Exercise 30-3: CLIENT REPLY ON, OFF and SKIP."""

from medusa import encode


def off(*more):
    """Gives CLIENT REPLY OFF and the requests behind it as bytes."""
    return encode("CLIENT", "REPLY", "OFF") + b"".join(encode(*words) for words in more)


ON = encode("CLIENT", "REPLY", "ON")
SKIP = encode("CLIENT", "REPLY", "SKIP")
PING = encode("PING")


def test_on_answers_and_changes_nothing(client):
    client.check(ON + PING, b"+OK\r\n+PONG\r\n")


def test_off_is_quiet_until_on(client):
    client.check(off(["SET", "k", "v"], ["GET", "k"], ["nosuch"]) + ON + PING, b"+OK\r\n+PONG\r\n")
    client.check(encode("GET", "k"), b"$1\r\nv\r\n")


def test_off_really_says_nothing(client):
    client.send_raw(off(["PING"], ["GET"], ["CLIENT", "REPLY", "SKIP"]))
    assert client.receives_nothing(0.3)


def test_skip_leaves_out_itself_and_the_next(client):
    client.check(SKIP + encode("SET", "k", "v") + encode("GET", "k"), b"$1\r\nv\r\n")
    client.check(SKIP + SKIP + PING + encode("ECHO", "x"), b"$1\r\nx\r\n")


def test_on_ends_a_skip(client):
    client.check(SKIP + ON + PING, b"+OK\r\n+PONG\r\n")


def test_skip_changes_nothing_where_replies_are_off(client):
    client.check(off() + SKIP + PING + ON + PING, b"+OK\r\n+PONG\r\n")


def test_other_connections_are_answered(server, client):
    client.send_raw(off(["SET", "k", "v"]))
    other = server.connect()
    other.check(PING, b"+PONG\r\n")


def test_reset_lets_the_server_speak(client):
    client.check(off() + encode("RESET") + PING, b"+RESET\r\n+PONG\r\n")


def test_other_words_are_a_syntax_error(client):
    client.check(encode("CLIENT", "REPLY", "maybe") + PING, b"-ERR syntax error\r\n+PONG\r\n")
    client.check(
        encode("CLIENT", "REPLY"), b"-ERR wrong number of arguments for 'client|reply' command\r\n"
    )


def test_a_quiet_connection_needs_no_memory_for_replies(server, client):
    client.command("SET", "k", "v" * 1_000_000)
    client.send_raw(off() + encode("GET", "k") * 300 + ON)
    assert client.read() == b"OK"
    line = server.connect().command("CLIENT", "LIST", "ID", "1").decode()
    assert int(line.split("omem=")[1].split()[0]) == 0
    assert client.command("PING") == b"PONG"
