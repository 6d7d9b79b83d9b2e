"""Exercise 11-1: INFO shows how many segments there are, and how deep the directory is."""


def shape(client):
    info = client.info("stats")
    return int(info.get("table_segments", "-1")), int(info.get("table_depth", "-1"))


def keys(count):
    return [f"key:{number}" for number in range(count)]


def test_an_empty_table_is_one_segment_at_depth_zero(client):
    assert shape(client) == (1, 0)


def test_the_449th_key_splits_the_first_segment(client):
    client.pipeline(*[("SET", key, "v") for key in keys(448)])
    assert shape(client) == (1, 0)
    client.command("SET", "one more", "v")
    assert shape(client) == (2, 1)


def test_the_table_grows_with_its_keys_and_shrinks_with_them(client):
    client.pipeline(*[("SET", key, "v") for key in keys(3000)])
    segments, depth = shape(client)
    assert 7 <= segments <= 16
    assert 3 <= depth <= 6
    assert client.command("DELETE", *keys(3000)) == 3000
    assert shape(client) == (1, 0)
