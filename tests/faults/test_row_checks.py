"""The rows' own checks see what they are there for: each is shown a run that breaks its bar, and one that keeps it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.mischief import HOSTILE, FullBacklog, Mischief
from tests.faults.rows.throttles import _during_penalty, _most_in_a_second
from tests.faults.rows.transport import _misclassified
from tests.faults.rows.trouble import _wasted

TAKEN = b'{"messaging_product":"whatsapp","messages":[{"id":"wamid.1"}]}'


def test_a_call_during_the_penalty_is_counted() -> None:
    refused = {"at": 10.0, "status": 429}
    assert _during_penalty([refused, {"at": 11.5, "status": 200}], 2.0) == 1
    assert _during_penalty([refused, {"at": 10.5, "status": 200}], 2.0) == 0
    assert _during_penalty([refused, {"at": 12.1, "status": 429}], 2.0) == 0


def test_the_fullest_second_is_found_wherever_it_begins() -> None:
    assert _most_in_a_second([0.0, 0.9, 0.95, 1.0, 1.05, 3.0]) == 4
    assert _most_in_a_second([n / 8 for n in range(50)]) == 8
    assert _most_in_a_second([]) == 0


def test_calls_behind_an_open_breaker_are_wasted() -> None:
    assert _wasted([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 30.0, 60.0]) == 2
    assert _wasted([0.0, 5.0, 10.0]) == 0


def test_a_repetition_of_what_may_have_left_is_misclassified() -> None:
    kept = {
        "silence": ["unknown"],
        "refused": ["not_sent", "accepted"],
        "reset unread": ["not_sent"],
    }
    assert not _misclassified(kept)
    assert set(_misclassified({**kept, "drip": ["not_sent", "accepted"]})) == {"drip"}
    assert set(_misclassified({**kept, "stall": ["unknown", "accepted"]})) == {"stall"}
    assert set(_misclassified({**kept, "refused": ["unknown"]})) == {"refused"}


@pytest.fixture
def graph() -> Iterator[socket.socket]:
    """Answers every call as the provider does."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                there, _ = server.accept()
            except OSError:
                return
            with there:
                there.recv(65536)
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(TAKEN)
                there.sendall(head + TAKEN)

    threading.Thread(target=serve, daemon=True).start()
    yield server
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _call(port: int, text: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = json.dumps({"biz_opaque_callback_data": f"m-{text}", "text": {"body": text}})
    connection.request("POST", "/1/messages", body)
    try:
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_message_meets_its_way_once_and_others_pass(graph: socket.socket) -> None:
    with Mischief(graph.getsockname()[1], {"spoil": "no id", "cut": "reset after"}) as middle:
        assert _call(middle.port, "plain") == TAKEN
        assert b"wamid" not in _call(middle.port, "spoil")
        assert _call(middle.port, "spoil") == TAKEN
        with pytest.raises(ConnectionError):
            _call(middle.port, "cut")
        middle.refuse()
        with pytest.raises(ConnectionError):
            _call(middle.port, "plain")
        middle.accept()
        assert _call(middle.port, "plain") == TAKEN


def test_no_hostile_answer_is_the_right_one() -> None:
    right = b"Content-Length: %d\r\n\r\n" % len(TAKEN) + TAKEN
    assert [way for way, spoil in HOSTILE.items() if spoil(TAKEN).endswith(right)] == []


def test_a_full_backlog_answers_no_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with FullBacklog(port), pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=0.5)
