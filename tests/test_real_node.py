"""ioredis, node-redis and connect-redis, from npm and unmodified, against a real server.

tests/clients/package-lock.json says which versions; they are installed below tests/clients/build
when a test here runs for the first time.
"""

import pytest

from clients.browser import Browser
from clients.kit import PASSWORD, check_with_node, exercises, node_application
from medusa import eventually

pytestmark = pytest.mark.since("final")

# ioredis


@exercises("ioredis", "values, deadlines and counters, with default settings (HELLO 3)")
def test_ioredis_stores_values(server):
    check_with_node("ioredis.js", "values", server.port)


@exercises("ioredis", "pipelines, MULTI and DISCARD")
def test_ioredis_sends_pipelines(server):
    check_with_node("ioredis.js", "pipelines", server.port)


@exercises("ioredis", "streams of SCAN, with a prefix for all keys")
def test_ioredis_scans(server):
    check_with_node("ioredis.js", "scans", server.port)


@exercises("ioredis", "errors")
def test_ioredis_reports_errors(server):
    check_with_node("ioredis.js", "errors", server.port)


@exercises("ioredis", "connecting again after CLIENT KILL")
def test_ioredis_connects_again(server):
    check_with_node("ioredis.js", "reconnects", server.port)


@exercises("ioredis", "a connection that the server has closed for being idle")
@pytest.mark.env(MEDUSA_TIMEOUT="1")
def test_ioredis_replaces_a_connection_that_was_idle_for_too_long(server):
    check_with_node("ioredis.js", "idles", server.port)


@exercises("ioredis", "passwords, with versions 2 and 3 of the protocol")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_ioredis_gives_a_password(server):
    check_with_node("ioredis.js", "passwords", server.port, PASSWORD)


# node-redis


@exercises("node-redis", "values, deadlines and counters, with default settings (HELLO 3)")
def test_node_redis_stores_values(server):
    check_with_node("node-redis.js", "values", server.port)


@exercises("node-redis", "automatic pipelines, MULTI")
def test_node_redis_sends_pipelines(server):
    check_with_node("node-redis.js", "pipelines", server.port)


@exercises("node-redis", "SCAN as an iterator, DBSIZE, FLUSHDB")
def test_node_redis_scans(server):
    check_with_node("node-redis.js", "scans", server.port)


@exercises("node-redis", "errors")
def test_node_redis_reports_errors(server):
    check_with_node("node-redis.js", "errors", server.port)


@exercises("node-redis", "CLIENT, CONFIG, INFO, MEMORY USAGE")
def test_node_redis_asks_about_the_server(server):
    check_with_node("node-redis.js", "server", server.port)


@exercises("node-redis", "a pool of connections")
def test_node_redis_uses_a_pool(server):
    check_with_node("node-redis.js", "pools", server.port)


@exercises("node-redis", "a connection that the server has closed for being idle")
@pytest.mark.env(MEDUSA_TIMEOUT="1")
def test_node_redis_replaces_a_connection_that_was_idle_for_too_long(server):
    check_with_node("node-redis.js", "idles", server.port)


@exercises("node-redis", "passwords, with versions 2 and 3 of the protocol")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_node_redis_gives_a_password(server):
    check_with_node("node-redis.js", "passwords", server.port, PASSWORD)


# Sessions of a web application


@exercises("connect-redis", "sessions of an Express application: log in, restart, log out, expire")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_a_web_application_keeps_its_sessions(server, client):
    assert client.command("AUTH", PASSWORD) == b"OK"
    words = ["express-login.js", server.port, PASSWORD]
    with node_application(*words) as application:
        browser, stranger = Browser(application.port()), Browser(application.port())
        assert stranger.get("/") == (401, "please log in")
        assert browser.get("/login/alice/60") == (200, "welcome")
        assert browser.get("/") == (200, "alice, visit 1")
        assert stranger.get("/") == (401, "please log in")
    (key,) = client.command("KEYS", "session:*")
    assert 0 < client.command("TTL", key) <= 60
    with node_application(*words) as application:
        browser.port = application.port()
        assert browser.get("/") == (200, "alice, visit 2")
        assert browser.get("/logout") == (200, "bye")
        assert browser.get("/") == (401, "please log in")
        assert client.command("EXISTS", key) == 0
        assert browser.get("/login/bob/1") == (200, "welcome")
        eventually(lambda: client.command("KEYS", "*") == [], "the session has expired")
        assert browser.get("/") == (401, "please log in")
