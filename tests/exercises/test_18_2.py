"""Exercise 18-2: the size of a batch is a setting."""

import pytest

from medusa import run_once


def size_of(server):
    info = server.connect().info("server")
    assert "batch_size" in info, "INFO server has no line batch_size"
    return info["batch_size"]


def test_a_batch_has_16_requests_by_default(start_server):
    assert size_of(start_server()) == "16"


@pytest.mark.parametrize("size", ["1", "5", "64"])
def test_the_variable_sets_the_size(start_server, size):
    server = start_server(env={"MEDUSA_BATCH_SIZE": size})
    assert size_of(server) == size


def test_the_flag_wins_over_the_variable(start_server):
    server = start_server("--batch-size", "7", env={"MEDUSA_BATCH_SIZE": "9"})
    assert size_of(server) == "7"


@pytest.mark.parametrize("size", ["1", "3", "64"])
def test_long_pipelines_are_answered_in_order_with_any_size(start_server, size):
    client = start_server(env={"MEDUSA_BATCH_SIZE": size}).connect()
    requests = [("PING", n) for n in range(200)]
    assert client.pipeline(*requests) == [b"%d" % n for n in range(200)]


@pytest.mark.parametrize("size", ["0", "65", "-1", "many"])
def test_a_size_that_cannot_be_used_stops_the_start(binary, size):
    run = run_once(binary, env={"MEDUSA_BATCH_SIZE": size, "MEDUSA_PORT": "0"}, limit=2)
    assert run.returncode == 2
    assert "MEDUSA_BATCH_SIZE" in run.stderr and size in run.stderr and "64" in run.stderr
