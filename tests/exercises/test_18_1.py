"""Exercise 18-1: how full are the batches."""


def batches(client):
    info = client.info("stats")
    assert "total_batches" in info, "INFO stats has no line total_batches"
    return int(info["total_batches"])


def test_info_counts_the_batch_that_it_is_in(client):
    assert batches(client) >= 1


def test_a_pipeline_is_run_in_batches_of_sixteen(client):
    before = batches(client)
    client.pipeline(*(("SET", f"k{n}", n) for n in range(160)))
    run = batches(client) - before - 1  # without the INFO itself
    assert 10 <= run <= 160, f"160 requests were run in {run} batches"


def test_a_request_that_cannot_be_read_is_in_a_batch_as_well(client):
    before = batches(client)
    client.check(b"GET 'k\r\n", b"-ERR Protocol error: unbalanced quotes in request\r\n")
    assert batches(client) - before == 2


def test_an_idle_server_runs_no_batch(client):
    before = batches(client)
    assert client.receives_nothing(0.5)
    assert batches(client) - before == 1
