"""Exercise 30-2: CONFIG SET requirepass changes the password while the server runs."""

import pytest

from medusa import Error, encode

NOAUTH = b"NOAUTH Authentication required."


def is_locked(client):
    """Tells whether a connection has to give a password."""
    reply = client.command("GET", "k")
    return isinstance(reply, Error) and reply == NOAUTH


def test_newcomers_need_the_new_password_and_others_stay_in(server, client):
    assert client.command("CONFIG", "SET", "requirepass", "sesame") == b"OK"
    assert not is_locked(client)
    newcomer = server.connect()
    assert is_locked(newcomer)
    assert newcomer.command("AUTH", "sesame") == b"OK"
    assert not is_locked(newcomer)


def test_who_resets_has_to_give_it(client):
    client.command("CONFIG", "SET", "requirepass", "sesame")
    client.command("RESET")
    assert is_locked(client)
    assert client.command("AUTH", "sesame") == b"OK"


@pytest.mark.env(MEDUSA_PASSWORD="old")
def test_the_old_password_does_no_longer_do(server, client):
    client.command("AUTH", "old")
    assert client.command("CONFIG", "SET", "requirepass", "new") == b"OK"
    newcomer = server.connect()
    assert newcomer.command("AUTH", "old").startswith(b"WRONGPASS")
    assert newcomer.command("AUTH", "new") == b"OK"


@pytest.mark.env(MEDUSA_PASSWORD="old")
def test_an_empty_one_takes_it_away(server, client):
    client.command("AUTH", "old")
    assert client.command("CONFIG", "SET", "requirepass", "") == b"OK"
    assert not is_locked(server.connect())
    assert client.command("CONFIG", "GET", "requirepass") == [b"requirepass", b""]


def test_it_is_not_shown(server, client):
    client.command("CONFIG", "SET", "requirepass", "sesame")
    client.check(
        encode("CONFIG", "GET", "requirepass"),
        b"*2\r\n$11\r\nrequirepass\r\n$11\r\n(not shown)\r\n",
    )
    assert b"sesame" not in b"".join(client.command("CONFIG", "GET", "*"))
    assert "sesame" not in server.log_text()


def test_it_may_have_512_bytes_and_no_more(server, client):
    longest = "x" * 512
    assert client.command("CONFIG", "SET", "requirepass", longest) == b"OK"
    assert server.connect().command("AUTH", longest) == b"OK"
    reply = client.command("CONFIG", "SET", "requirepass", longest + "x")
    assert isinstance(reply, Error) and b"512 bytes" in reply
    assert server.connect().command("AUTH", longest) == b"OK"


def test_it_is_not_set_if_another_setting_is_wrong(server, client):
    reply = client.command("CONFIG", "SET", "requirepass", "sesame", "timeout", "soon")
    assert isinstance(reply, Error) and b"'timeout'" in reply
    assert not is_locked(server.connect())
