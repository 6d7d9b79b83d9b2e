"""Exercise 08-1: DEL, UNLINK and DBSIZE, as Redis programs send them."""

import pytest


@pytest.mark.parametrize("name", ["DEL", "UNLINK", "del"])
def test_keys_can_be_removed_by_the_name_that_redis_has(client, name):
    client.command("SET", "a", "1")
    client.command("SET", "b", "2")
    assert client.command(name, "a", "b", "c") == 2
    assert client.command("EXISTS", "a", "b") == 0
    client.check(
        b"*1\r\n$%d\r\n%s\r\n" % (len(name), name.encode()),
        b"-ERR wrong number of arguments for '%s' command\r\n" % name.lower().encode(),
    )


def test_dbsize_counts_the_keys(client):
    assert client.command("DBSIZE") == 0
    client.command("SET", "a", "1")
    assert client.command("DBSIZE") == 1


def test_the_native_names_stay(client):
    client.command("SET", "a", "1")
    assert client.command("COUNT") == 1
    assert client.command("DELETE", "a") == 1
