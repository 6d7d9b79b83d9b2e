"""Exercise 16-1: INFO counts the waits of the event loop."""

import time


def cycles(client):
    return int(client.info("stats").get("eventloop_cycles", -1))


def test_every_request_that_comes_alone_takes_a_wait(client):
    before = cycles(client)
    assert before > 0
    for _ in range(50):
        client.command("PING")
    assert cycles(client) - before >= 50


def test_requests_that_come_together_share_a_wait(client):
    before = cycles(client)
    client.pipeline(*[("PING",)] * 200)
    assert 0 < cycles(client) - before < 100


def test_an_idle_server_waits_and_does_not_spin(client):
    before = cycles(client)
    time.sleep(0.5)
    assert cycles(client) - before < 40
