"""The relay passes, swallows, refuses and cuts; the report says what it was given."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.relay import BLACKHOLE, REFUSE, Relay
from tests.faults.report import Line, bound, table


@pytest.fixture
def relay() -> Iterator[Relay]:
    """In front of a server that says back what it hears."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                there, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(there,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    made = Relay(server.getsockname()[1])
    made.start()
    yield made
    made.close()
    server.close()


def _echo(there: socket.socket) -> None:
    while data := there.recv(100):
        there.sendall(data)


def _client(relay: Relay) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", relay.port), timeout=0.3)
    return made


def test_the_relay_passes_and_swallows(relay: Relay) -> None:
    with _client(relay) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        relay.mode = BLACKHOLE
        client.sendall(b"two")
        with pytest.raises(TimeoutError):
            client.recv(10)


def test_the_relay_cuts_and_refuses(relay: Relay) -> None:
    with _client(relay) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        assert relay.cut() == 1
        with pytest.raises(ConnectionError):
            if not client.recv(10):
                raise ConnectionError
    relay.mode = REFUSE
    with _client(relay) as client, pytest.raises(ConnectionError):
        if not client.recv(10):
            raise ConnectionError


def test_no_failure_of_many_is_published_as_a_bound() -> None:
    assert bound(0, 3000) == "0 of 3,000 (≤ 1.0e-03)"
    assert bound(2, 3000) == "2 of 3,000"


def test_the_table_has_a_line_for_each_trial() -> None:
    lines = [Line(23, "ordering", 7, True, items=10, passed=True), Line(1, "web", 1, False)]
    shown = table(lines).splitlines()
    assert len(shown) == 4
    assert shown[2].endswith("pass")
    assert shown[3].endswith("FAIL")
