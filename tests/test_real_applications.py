"""Applications that keep caches and sessions in Redis, unmodified, with a real server instead."""

import re
import sys
import urllib.parse

import pytest

from clients.browser import Browser
from clients.kit import (
    CLIENTS,
    PASSWORD,
    Background,
    check_with_and_without_password,
    exercises,
    run,
)
from medusa import eventually, free_port

pytestmark = pytest.mark.since("final")


@exercises("Flask-Caching", "pages and results of functions, in a Flask application; passwords")
def test_a_flask_application_caches_its_pages(start_server):
    check_with_and_without_password(start_server, sys.executable, CLIENTS / "flask_pages.py")


@exercises("django-redis", "sessions and cache of a Django application; passwords")
def test_a_django_application_keeps_its_sessions_and_its_cache(start_server):
    check_with_and_without_password(start_server, sys.executable, CLIENTS / "django_shop.py")


# PHP


def php_application(server, port, seconds):
    """Starts the application on a port, with sessions of so many seconds; for a with statement."""
    place = f"tcp://127.0.0.1:{server.port}?auth={urllib.parse.quote(PASSWORD)}&prefix=session:"
    settings = {
        "session.save_handler": "redis",
        "session.save_path": f'"{place}"',
        "session.gc_maxlifetime": seconds,
    }
    words = [word for name, value in settings.items() for word in ("-d", f"{name}={value}")]
    env = {"REDIS_PORT": str(server.port), "REDIS_PASSWORD": PASSWORD}
    address = f"127.0.0.1:{port}"
    return Background("php", *words, "-S", address, CLIENTS / "visits.php", env=env)


@exercises("PhpRedis", "PHP's own sessions, and a cache; passwords")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_a_php_application_keeps_its_sessions(server, client):
    assert client.command("AUTH", PASSWORD) == b"OK"
    port = free_port()
    browser, stranger = Browser(port), Browser(port)
    with php_application(server, port, 60) as application:
        application.wait_for("started")
        assert browser.get("/values") == (200, "ok")
        assert [browser.get("/"), browser.get("/")] == [(200, "visit 1"), (200, "visit 2")]
        (key,) = client.command("KEYS", "session:*")
        assert 0 < client.command("TTL", key) <= 60
        assert stranger.get("/") == (200, "visit 1")
        assert stranger.get("/leave") == (200, "bye")
        assert client.command("KEYS", "*") == [key]
    port = browser.port = free_port()
    with php_application(server, port, 1) as application:
        application.wait_for("started")
        assert browser.get("/") == (200, "visit 3")
        eventually(lambda: client.command("KEYS", "*") == [], "the session has expired")
        assert browser.get("/") == (200, "visit 1")


# ccache


@exercises("ccache", "results of the compiler, shared between two machines; passwords")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_ccache_shares_its_results_through_the_server(server, client, tmp_path):
    assert client.command("AUTH", PASSWORD) == b"OK"
    source = tmp_path / "answer.c"
    source.write_text("int answer(void);\nint answer(void) { return 42; }\n")

    def compile_on(machine):
        """Compiles with a fresh local cache; gives the object file and the statistics."""
        password = urllib.parse.quote(PASSWORD)
        env = {
            "CCACHE_CONFIGPATH": "/dev/null",
            "CCACHE_DIR": str(tmp_path / machine),
            "CCACHE_LOGFILE": str(tmp_path / f"{machine}.log"),
            "CCACHE_REMOTE_STORAGE": f"redis://default:{password}@127.0.0.1:{server.port}",
        }
        object_file = tmp_path / f"{machine}.o"
        run("ccache", "cc", "-c", source, "-o", object_file, env=env)
        lines = run("ccache", "--print-stats", env=env).splitlines()
        stats = dict(re.fullmatch(r"(\w+)\t(\d+)", line).groups() for line in lines)
        return object_file.read_bytes(), stats

    compiled, stats = compile_on("first")
    assert stats["cache_miss"] == "1" and client.command("DBSIZE") >= 2
    found, stats = compile_on("second")
    assert found == compiled
    assert (stats["cache_miss"], stats["direct_cache_hit"]) == ("0", "1")
    assert int(stats["remote_storage_hit"]) >= 1
    for stats_name in ("remote_storage_error", "remote_storage_timeout"):
        assert stats[stats_name] == "0", (tmp_path / "second.log").read_text()


# Prometheus


@exercises("prometheus-redis-exporter", "INFO, CONFIG and CLIENT LIST as metrics; passwords")
@pytest.mark.env(MEDUSA_PASSWORD=PASSWORD)
def test_the_exporter_makes_metrics(server, client):
    assert client.command("AUTH", PASSWORD) == b"OK"
    client.command("MSET", "user:1", "v", "user:2", "v", "other", "v")
    client.command("EXPIRE", "other", 100)
    port = free_port()
    words = ["-redis.addr", f"redis://127.0.0.1:{server.port}", "-redis.password", PASSWORD]
    words += ["-web.listen-address", f"127.0.0.1:{port}", "-redis-only-metrics"]
    words += ["-export-client-list", "-include-config-metrics", "-count-keys", "db0=user:*"]
    with Background("prometheus-redis-exporter", *words) as exporter:
        exporter.wait_for("Providing metrics")
        browser = Browser(port)
        eventually(lambda: is_serving(browser), "the exporter serves")
        status, text = browser.get("/metrics")
        exporter.process.terminate()
        exporter.drain()
    metrics = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert status == 200 and metrics["redis_up"] == "1", text
    assert metrics['redis_db_keys{db="db0"}'] == "3"
    assert metrics['redis_db_keys_expiring{db="db0"}'] == "1"
    assert metrics['redis_keys_count{db="db0",key="user:*"}'] == "2"
    assert float(metrics["redis_memory_used_bytes"]) > 0
    assert float(metrics["redis_commands_processed_total"]) > 0
    assert "redis_config_maxmemory" in metrics
    assert any(name.startswith("redis_connected_client") for name in metrics)
    lines = [line for line in exporter.output.splitlines() if "cmd LATENCY LATEST" not in line]
    assert not re.search(r"level=(?:error|fatal)|pars", "\n".join(lines)), exporter.output


def is_serving(browser):
    """Tells whether a web server accepts connections already."""
    try:
        return browser.get("/")[0] == 200
    except ConnectionRefusedError:
        return False
