"""Exercise 10-2: a fresh secret whenever the store is emptied."""

NUMBERS = range(100)


def fill_and_list(client):
    client.pipeline(*[("SET", f"key:{number}", "v") for number in NUMBERS])
    return client.command("LIST")


def test_the_same_keys_are_listed_in_another_order_after_clear(client):
    before = fill_and_list(client)
    assert client.command("CLEAR") == b"OK"
    after = fill_and_list(client)
    assert sorted(after) == sorted(before)
    assert after != before, "the keys are in the same order as before CLEAR"


def test_keys_are_found_and_removed_after_clear(client):
    fill_and_list(client)
    client.command("CLEAR")
    assert client.command("EXISTS", "key:1") == 0
    fill_and_list(client)
    assert client.command("DELETE", *[f"key:{number}" for number in NUMBERS]) == len(NUMBERS)
    assert client.command("COUNT") == 0
