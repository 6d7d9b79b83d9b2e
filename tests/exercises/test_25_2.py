"""Exercise 25-2: a password file that others can read stops the start."""

import pytest

from medusa import run_once


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "password"
    path.write_text("sesame\n")
    return path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o610], ids=oct)
def test_a_file_that_is_open_to_others_stops_the_start(binary, wrapper, path, mode):
    path.chmod(mode)
    # Nobody can listen on this address, so a server that takes the file ends as well: with 1.
    args = ["--host=192.0.2.1", f"--password-file={path}"]
    done = run_once(binary, *args, wrapper=wrapper)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--password-file" in done.stderr and str(path) in done.stderr


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700], ids=oct)
def test_a_file_of_its_owner_alone_is_read(start_server, path, mode):
    path.chmod(mode)
    client = start_server("--password-file", path).connect()
    assert client.command("AUTH", "sesame") == b"OK"


def test_the_variable_needs_no_file(start_server):
    client = start_server(env={"MEDUSA_PASSWORD": "sesame"}).connect()
    assert client.command("AUTH", "sesame") == b"OK"
