"""The modules of final/ on their own: builds the C programs in tests/unit and runs each of them.

They test what sockets cannot force: where a read stops, which millisecond it is, when memory runs
out. Where the server under test was built with sanitizers, or with MEDUSA_UNIT_SAN=1, they run
with sanitizers as well.
"""

import os
import pathlib
import subprocess
import sys

import pytest

from conftest import absolute, is_sanitized
from medusa import SLOWNESS

UNIT = pathlib.Path(__file__).resolve().parent / "unit"
LIMIT = 60 * SLOWNESS  # seconds for one program
BUILD_LIMIT = 600 * SLOWNESS  # seconds for building all of them

pytestmark = pytest.mark.since("final")


def pytest_generate_tests(metafunc):
    sanitized = is_sanitized(absolute(metafunc.config, "--binary"))
    sanitized = sanitized or os.environ.get("MEDUSA_UNIT_SAN", "0") not in ("", "0")
    builds = ["plain", "san"] if sanitized else ["plain"]
    names = sorted(path.stem for path in UNIT.glob("test_*.c"))
    metafunc.parametrize("build", builds, scope="session", indirect=True)
    metafunc.parametrize("name", names)


@pytest.fixture(scope="session")
def build(request):
    """The folder of the built programs: plain ones, or some with sanitizers."""
    san = "1" if request.param == "san" else ""
    # An outer make must not hand its own flags and targets down to this one.
    env = {key: text for key, text in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    made = subprocess.run(
        ["make", "-C", str(UNIT), "-j2", f"SAN={san}"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=BUILD_LIMIT,
        text=True,
        errors="replace",
        check=False,
    )
    assert made.returncode == 0, made.stdout
    return UNIT / "build" / request.param


def test_the_unit_test_passes(build, name):
    program = build / name
    is_wrapped = name.startswith("test_oom") and not sys.platform.startswith("linux")
    if is_wrapped and not program.is_file():
        return  # the linker there cannot put functions in front of malloc(): see the Makefile
    ran = subprocess.run(
        [program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT,
        text=True,
        errors="replace",
        check=False,
    )
    assert ran.returncode == 0, f"{name} ended with {ran.returncode}:\n{ran.stdout}"
    assert ran.stdout.endswith("ok\n"), ran.stdout
