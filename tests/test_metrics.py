"""Metrics: counts and latencies of commands in INFO, and the same for Prometheus over HTTP."""

import json
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from medusa import (
    LIMIT,
    SLOWNESS,
    Client,
    clean_environment,
    eventually,
    free_port,
    outside_address,
    run_once,
)

pytestmark = pytest.mark.since("27-metrics")

SCRAPERS = 16  # HTTP clients that the server serves at once
HEAD_BYTES = 8192  # of a request
GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

COMMANDSTAT = re.compile(
    r"calls=(\d+),usec=(\d+),usec_per_call=(\d+\.\d\d),rejected_calls=(\d+),failed_calls=(\d+)"
)
PERCENTILES = re.compile(r"p50=(\d+\.\d{3}),p99=(\d+\.\d{3}),p99\.9=(\d+\.\d{3})")
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? (\S+)')


# Helpers


@pytest.fixture
def measured(start_server):
    """A fresh server with metrics on."""
    return start_server("--metrics=true", "--metrics-port=0")


def metrics_port(server):
    """Reads from the log where the server answers HTTP."""
    found = eventually(
        lambda: re.search(r"metrics on http://\S+:(\d+)/metrics\n", server.log_text()),
        "a line in the log that names the metrics port",
    )
    return int(found.group(1))


def scraper(server, **options):
    """Opens a connection to the metrics port; it is closed with the server at the latest."""
    client = Client(server.host, metrics_port(server), stage=server.stage, **options)
    server.clients.append(client)
    return client


class Answer:
    """An HTTP response, taken apart."""

    def __init__(self, raw):
        head, blank, self.body = raw.partition(b"\r\n\r\n")
        assert blank, f"not a response: {raw!r}"
        lines = head.decode("ascii").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Z][A-Za-z ]+", lines[0])
        assert match, lines[0]
        self.status = int(match.group(1))
        pairs = [line.split(": ", 1) for line in lines[1:]]
        self.headers = {name.lower(): value for name, value in pairs}
        assert len(self.headers) == len(pairs), "a header is there twice"

    def check_framing(self):
        """Checks that the body is as long as announced, and that it is the last one."""
        assert self.headers["content-length"] == str(len(self.body))
        assert self.headers["connection"] == "close"
        return self


def ask(server, request=GET):
    """Sends one HTTP request and returns the whole answer."""
    with scraper(server) as client:
        client.send_raw(request)
        return Answer(client.read_to_end())


def parse(text):
    """Reads the text format of Prometheus strictly; returns {(name, labels): value} and types.

    Each family has a HELP and a TYPE line before its samples, which are together; no sample is
    there twice.
    """
    samples, types, helped, family = {}, {}, set(), None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family, meaning = line[len("# HELP ") :].split(" ", 1)
            assert meaning and family not in helped, line
            helped.add(family)
        elif line.startswith("# TYPE "):
            name, kind = line[len("# TYPE ") :].split(" ")
            assert name == family and name not in types, line
            assert kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            endings = ("_bucket", "_sum", "_count") if types[family] == "histogram" else ("",)
            assert name in [family + ending for ending in endings], line
            key = name, tuple(re.findall(r'([a-z_]+)="([^"]*)"', labels or ""))
            assert key not in samples, line
            samples[key] = float(value)
    assert types.keys() == helped
    return samples, types


def scrape(server):
    """Returns the samples that the server tells now."""
    answer = ask(server)
    assert answer.status == 200
    return parse(answer.body.decode())[0]


def per_command(samples, name):
    """Returns the samples of a family with a label for the command, by command."""
    return {
        dict(labels)["command"]: value
        for (sample, labels), value in samples.items()
        if sample == f"medusa_command_{name}"
    }


def command_stats(client):
    """Returns {command: (calls, rejected, failed)} as INFO tells."""
    stats = {}
    for name, text in client.info("commandstats").items():
        match = COMMANDSTAT.fullmatch(text)
        assert name.startswith("cmdstat_") and match, f"{name}:{text}"
        calls, usec, per_call, rejected, failed = map(float, match.groups())
        assert abs(per_call * calls - usec) <= 0.5 + 0.005 * calls, text
        stats[name[len("cmdstat_") :]] = calls, rejected, failed
    return stats


def some_traffic(client):
    """Runs some commands, of which one is refused, one fails and one does not exist."""
    client.pipeline(["SET", "k", "v"], ["GET", "k"], ["get", "none"], ["GET"], ["GeT", "k"])
    client.pipeline(["SET", "k", "v", "0"], ["SET", "n", "1"], ["NOSUCH"], ["PING"])
    return {"get": (3, 1, 0), "set": (3, 0, 1), "ping": (1, 0, 0)}


# INFO


def test_commands_are_counted_by_name(measured):
    client = measured.connect()
    expected = some_traffic(client)
    assert command_stats(client) == expected


def test_a_call_is_counted_when_it_has_ended(measured):
    client = measured.connect()
    assert command_stats(client) == {}
    assert command_stats(client) == {"info": (1, 0, 0)}


def test_a_command_that_was_only_rejected_is_shown_with_no_calls(measured):
    client = measured.connect()
    client.pipeline(["GET"], ["GET", "a", "b"])
    assert command_stats(client) == {"get": (0, 2, 0)}
    assert "latency_percentiles_usec_get" not in client.info("latencystats")


def test_all_connections_are_counted_together(measured):
    clients = [measured.connect() for _ in range(10)]
    for client in clients:
        client.pipeline(*[["PING"]] * 100)
    assert command_stats(clients[0])["ping"] == (1000, 0, 0)


def test_the_sections_of_commands_are_shown_to_those_who_ask(measured):
    client = measured.connect()
    client.command("PING")
    calls, times = "cmdstat_ping", "latency_percentiles_usec_ping"
    assert calls in client.info("CommandStats") and times not in client.info("commandstats")
    assert times in client.info("LATENCYSTATS") and calls not in client.info("latencystats")
    for section in ["all", "everything"]:
        assert {calls, times, "tcp_port"} <= client.info(section).keys()
    assert {calls, "tcp_port"} <= client.info("commandstats", "default").keys()


@pytest.mark.parametrize("words", [["INFO"], ["INFO", "default"], ["INFO", "stats"]])
def test_the_sections_of_commands_are_no_part_of_plain_info(measured, words):
    client = measured.connect()
    client.command("PING")
    text = client.command(*words).decode()
    assert "ping" not in text and "Commandstats" not in text and "Latencystats" not in text


def test_percentiles_are_in_order_and_within_the_total(measured):
    client = measured.connect()
    client.pipeline(*[["SET", f"key:{n}", "v" * (n % 50)] for n in range(2000)])
    text = client.info("latencystats")["latency_percentiles_usec_set"]
    p50, p99, p999 = map(float, PERCENTILES.fullmatch(text).groups())
    assert 0 < p50 <= p99 <= p999
    usec = float(COMMANDSTAT.fullmatch(client.info("commandstats")["cmdstat_set"]).group(2))
    assert p50 * 1000 <= usec * 1.01 + 1  # half of all calls took at least p50


def test_a_slow_command_has_longer_times_than_a_quick_one(measured):
    client = measured.connect()
    client.pipeline(*[["SET", f"key:{n}", "v"] for n in range(20000)])
    for _ in range(5):
        client.command("KEYS", "none*")
        client.command("PING")
    told = client.info("latencystats")
    keys, ping = (
        float(PERCENTILES.fullmatch(told[f"latency_percentiles_usec_{name}"]).group(1))
        for name in ("keys", "ping")
    )
    assert keys > 2 * ping


def test_without_metrics_the_sections_are_empty(client):
    client.command("PING")
    assert client.command("INFO", "commandstats") == b"# Commandstats\r\n"
    assert client.command("INFO", "latencystats") == b"# Latencystats\r\n"


def test_without_metrics_nothing_listens_on_the_metrics_port(start_server):
    port = free_port()
    server = start_server("--metrics-port", port)
    assert server.connect().command("PING") == b"PONG"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, port), LIMIT)
    assert "metrics" not in server.log_text()


# Settings


def check_refused(result, status, *words):
    """Checks for an exit status and one line on stderr that holds the words."""
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n"), result.stderr
    for word in words:
        assert word in result.stderr


def test_help_shows_both_settings(binary, wrapper):
    text = run_once(binary, "--help", wrapper=wrapper).stdout
    assert re.search(r"--metrics +MEDUSA_METRICS .*\n.*default false", text)
    assert re.search(r"--metrics-port +MEDUSA_METRICS_PORT .*\n.*default 2313", text)


@pytest.mark.parametrize(
    "variable, value", [("MEDUSA_METRICS", "perhaps"), ("MEDUSA_METRICS_PORT", "65536")]
)
def test_a_value_that_cannot_be_used_stops_the_start(binary, wrapper, variable, value):
    result = run_once(binary, env={"MEDUSA_PORT": "0", variable: value}, wrapper=wrapper)
    check_refused(result, 2, variable, value)


def test_variables_turn_metrics_on(start_server):
    port = free_port()
    server = start_server(env={"MEDUSA_METRICS": "yes", "MEDUSA_METRICS_PORT": str(port)})
    assert metrics_port(server) == port
    assert ask(server).status == 200


def test_a_metrics_port_in_use_is_one_line_and_status_1(server, binary, wrapper):
    taken = str(server.port)
    result = run_once(binary, "--port=0", "--metrics=1", "--metrics-port", taken, wrapper=wrapper)
    check_refused(result, 1, taken, "--metrics-port")


def test_one_port_for_both_is_one_line_and_status_1(binary, wrapper):
    port = str(free_port())
    words = ["--port", port, "--metrics=1", "--metrics-port", port]
    check_refused(run_once(binary, *words, wrapper=wrapper), 1, port, "--metrics-port")


def test_stdout_holds_the_line_of_the_main_port_only(measured):
    assert ask(measured).status == 200
    assert measured.out_path.read_text() == f"medusa: listening on 127.0.0.1:{measured.port}\n"


# The text


def test_the_metrics_are_well_formed(measured):
    some_traffic(measured.connect())
    answer = ask(measured).check_framing()
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples, types = parse(answer.body.decode())
    assert all(name.startswith("medusa_") for name in types)
    for name, kind in types.items():
        assert name.endswith("_total") == (kind == "counter"), name
    labels = [dict(labels) for name, labels in samples if name == "medusa_build_info"]
    assert [label["version"] for label in labels] == ["0.1.0"]


def test_the_metrics_of_commands_are_those_of_info(measured):
    client = measured.connect()
    expected = some_traffic(client)
    samples = scrape(measured)
    families = ["calls_total", "rejections_total", "failures_total"]
    told = [per_command(samples, family) for family in families]
    assert {name: tuple(t[name] for t in told) for name in told[0]} == expected
    assert command_stats(client) == expected


@pytest.mark.parametrize("name", ["get", "set", "ping", "keys"])
def test_a_histogram_is_cumulative_and_ends_with_all_calls(measured, name):
    client = measured.connect()
    some_traffic(client)
    client.pipeline(*[["SET", f"key:{n}", "v"] for n in range(5000)], ["KEYS", "none*"])
    samples = scrape(measured)
    buckets = [
        (float(dict(labels)["le"]), value)
        for (sample, labels), value in samples.items()
        if sample == "medusa_command_duration_seconds_bucket" and ("command", name) in labels
    ]
    bounds, counts = zip(*buckets)
    assert 12 <= len(bounds) <= 17 and list(bounds) == sorted(set(bounds))
    assert (bounds[0], bounds[-2], bounds[-1]) == (1e-6, 1, float("inf"))
    assert list(counts) == sorted(counts)
    calls = per_command(samples, "calls_total")[name]
    total = per_command(samples, "duration_seconds_sum")[name]
    assert counts[-1] == per_command(samples, "duration_seconds_count")[name] == calls
    # The sum lies between what the bounds of the buckets allow.
    parts = [high - low for low, high in zip((0, *counts), counts)]
    least = sum(bound * part for bound, part in zip((0, *bounds), parts))
    most = sum(bound * part for bound, part in zip(bounds, parts) if part)
    assert 0 < total and least <= total <= most


def test_percentiles_and_histogram_tell_the_same(measured):
    client = measured.connect()
    client.pipeline(*[["SET", f"key:{n}", "v"] for n in range(3000)])
    text = client.info("latencystats")["latency_percentiles_usec_set"]
    p50 = float(PERCENTILES.fullmatch(text).group(1)) / 1e6
    for (name, labels), value in scrape(measured).items():
        if name != "medusa_command_duration_seconds_bucket" or ("command", "set") not in labels:
            continue
        bound = float(dict(labels)["le"])
        if bound > 1.01 * p50:
            assert value >= 1500, f"{bound:g} s is above the median, {p50:g} s"
        if bound < 0.99 * p50:
            assert value <= 1500, f"{bound:g} s is below the median, {p50:g} s"


def test_the_metrics_of_the_server_are_those_of_info(measured):
    client = measured.connect()
    some_traffic(client)
    measured.connect().command("PING")
    client.pipeline(["SET", "big", "v" * 100000], ["SET", "gone", "v", "1"], ["DELETE", "big"])
    eventually(lambda: client.info()["expired_keys"] == "1", "an expired key")
    info, samples = client.info(), scrape(measured)
    pairs = {
        "connected_clients": "connected_clients",
        "max_clients": "maxclients",
        "connections_total": "total_connections_received",
        "connections_rejected_total": "rejected_connections",
        "connections_timed_out_total": "timed_out_connections",
        "connections_stuck_total": "stuck_connections",
        "net_input_bytes_total": "total_net_input_bytes",
        "keyspace_hits_total": "keyspace_hits",
        "keyspace_misses_total": "keyspace_misses",
        "expired_keys_total": "expired_keys",
        "memory_used_bytes": "used_memory",
        "memory_peak_bytes": "used_memory_peak",
        "memory_limit_bytes": "maxmemory",
    }
    told = {field: samples[f"medusa_{name}", ()] for name, field in pairs.items()}
    assert told == {field: float(info[field]) for field in pairs.values()}
    # INFO does not count itself, but the scrape does.
    assert samples["medusa_commands_total", ()] == int(info["total_commands_processed"]) + 1
    assert samples["medusa_net_output_bytes_total", ()] > int(info["total_net_output_bytes"])
    assert samples["medusa_keys", ()] == 2
    assert samples["medusa_memory_resident_bytes", ()] > 100000
    assert samples["medusa_uptime_seconds", ()] >= int(info["uptime_in_seconds"])
    for mode, field in [("user", "used_cpu_user"), ("system", "used_cpu_sys")]:
        assert samples["medusa_cpu_seconds_total", (("mode", mode),)] >= float(info[field])


def test_counters_only_grow(measured):
    client = measured.connect()
    some_traffic(client)
    first, types = parse(ask(measured).body.decode())
    some_traffic(client)
    second = scrape(measured)
    for (name, labels), value in first.items():
        if types.get(name) == "counter":
            assert second[name, labels] >= value, name


def test_scrapers_are_no_clients(start_server):
    server = start_server("--metrics=1", "--metrics-port=0", "--max-connections=1")
    client = server.connect()
    before = client.info("stats")
    for _ in range(3):
        assert ask(server).status == 200
    idle = scraper(server)
    assert client.command("PING") == b"PONG" and not idle.ended
    after = client.info("stats")
    for field in ["total_connections_received", "rejected_connections"]:
        assert after[field] == before[field]


# HTTP


@pytest.mark.parametrize(
    "request_line",
    [b"GET /metrics HTTP/1.0", b"GET /metrics?a=b HTTP/1.1", b"GET /metrics? HTTP/1.1"],
)
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_requests_that_are_answered_with_the_metrics(measured, request_line, newline):
    answer = ask(measured, request_line + newline + b"Host: x" + 2 * newline).check_framing()
    assert answer.status == 200 and b"medusa_uptime_seconds" in answer.body


def test_a_head_request_is_answered_without_a_body(measured):
    answer = ask(measured, GET.replace(b"GET", b"HEAD"))
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


@pytest.mark.parametrize(
    "target", [b"/", b"/metrics/", b"/metric", b"/Metrics", b"*", b"", b"?/metrics", b"/x?/metrics"]
)
def test_another_path_is_not_found(measured, target):
    answer = ask(measured, b"GET %s HTTP/1.1\r\n\r\n" % target).check_framing()
    assert answer.status == 404 and b"/metrics" in answer.body


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get", b""])
def test_another_method_is_refused_with_those_allowed(measured, method):
    answer = ask(measured, method + b" /metrics HTTP/1.1\r\n\r\n").check_framing()
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n", b"\r\n\r\n", b"PING\r\n", b"*1\r\n$4\r\nPING\r\n", b"GET /metrics\r\n\r\n",
        b"GET /metrics HTTP/2.0\r\n\r\n", b"GET /metrics HTTP/1.1 \r\n\r\n",
        b"GET  /metrics HTTP/1.1\r\n\r\n", b"\x00\xff\x00\n", b"GET /metrics HTTP/1.1\0\r\n\r\n",
        b" \n", b"   \r\n", b"GET /met\rrics\n",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_not_http_is_a_bad_request(measured, garbage):
    answer = ask(measured, garbage).check_framing()
    assert answer.status == 400 and b"GET /metrics" in answer.body


def test_a_head_of_8_kib_is_answered_and_one_without_an_end_is_not(measured):
    start, end = b"GET /metrics HTTP/1.1\r\nX: ", b"\r\n\r\n"
    filling = HEAD_BYTES - len(start) - len(end)
    assert ask(measured, start + b"x" * filling + end).status == 200
    assert ask(measured, start + b"x" * (filling + len(end))).check_framing().status == 400
    assert ask(measured, b"x" * HEAD_BYTES).status == 400


def test_a_request_may_arrive_byte_by_byte(measured):
    with scraper(measured) as client:
        client.send_bytewise(GET)
        answer = Answer(client.read_to_end()).check_framing()
    assert answer.status == 200


@pytest.mark.parametrize("size", [2, 3, 7, 20])
def test_a_request_may_arrive_in_pieces(measured, size):
    with scraper(measured) as client:
        client.send_bytewise(GET, size)
        assert Answer(client.read_to_end()).status == 200


def test_what_follows_a_request_is_not_answered(measured):
    answer = ask(measured, GET + b"\0\xff garbage\r\n" + GET + b"\n" * 1000).check_framing()
    assert answer.status == 200 and b"HTTP/" not in answer.body


def test_megabytes_of_garbage_harm_nobody(measured):
    for flood in [b"x" * 3000000, GET + b"\n" * 3000000]:
        with scraper(measured) as client:
            client.send_raw(flood)
            client.read_to_end()  # a reset may have taken the answer away
    assert ask(measured).status == 200
    assert measured.connect().command("PING") == b"PONG"


def test_a_scraper_that_leaves_early_harms_nobody(measured):
    for part in [b"", GET[:10], GET]:
        for leave in [Client.close, Client.reset, Client.close_sending_side]:
            client = scraper(measured)
            client.send_raw(part)
            leave(client)
            client.close()
    assert ask(measured).status == 200


@pytest.mark.parametrize("backend", ["poll", ""], ids=["poll", "best"])
def test_a_hundred_scrapers_at_once_are_all_answered(start_server, backend):
    env = {"MEDUSA_EVENT_LOOP": backend}
    server = start_server("--metrics=1", "--metrics-port=0", env=env)
    some_traffic(server.connect())
    scrapers = [scraper(server) for _ in range(100)]
    for client in scrapers:
        client.send_raw(GET)
    answers = [Answer(client.read_to_end()).check_framing() for client in scrapers]
    assert [answer.status for answer in answers] == [200] * 100
    samples = [parse(answer.body.decode())[0] for answer in answers]
    assert all(per_command(s, "calls_total")["get"] == 3 for s in samples)


# Scrapers that misbehave


def stuck_scrapers(server):
    """Takes every place for scrapers and more, by requests that do not end."""
    scrapers = [scraper(server) for _ in range(SCRAPERS + 4)]
    for client in scrapers:
        client.send_raw(GET[:-3])
    return scrapers


def test_stuck_scrapers_do_not_delay_clients(measured):
    client = measured.connect()
    stuck_scrapers(measured)
    longest = 0
    for _ in range(200):
        start = time.monotonic()
        assert client.command("PING") == b"PONG"
        longest = max(longest, time.monotonic() - start)
    assert longest < 1 * SLOWNESS


def test_stuck_scrapers_cost_no_processor_time(measured):
    stuck_scrapers(measured)
    before = measured.cpu_seconds()
    client = measured.connect()
    start = time.monotonic()
    while time.monotonic() - start < 1:
        assert client.receives_nothing(0.2)
    assert measured.cpu_seconds() - before < 0.5


def test_stuck_scrapers_are_closed_and_the_next_ones_are_served(measured):
    scrapers = stuck_scrapers(measured)
    start = time.monotonic()
    answer = ask(measured)  # waits behind them
    assert answer.status == 200
    assert 3 < time.monotonic() - start < LIMIT
    assert [client.read_to_end() for client in scrapers[:SCRAPERS]] == [b""] * SCRAPERS


def test_a_scraper_that_sends_a_byte_at_times_is_closed_all_the_same(measured):
    client = scraper(measured)
    start = time.monotonic()
    for byte in b"GET /" + b"m" * 1000:
        client.send_raw(bytes([byte]))
        if client.ended or not client.receives_nothing(0.1):
            break
    assert client.ended and 3 < time.monotonic() - start < LIMIT


def test_scrapers_that_do_not_read_harm_nobody(measured):
    some_traffic(measured.connect())
    lazy = [scraper(measured, receive_buffer=2048) for _ in range(SCRAPERS)]
    for client in lazy:
        client.send_raw(GET)
    assert measured.connect().command("PING") == b"PONG"
    assert ask(measured).status == 200


def test_all_places_can_be_taken_at_once(start_server):
    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    server = start_server(
        "--metrics=1", "--metrics-port=0", "--max-connections=48", preexec_fn=few_descriptors
    )
    stuck_scrapers(server)
    clients = [server.connect() for _ in range(48)]
    assert [client.command("PING") for client in clients] == [b"PONG"] * 48
    assert int(clients[0].info()["used_memory_rss"]) > 0  # opens a file
    assert "cannot accept" not in server.log_text()


# Who may ask


@pytest.mark.network
def test_another_machine_is_refused_in_protected_mode(start_server):
    server = start_server("--host=0.0.0.0", "--metrics=1", "--metrics-port=0")
    with Client(outside_address(), metrics_port(server)) as client:
        client.send_raw(GET)
        answer = Answer(client.read_to_end()).check_framing()
    assert answer.status == 403 and b"MEDUSA_PROTECTED_MODE" in answer.body
    with Client("127.0.0.1", metrics_port(server)) as client:
        client.send_raw(GET)
        assert Answer(client.read_to_end()).status == 200


@pytest.mark.network
def test_another_machine_is_served_without_protected_mode(start_server):
    server = start_server("--host=0.0.0.0", "--metrics=1", "--metrics-port=0", "--protected-mode=0")
    with Client(outside_address(), metrics_port(server)) as client:
        client.send_raw(GET)
        assert Answer(client.read_to_end()).status == 200


@pytest.mark.ipv6
def test_metrics_are_told_over_ipv6(start_server):
    server = start_server("--host=::1", "--metrics=1", "--metrics-port=0")
    assert "metrics on http://[::1]:" in server.log_text()
    assert ask(server).status == 200


# The end


def test_the_end_does_not_wait_for_scrapers(measured):
    scrapers = stuck_scrapers(measured)
    start = time.monotonic()
    measured.signal(signal.SIGTERM)
    assert measured.wait() == 0
    assert time.monotonic() - start < LIMIT / 4
    assert [client.read_to_end() for client in scrapers] == [b""] * len(scrapers)


def test_scrapers_are_closed_before_the_clients_have_their_replies(measured):
    idle = scraper(measured)
    slow = measured.connect(receive_buffer=4096)
    slow.command("SET", "k", "v" * 60000)
    slow.send_raw(slow.encode("GET", "k") * 300)
    slow.read_bytes(1)
    port = metrics_port(measured)
    measured.signal(signal.SIGTERM)
    assert idle.read_to_end() == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((measured.host, port), LIMIT)
    assert measured.is_running()  # it still waits for the slow client
    slow.close()
    assert measured.wait() == 0


# Prometheus itself


def program(name):
    """Gives the path of a program of the Debian package prometheus."""
    path = shutil.which(name)
    if not path:
        pytest.skip(f"needs {name}: apt-get install --no-install-recommends prometheus")
    return path


@pytest.mark.parametrize("traffic", [False, True], ids=["fresh", "used"])
def test_promtool_finds_nothing_to_complain_about(measured, traffic):
    if traffic:
        some_traffic(measured.connect())
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=ask(measured).body,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, b"")


@pytest.fixture
def prometheus(measured, tmp_path):
    """A Prometheus that scrapes the server each second; gives a function that asks its API."""
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: medusa\n"
        "    static_configs:\n"
        f"      - targets: ['{measured.host}:{metrics_port(measured)}']\n"
    )
    words = [
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]

    def api(path, **parameters):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=LIMIT) as reply:
                return json.load(reply)["data"]
        except OSError:
            return None  # it has not started yet

    with open(tmp_path / "prometheus.log", "wb") as log:
        process = subprocess.Popen(
            [program("prometheus"), *words], stdout=log, stderr=log, env=clean_environment()
        )
    yield api
    process.terminate()
    try:
        process.wait(LIMIT)
    finally:
        process.kill()
        process.wait()


def test_prometheus_scrapes_the_server(measured, prometheus):
    client = measured.connect()
    some_traffic(client)
    client.pipeline(*[["SET", f"key:{n}", "v"] for n in range(1000)])

    def is_up():
        targets = (prometheus("targets") or {}).get("activeTargets", [])
        assert not any(target["lastError"] for target in targets), targets
        return [target["health"] for target in targets] == ["up"]

    def value_of(query):
        result = (prometheus("query", query=query) or {}).get("result", [])
        return float(result[0]["value"][1]) if result else None

    eventually(is_up, "a target that is up", limit=3 * LIMIT)
    calls = 'medusa_command_calls_total{command="set"}'
    eventually(lambda: value_of(calls) == 1003, "the number of SETs")
    assert value_of("medusa_keys") == 1002
    median = value_of(
        "histogram_quantile(0.5, medusa_command_duration_seconds_bucket{command='set'})"
    )
    assert 0 < median < 1
