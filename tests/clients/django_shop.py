"""A Django application that keeps its cache and its sessions in Redis, by django-redis.

Usage: django_shop.py PORT [PASSWORD]. Asks itself for its pages, checks them, and prints "ok".
"""

import sys
import time

import django
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import path

LIMIT = 10  # seconds until something that expires after one must be gone


def configure(port, password):
    """Gives Django its settings."""
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        SECRET_KEY="not a secret",
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.cache",
        CACHES={
            "default": {
                "BACKEND": "django_redis.cache.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{port}/0",
                "OPTIONS": {"PASSWORD": password} if password else {},
            }
        },
    )
    django.setup()


def add(request, thing, seconds):
    """Puts a thing into the basket, which is kept for that long."""
    request.session.setdefault("basket", []).append(thing)
    request.session.set_expiry(seconds)
    return HttpResponse(",".join(request.session["basket"]))


def basket(request):
    """Shows the basket."""
    return HttpResponse(",".join(request.session.get("basket", [])))


def leave(request):
    """Forgets the session."""
    request.session.flush()
    return HttpResponse("bye")


urlpatterns = [
    path("add/<str:thing>/<int:seconds>", add),
    path("", basket),
    path("leave", leave),
]


def eventually(probe, what):
    deadline = time.monotonic() + LIMIT
    while not probe():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def page(client, url):
    return client.get(url).content.decode()


def check_sessions():
    client, other = Client(), Client()
    assert page(client, "/add/tea/60") == "tea"
    assert page(client, "/add/milk/60") == "tea,milk"
    assert page(client, "/") == "tea,milk" and page(other, "/") == ""
    assert page(client, "/leave") == "bye" and page(client, "/") == ""
    assert page(other, "/add/salt/1") == "salt"
    eventually(lambda: page(other, "/") == "", "the session did not expire")


def check_cache():
    cache.set("a", {"b": [1, 2]}, timeout=100)
    assert cache.get("a") == {"b": [1, 2]} and 90 < cache.ttl("a") <= 100
    cache.set_many({"c": 1, "d": 2.5})
    assert cache.get_many(["c", "d", "x"]) == {"c": 1, "d": 2.5}
    assert cache.add("a", "other") is False and cache.add("new", "first") is True
    assert cache.get_or_set("computed", lambda: 7) == 7 and "computed" in cache
    assert cache.touch("a", 200) is True and cache.ttl("a") > 100
    assert cache.persist("a") and cache.ttl("a") is None
    assert cache.incr("c", 5) == 6 and cache.decr("c") == 5 and cache.get("c") == 5
    assert sorted(cache.iter_keys("*")) == ["a", "c", "computed", "d", "new"]
    assert cache.delete_pattern("c*") == 2 and cache.delete_many(["d", "new"]) == 2
    assert cache.delete("a") and cache.keys("*") == []
    cache.set("short", "life", timeout=1)
    eventually(lambda: cache.get("short") is None, "the value did not expire")
    cache.set("last", 1)
    cache.clear()
    assert cache.get("last") is None


def main(port, password=None):
    configure(port, password)
    check_sessions()
    check_cache()
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
