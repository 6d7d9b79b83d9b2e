"""A web application that keeps computed pages and figures in Redis, by Flask-Caching.

Usage: flask_pages.py PORT [PASSWORD]. Asks itself for its pages, checks them, and prints "ok".
"""

import sys
import time

from flask import Flask
from flask_caching import Cache

LIMIT = 10  # seconds until something that expires after one must be gone


def make(port, password):
    """Gives the application and its cache."""
    app = Flask(__name__)
    app.config.update(
        CACHE_TYPE="RedisCache",
        CACHE_REDIS_HOST="127.0.0.1",
        CACHE_REDIS_PORT=port,
        CACHE_REDIS_PASSWORD=password,
        CACHE_KEY_PREFIX="pages:",
        CACHE_DEFAULT_TIMEOUT=60,
    )
    cache = Cache(app)
    calls = []

    @app.route("/slow/<name>")
    @cache.cached(timeout=1)
    def slow(name):
        calls.append(name)
        return f"{name} was computed {len(calls)} times"

    @cache.memoize()
    def square(number):
        calls.append(number)
        return {"square": number * number}

    @app.route("/square/<int:number>")
    def show_square(number):
        return square(number)

    @app.route("/forget")
    def forget():
        cache.delete_memoized(square)
        return "forgotten"

    return app, cache, calls


def check_pages(browser, calls):
    assert browser.get("/slow/a").text == "a was computed 1 times"
    assert browser.get("/slow/a").text == "a was computed 1 times"
    assert browser.get("/slow/b").text == "b was computed 2 times"
    deadline = time.monotonic() + LIMIT
    while browser.get("/slow/a").text == "a was computed 1 times":
        assert time.monotonic() < deadline, "the page did not expire"
        time.sleep(0.05)

    del calls[:]
    assert [browser.get("/square/7").json for _ in range(3)] == [{"square": 49}] * 3
    assert calls == [7]
    assert browser.get("/forget").text == "forgotten"
    assert browser.get("/square/7").json == {"square": 49}
    assert calls == [7, 7]


def check_cache(cache):
    assert cache.set_many({"a": [1, 2], "b": {"c": None}}) and cache.get_many("a", "b", "x") == [
        [1, 2],
        {"c": None},
        None,
    ]
    assert cache.add("a", "other") is False and cache.add("new", "first") is True
    assert cache.has("new") and cache.get("new") == "first"
    assert cache.inc("n", 41) == 41 and cache.inc("n") == 42 and cache.dec("n", 2) == 40
    assert cache.unlink("n") == 1 and cache.delete("new") is True
    assert cache.get_dict("a", "new") == {"a": [1, 2], "new": None}
    assert cache.clear() is True and cache.get("a") is None


def main(port, password=None):
    app, cache, calls = make(int(port), password)
    check_pages(app.test_client(), calls)
    with app.app_context():
        check_cache(cache.cache)
    print("ok")


main(*sys.argv[1:])
