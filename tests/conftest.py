"""Options and fixtures of the test suite; the helpers behind them are in medusa.py.

A test states the first stage that it holds for with `@pytest.mark.since("04-ttl")`, and where a
later stage changes the behavior on purpose, the last one with `@pytest.mark.until("05-patterns",
"why")`. Pointed at another stage, the suite leaves those tests out without a word. A test that uses
no server holds for final alone: it would be the same for every stage.
"""

import pathlib
import random
import re
import signal

import pytest

from medusa import FINAL, SLOWNESS, Server, free_port, outside_address, stage_number, stage_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE_MARK = re.compile(r'^pytestmark = .*?\.since\("([^"]+)"\)', re.MULTILINE)
TEST_LIMIT = 90 * SLOWNESS  # seconds that a whole test may take: the last line of defence


def pytest_addoption(parser):
    group = parser.getgroup("medusa")
    group.addoption(
        "--binary",
        default=str(ROOT / "final" / "medusa"),
        help="the server to test (default: final/medusa)",
    )
    group.addoption(
        "--stage",
        help="the stage that the server has reached, like 04-ttl (default: read from its path)",
    )
    group.addoption(
        "--port-from-env",
        action="store_true",
        help="choose a port and give it as MEDUSA_PORT, and to stages below 07 as the first "
        "argument too, for a server that does not print its port",
    )
    group.addoption(
        "--wrapper",
        default="",
        help="command in front of the server, like 'valgrind -q --error-exitcode=99'",
    )
    group.addoption("--seed", type=int, help="seed of the random tests (default: a new one)")
    group.addoption(
        "--client",
        default=str(ROOT / "client" / "medusa-client"),
        help="the client to test (default: client/medusa-client)",
    )
    group.addoption(
        "--benchmark",
        default=str(ROOT / "bench" / "medusa-benchmark"),
        help="the load generator to test (default: bench/medusa-benchmark)",
    )


def pytest_configure(config):
    for line in (
        "since(stage): the first stage that the test holds for; final for the complete server",
        "until(stage, reason): the last stage that the test holds for, and why it changes",
        "env(**variables): environment variables for the server of this test",
        "args(*words): command line arguments for the server of this test",
        "plain_build: needs a server without sanitizers, which reserve terabytes of addresses",
        "ipv6: needs the address ::1",
        "network: needs an address of this machine that is not a loopback one",
    ):
        config.addinivalue_line("markers", line)
    try:
        config.medusa_stage = tested_stage(config)
    except ValueError as problem:
        raise pytest.UsageError(f"--stage: {problem}") from None


def tested_stage(config):
    """Gives the number of the stage under test."""
    name = config.getoption("--stage")
    return stage_number(name) if name else stage_of(absolute(config, "--binary"))


def absolute(config, option):
    """Gives the path named by an option, as seen from where pytest was started."""
    return config.invocation_params.dir / pathlib.Path(config.getoption(option)).expanduser()


def has_ipv6():
    """Tells whether ::1 can be used on this machine."""
    try:
        free_port("::1")
    except OSError:
        return False
    return True


def is_sanitized(binary):
    """Tells whether a program was built with AddressSanitizer."""
    return binary.is_file() and b"__asan_init" in binary.read_bytes()


def holds(item, stage, sanitized):
    """Tells whether a test is meant for the server under test."""
    first = max((stage_number(m.args[0]) for m in item.iter_markers("since")), default=1)
    last = FINAL
    for mark in item.iter_markers("until"):
        name, reason = mark.args
        assert reason, f"{item.nodeid}: say why the behavior changes"
        last = min(last, stage_number(name))
    if stage < FINAL and not {"binary", "stage"} & set(item.fixturenames):
        return False  # no server takes part: once is enough
    if item.get_closest_marker("plain_build") and sanitized:
        return False
    if item.get_closest_marker("ipv6") and not has_ipv6():
        return False
    if item.get_closest_marker("network") and not outside_address():
        return False
    return first <= stage <= last


def pytest_ignore_collect(collection_path, config):
    """Leaves out files that are for later servers only: reading them all takes seconds."""
    if collection_path.suffix != ".py":
        return None
    first = MODULE_MARK.search(collection_path.read_text())
    return True if first and stage_number(first[1]) > config.medusa_stage else None


def pytest_collection_modifyitems(config, items):
    sanitized = is_sanitized(absolute(config, "--binary")) or bool(config.getoption("--wrapper"))
    kept, dropped = [], []
    for item in items:
        (kept if holds(item, config.medusa_stage, sanitized) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_report_header(config):
    stage = "final" if config.medusa_stage == FINAL else f"stage {config.medusa_stage:02}"
    return f"medusa: {absolute(config, '--binary')} ({stage})"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the wire and the log to the report of a failed test."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for server in getattr(item, "medusa_servers", []):
        for number, client in enumerate(server.clients, 1):
            report.sections.append((f"connection {number}", client.text_transcript()))
        report.sections.append(("server log", server.log_text()[-20000:]))


def program(config, option, target):
    """Gives the path of a program under test; ends the run with one line if it is not built."""
    path = absolute(config, option)
    if not path.is_file():
        pytest.exit(f"{path} is not there: run `{target}`, or name another with {option}", 2)
    return path


@pytest.fixture(autouse=True)
def alarm(request):
    """Ends a test that hangs although every single wait has its limit."""

    def too_long(*_):
        raise AssertionError(f"the test took longer than {TEST_LIMIT:g} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, TEST_LIMIT)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def binary(request):
    """The path of the server under test."""
    return program(request.config, "--binary", "make")


@pytest.fixture(scope="session")
def client_binary(request):
    """The path of medusa-client."""
    return program(request.config, "--client", "make")


@pytest.fixture(scope="session")
def benchmark_binary(request):
    """The path of medusa-benchmark."""
    return program(request.config, "--benchmark", "make")


@pytest.fixture(scope="session")
def stage(request):
    """The number of the stage under test; 99 for the final server."""
    return request.config.medusa_stage


@pytest.fixture(scope="session")
def wrapper(request):
    """The command to put in front of a server, as text."""
    return request.config.getoption("--wrapper")


@pytest.fixture
def seed(request):
    """The seed of a random test; a report of a failure shows it."""
    chosen = request.config.getoption("--seed")
    if chosen is None:
        chosen = random.randrange(2**32)
    print(f"to repeat: --seed {chosen}")
    return chosen


@pytest.fixture
def start_server(request, binary, stage, wrapper, tmp_path):
    """Starts servers: start_server(*args, env={...}); all stopped and exit-checked afterwards."""
    servers = request.node.medusa_servers = []

    def start(*args, **options):
        log_path = tmp_path / f"server-{len(servers) + 1}.log"
        server = Server(
            binary,
            log_path,
            *args,
            stage=stage,
            port_from_env=request.config.getoption("--port-from-env"),
            wrapper=wrapper,
            **options,
        )
        servers.append(server)
        return server

    yield start
    problems = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def server(request, start_server):
    """A fresh, empty server, with the settings of the test's `env` and `args` marks."""
    env, args = {}, []
    for mark in request.node.iter_markers("env"):
        env = {**mark.kwargs, **env}
    for mark in request.node.iter_markers("args"):
        args = [*mark.args, *args]
    return start_server(*args, env=env)


@pytest.fixture
def client(server):
    """One connection to a fresh server."""
    return server.connect()
