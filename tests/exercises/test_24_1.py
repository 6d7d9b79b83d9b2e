"""Exercise 24-1: INFO is a verbatim string in version 3."""

import pytest


def raw_info(client, *sections):
    client.send("INFO", *sections)
    return client.read_raw()


@pytest.mark.parametrize("section", ["server", "keyspace"])
def test_in_version_3_info_is_a_text_of_the_kind_txt(client, section):
    client.command("HELLO", "3")
    head, _, rest = raw_info(client, section).partition(b"\r\n")
    text = rest[: -len(b"\r\n")]
    assert head == b"=%d" % len(text)
    assert text.startswith(b"txt:# " + section.capitalize().encode() + b"\r\n")


def test_the_next_reply_is_found_behind_it(client):
    client.command("HELLO", "3")
    assert raw_info(client).startswith(b"=")
    assert client.command("PING") == b"PONG"


def test_in_version_2_and_back_in_it_nothing_changes(client):
    assert raw_info(client, "keyspace").startswith(b"$12\r\n# Keyspace\r\n")
    client.command("HELLO", "3")
    assert raw_info(client, "keyspace").startswith(b"=16\r\ntxt:# Keyspace\r\n")
    client.command("HELLO", "2")
    assert raw_info(client, "keyspace").startswith(b"$12\r\n# Keyspace\r\n")


def test_a_section_that_does_not_exist_is_an_empty_text(client):
    client.command("HELLO", "3")
    assert raw_info(client, "nothing") == b"=4\r\ntxt:\r\n"
