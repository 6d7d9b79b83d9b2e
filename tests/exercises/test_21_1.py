"""Exercise 21-1: the limit of the data can be a share of the machine's memory."""

import os

import pytest

from medusa import run_once

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("percent", [1, 50, 100])
def test_a_number_with_a_percent_sign_is_a_share_of_the_memory(start_server, percent):
    client = start_server("--max-memory", f"{percent}%").connect()
    assert client.info("memory")["maxmemory"] == str(MACHINE * percent // 100)


def test_the_variable_takes_a_share_as_well(start_server):
    client = start_server(env={"MEDUSA_MAX_MEMORY": "10%"}).connect()
    assert client.info("memory")["maxmemory"] == str(MACHINE * 10 // 100)


def test_other_sizes_are_what_they_were(start_server):
    client = start_server("--max-memory=64mb").connect()
    assert client.info("memory")["maxmemory"] == "67108864"


@pytest.mark.parametrize("value", ["0%", "101%", "%", "5.5%", "-5%", "50%%", "50%m"])
def test_a_share_that_makes_no_sense_stops_the_start(binary, wrapper, tmp_path, value):
    done = run_once(binary, "--port=0", f"--max-memory={value}", wrapper=wrapper)
    assert done.returncode == 2
    assert value in done.stderr
