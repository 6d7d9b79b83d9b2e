"""Exercise 25-1: the third wrong password in a row closes the connection."""

import pytest

from medusa import SLOWNESS, encode

pytestmark = pytest.mark.env(MEDUSA_PASSWORD="sesame")

WRONG = encode("AUTH", "wrong")
WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


def check_last(client, sent, expected):
    """Checks that nothing behind these requests is run, and that the connection ends."""
    client.send_raw(sent + encode("PING"))
    client.close_sending_side()
    assert client.read_to_end() == expected


def test_the_third_wrong_password_is_answered_and_ends_the_connection(server):
    client = server.connect()
    client.check(WRONG, WRONGPASS)
    client.check(WRONG, WRONGPASS)
    check_last(client, WRONG, WRONGPASS)


def test_it_ends_although_the_client_stays(client):
    client.send_raw(WRONG * 3)
    received = client.read_bytes(len(WRONGPASS * 3) + 1, limit=2 * SLOWNESS)
    assert received == WRONGPASS * 3
    assert client.ended


def test_nothing_behind_the_third_is_run(client):
    check_last(client, WRONG * 3 + encode("AUTH", "sesame"), WRONGPASS * 3)


def test_every_way_to_give_a_password_counts(client):
    client.check(encode("AUTH", "root", "sesame"), WRONGPASS)
    client.check(encode("HELLO", "3", "AUTH", "default", "wrong"), WRONGPASS)
    check_last(client, b"AUTH wrong\r\n", WRONGPASS)


def test_the_right_one_starts_the_count_anew(server):
    client = server.connect()
    for _ in range(3):
        client.check(WRONG * 2, WRONGPASS * 2)
        client.check(encode("AUTH", "sesame"), b"+OK\r\n")
    client.check(encode("PING"), b"+PONG\r\n")
    check_last(client, WRONG * 3, WRONGPASS * 3)


def test_other_connections_have_a_count_of_their_own(server):
    first, second = server.connect(), server.connect()
    first.check(WRONG * 2, WRONGPASS * 2)
    second.check(WRONG * 2, WRONGPASS * 2)
    check_last(first, WRONG, WRONGPASS)
    second.check(encode("AUTH", "sesame"), b"+OK\r\n")


def test_what_is_no_guess_does_not_count(server):
    client = server.connect()
    for _ in range(4):
        client.check(encode("AUTH"), b"-ERR wrong number of arguments for 'auth' command\r\n")
        client.check(encode("AUTH", "a", "b", "c"), b"-ERR syntax error\r\n")
        client.check(encode("PING"), b"-NOAUTH Authentication required.\r\n")
    client.check(encode("AUTH", "sesame"), b"+OK\r\n")
    check_last(client, WRONG * 3, WRONGPASS * 3)
