"""INFO: its form, and figures that are measured."""

import pytest

from medusa import eventually

pytestmark = pytest.mark.since("03-commands")

PROTECTED_MODE = pytest.mark.since("22-protected-mode")

FIELDS = [
    "redis_version", "medusa_version", "redis_mode", "os", "tcp_port", "process_id",
    "uptime_in_seconds", "connected_clients", "maxclients", "used_memory", "used_memory_rss",
    "used_memory_peak", "maxmemory", "total_connections_received", "total_commands_processed",
    "total_net_input_bytes", "total_net_output_bytes", "rejected_connections", "keyspace_hits",
    "keyspace_misses", "expired_keys", "used_cpu_sys", "used_cpu_user",
]  # fmt: skip


def test_info_is_a_bulk_string_of_headings_and_fields(client):
    text = client.command("INFO").decode()
    assert text.endswith("\r\n")
    lines = text.split("\r\n")
    assert any(line.startswith("# ") for line in lines)
    for line in lines:
        assert not line or line.startswith("# ") or ":" in line


def test_info_takes_a_section(client):
    text = client.command("INFO", "server").decode()
    assert text.lower().startswith("# server")
    assert text.count("# ") == 1
    assert client.command("INFO", "SERVER").decode().count("# ") == 1


def test_info_of_an_unknown_section_is_empty(client):
    client.check(b"INFO nosuchsection\r\n", b"$0\r\n\r\n")


@PROTECTED_MODE
@pytest.mark.parametrize("field", FIELDS)
def test_info_holds(client, field):
    assert field in client.info()


@PROTECTED_MODE
def test_info_takes_several_sections(client):
    text = client.command("INFO", "server", "memory").decode()
    assert "tcp_port:" in text and "used_memory:" in text and "role:" not in text


@PROTECTED_MODE
def test_info_names_the_process(server, client):
    info = client.info()
    assert info["process_id"] == str(server.pid)
    assert info["tcp_port"] == str(server.port)
    assert info["redis_version"].startswith("7.")
    assert info["medusa_version"] == "0.1.0"


@PROTECTED_MODE
def test_info_counts_hits_and_misses(client):
    client.command("SET", "k", "v")
    client.pipeline(["GET", "k"], ["GET", "k"], ["GET", "nothing"])
    info = client.info()
    assert (info["keyspace_hits"], info["keyspace_misses"]) == ("2", "1")


@PROTECTED_MODE
def test_info_counts_clients(server, client):
    assert client.info()["connected_clients"] == "1"
    other = server.connect()
    other.command("PING")
    assert client.info()["connected_clients"] == "2"
    other.close()
    eventually(lambda: client.info()["connected_clients"] == "1", "one client less")
    assert client.info()["total_connections_received"] == "2"


@PROTECTED_MODE
def test_info_counts_refused_clients(start_server):
    server = start_server("--max-connections=1")
    client = server.connect()
    assert client.info()["rejected_connections"] == "0"
    server.connect().read_to_end()
    assert client.info()["rejected_connections"] == "1"
    assert client.info()["maxclients"] == "1"


@PROTECTED_MODE
def test_info_counts_commands_and_bytes(client):
    before = client.info()
    sent = client.encode("PING", "x" * 1000) * 10
    client.send_raw(sent)
    client.read_many(10)
    after = client.info()

    def growth(name):
        return int(after[name]) - int(before[name])

    assert growth("total_commands_processed") in (10, 11)
    assert len(sent) <= growth("total_net_input_bytes") < len(sent) + 100
    assert growth("total_net_output_bytes") >= 10000


@PROTECTED_MODE
def test_info_counts_keys(client):
    client.pipeline(["SET", "a", "1"], ["SET", "b", "2", 100], ["SET", "c", "3", 100])
    assert client.info()["db0"].split(",")[0] == "keys=3"


@PROTECTED_MODE
def test_info_of_an_empty_store_has_no_db0(client):
    assert "db0" not in client.info()


@PROTECTED_MODE
def test_info_counts_expired_keys(client):
    client.pipeline(*(["SET", n, "v", 1] for n in range(10)))
    assert client.info()["expired_keys"] == "0"
    eventually(lambda: client.info()["expired_keys"] == "10", "10 expired keys")


@PROTECTED_MODE
def test_info_measures_the_memory_of_the_data(client):
    before = int(client.info()["used_memory"])
    client.command("SET", "k", "v" * 1000000)
    full = client.info()
    assert int(full["used_memory"]) - before >= 1000000
    client.command("DELETE", "k")
    after = client.info()
    assert int(after["used_memory"]) < before + 500000
    assert int(after["used_memory_peak"]) >= int(full["used_memory"])
    assert int(after["used_memory_rss"]) > 0
