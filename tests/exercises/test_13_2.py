"""slab_memory in INFO: the bytes of all slabs."""

SLAB = 64 * 1024


def mapped(client):
    return int(client.info("memory")["slab_memory"])


def test_an_empty_server_has_the_slab_of_one_segment(client):
    assert mapped(client) == SLAB


def test_a_size_that_is_new_takes_a_slab(client):
    client.command("SET", "k", "v" * 20)
    assert mapped(client) == 2 * SLAB
    client.command("SET", "l", "v" * 20)
    assert mapped(client) == 2 * SLAB
    client.command("SET", "k", "v" * 200)
    assert mapped(client) == 3 * SLAB


def test_an_empty_slab_is_the_spare_one_and_serves_the_next_size(client):
    client.command("SET", "k", "v" * 20)
    client.command("DELETE", "k")
    assert mapped(client) == 2 * SLAB
    client.command("SET", "k", "v" * 200)
    assert mapped(client) == 2 * SLAB


def test_a_large_value_takes_no_slab(client):
    client.command("SET", "k", "v" * 5000)
    assert mapped(client) == SLAB


def test_slabs_go_back_when_their_keys_go(client):
    client.pipeline(*(("SET", f"key:{i}", "v" * 100) for i in range(20000)))
    assert mapped(client) > 20000 * 100
    client.command("CLEAR")
    assert mapped(client) <= 2 * SLAB
