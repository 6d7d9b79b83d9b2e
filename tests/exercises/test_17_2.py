"""Exercise 17-2: a setting bounds what an unfinished request may hold."""

import subprocess

import pytest

from medusa import clean_environment, encode

ERROR = b"-ERR Protocol error: too big request\r\n"


@pytest.mark.env(MEDUSA_MAX_REQUEST="65536")
def test_a_request_past_the_limit_is_refused_and_the_client_closed(client):
    client.send_raw(encode("SET", "k", b"v" * 1_000_000)[:400_000])
    received = client.read_to_end(limit=5)
    assert received == ERROR


@pytest.mark.env(MEDUSA_MAX_REQUEST="65536")
def test_a_request_within_the_limit_is_served(client):
    assert client.command("SET", "k", b"v" * 60_000) == b"OK"
    assert client.command("GET", "k") == b"v" * 60_000


@pytest.mark.env(MEDUSA_MAX_REQUEST="65536")
def test_many_short_requests_are_not_one_long_one(client):
    assert client.pipeline(*[("SET", "k", b"v" * 1000)] * 1000) == [b"OK"] * 1000


def test_without_the_setting_long_requests_pass(client):
    assert client.command("SET", "k", b"v" * 3_000_000) == b"OK"


@pytest.mark.parametrize("value", ["1000", "1073741825", "much"])
def test_a_value_that_cannot_be_used_stops_the_start(binary, value):
    done = subprocess.run(
        [binary],
        env=clean_environment({"MEDUSA_MAX_REQUEST": value, "MEDUSA_HOST": "192.0.2.1"}),
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 2
    assert b"MEDUSA_MAX_REQUEST" in done.stderr
    assert b"65536" in done.stderr
