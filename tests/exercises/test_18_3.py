"""Exercise 18-3: MGET, which asks ahead for all its keys."""


def prefetched(client):
    info = client.info("stats")
    assert "prefetched_keys" in info, "INFO stats has no line prefetched_keys"
    return int(info["prefetched_keys"])


def test_mget_answers_with_every_value_in_order(client):
    client.command("SET", "a", "1")
    client.command("SET", "c", "")
    assert client.command("MGET", "a", "b", "c", "a") == [b"1", None, b"", b"1"]


def test_mget_of_more_keys_than_a_batch_has_is_right(client):
    client.pipeline(*(("SET", f"k{n}", n) for n in range(0, 100, 2)))
    expected = [b"%d" % n if n % 2 == 0 else None for n in range(100)]
    for count in (1, 15, 16, 17, 32, 33, 100):
        assert client.command("MGET", *(f"k{n}" for n in range(count))) == expected[:count]


def test_mget_does_not_show_a_key_past_its_deadline(client):
    client.command("SET", "k", "v")
    client.command("EXPIRE", "k", "-1")
    assert client.command("MGET", "k") == [None]


def test_mget_without_a_key_is_refused(client):
    assert client.command("MGET") == b"ERR wrong number of arguments for 'mget' command"


def test_batches_count_the_keys_that_they_prefetch(client):
    before = prefetched(client)
    client.pipeline(*(("SET", f"k{n}", n) for n in range(20)), ("PING",), ("COUNT",))
    assert prefetched(client) - before == 20


def test_mget_prefetches_each_of_its_keys_once(client):
    before = prefetched(client)
    client.command("MGET", *(f"k{n}" for n in range(40)))
    assert prefetched(client) - before == 40


def test_mget_in_a_pipeline_is_answered_in_order(client):
    requests = [("SET", "k", "1"), ("MGET", "k", "x"), ("SET", "k", "2"), ("MGET", "k")]
    assert client.pipeline(*requests) == [b"OK", [b"1", None], b"OK", [b"2"]]
