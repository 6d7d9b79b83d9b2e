"""Exercise 19-2: the longest batch since the start."""


def longest_us(client):
    info = client.info("stats")
    assert "longest_batch_us" in info, "INFO stats has no line longest_batch_us"
    return int(info["longest_batch_us"])


def test_the_longest_batch_is_a_number_of_microseconds(client):
    assert 0 <= longest_us(client) < 60 * 1000 * 1000


def test_a_slow_command_is_seen(client):
    client.pipeline(*(("SET", f"key:{n}", n) for n in range(20000)))
    assert len(client.command("LIST")) == 20000
    assert longest_us(client) >= 50  # 2.5 nanoseconds a key: no machine is that fast


def test_the_longest_batch_never_gets_shorter(client):
    client.pipeline(*(("SET", f"key:{n}", n) for n in range(5000)))
    client.command("LIST")
    seen = [longest_us(client) for _ in range(20)]
    assert seen == sorted(seen)
