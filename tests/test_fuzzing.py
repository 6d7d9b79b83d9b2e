"""The socket fuzzer: that it finds what is wrong, and nothing wrong with the server."""

import importlib.util
import pathlib
import socket
import struct
import threading

import pytest

from medusa import LIMIT, SLOWNESS, Client, Closed, wait_for

pytestmark = pytest.mark.since("final")

FUZZ = pathlib.Path(__file__).resolve().parent / "fuzz"


def load():
    """Loads tests/fuzz/socket_fuzz.py, which is a program as well."""
    spec = importlib.util.spec_from_file_location("socket_fuzz", FUZZ / "socket_fuzz.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.args("--timeout=0", "--log-level=error")
def test_some_seconds_of_fuzzing_find_nothing_wrong(server, seed):
    summary = load().fuzz(server.port, 5 * min(SLOWNESS, 2), seed)
    assert not summary["problems"], summary
    assert summary["checks"] > 50 and summary["replies"] > 100, summary


class Relay:
    """Stands between a client and a server, and changes what the server says."""

    def __init__(self, port, change):
        self.port_behind, self.change = port, change
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                front, _ = self.listener.accept()
                back = socket.create_connection(("127.0.0.1", self.port_behind))
                for source, sink, change in ((front, back, bytes), (back, front, self.change)):
                    thread = threading.Thread(target=self.copy, args=(source, sink, change))
                    thread.daemon = True
                    thread.start()
        except OSError:
            return

    def copy(self, source, sink, change):
        try:
            while data := source.recv(65536):
                sink.sendall(change(data))
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    def close(self):
        self.listener.close()


@pytest.mark.args("--timeout=0", "--log-level=error")
def test_a_value_that_comes_back_changed_is_found(server, seed):
    relay = Relay(server.port, lambda data: data.replace(b"\x00", b"\x01"))
    try:
        summary = load().fuzz(relay.port, 20, seed)
    finally:
        relay.close()
    assert any("the witness finds" in problem for problem in summary["problems"]), summary


def test_a_connection_that_was_reset_ends_like_one_that_was_closed():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client("127.0.0.1", listener.getsockname()[1])
        far_end, _ = listener.accept()
        far_end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far_end.close()
        wait_for(client.sock, LIMIT, read=True, write=False)
        client.close_sending_side()
        with client, pytest.raises(Closed):
            client.read()
