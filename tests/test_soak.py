"""The soak: a short run of it works, and it notices a server that does something wrong."""

import pathlib
import re
import subprocess
import sys

import pytest

from medusa import LIMIT, clean_environment

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The soak starts servers of its own: once, with the complete one, is enough. It looks at memory, of
# which sanitizers keep what was freed.
pytestmark = [pytest.mark.since("final"), pytest.mark.plain_build]

# Stands between the clients and a real server, and does one thing wrong, from some hundred pieces
# of replies on: not all of them are for a client that compares them with the model.
PROXY = """#!{python}
import ctypes, os, select, signal, socket, subprocess, sys

real = subprocess.Popen(
    [{binary!r}, *sys.argv[1:]],
    env=dict(os.environ, MEDUSA_PORT="0"),
    stdout=subprocess.PIPE,
    preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM),  # when this process ends
)
port = int(real.stdout.readline().split(b":")[-1])

def leave(status):
    real.kill()
    real.wait()
    os._exit(status)

signal.signal(signal.SIGTERM, lambda *_: leave(0))
listener = socket.create_server(("127.0.0.1", int(os.environ["MEDUSA_PORT"])), backlog=500)
print(f"medusa: listening on 127.0.0.1:{{listener.getsockname()[1]}}", flush=True)
peers, servers, watched, pieces = {{}}, set(), {{listener}}, 0

def close(sock):
    for end in (sock, peers[sock]):
        watched.discard(end)
        end.close()

while True:
    for sock in select.select(watched, [], [])[0]:
        if sock is listener:
            client, server = sock.accept()[0], socket.create_connection(("127.0.0.1", port))
            peers[client], peers[server] = server, client
            servers.add(server)
            watched |= {{client, server}}
        elif sock in watched:
            try:
                data = sock.recv(1 << 20)
                if sock in servers:
                    pieces += 1
                    if pieces >= 300:
                        {fault}
                if data:
                    peers[sock].sendall(data)
                elif sock in servers:
                    close(sock)
                else:
                    watched.discard(sock)
                    peers[sock].shutdown(socket.SHUT_WR)
            except OSError:
                close(sock)
"""
FAULTS = {
    "wrong": "data = bytes([b ^ 1 for b in data])",
    "lost": 'data = b""',
    "crash": "leave(3)",
}


def soak(*words):
    """Runs tools/soak; gives its status, its figures and all that it has said."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "soak", *map(str, words)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=8 * LIMIT,
    )
    found = dict(re.findall(r"^(\S.*?)  +(\d+)$", done.stdout, re.MULTILINE))
    return done.returncode, {name: int(n) for name, n in found.items()}, done.stdout + done.stderr


def test_a_short_soak_finds_nothing_and_says_what_it_did(binary):
    status, found, said = soak(5, "--server", binary, "--seed", 1)
    assert status == 0, said
    assert found["operations checked against the model"] > 100, said
    for name in ("faults injected", "connections opened", "ends by SIGTERM and starts"):
        assert found[name] > 0, said
    assert found["crashes"] == found["lost or wrong replies"] == 0, said
    assert 0 < found["KiB resident, after a start"] <= found["KiB resident, emptied at the end"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_soak_notices_a_server_that_is_wrong(binary, tmp_path, fault):
    proxy = tmp_path / "proxy"
    proxy.write_text(
        PROXY.format(python=sys.executable, binary=str(binary), fault=FAULTS[fault])
    )
    proxy.chmod(0o755)
    status, found, said = soak(30, "--server", proxy)
    assert status == 1, said
    # Whether a crash or the reply that it cost is seen first is chance.
    assert found["crashes"] + found["lost or wrong replies"] == 1, said
    assert fault == "crash" or found["crashes"] == 0, said
