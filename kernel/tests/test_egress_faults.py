"""The outgoing door: each way a request can go wrong, and what it is called."""

import gzip
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from kernel.egress import Ambiguous, NotSent, request
from kernel.tests.loopback import (
    LOOPBACK,
    OK,
    Handler,
    answering,
    get,
    hanging_up,
    listening,
    read_request,
    reset,
)

HEAD = b"HTTP/1.1 200 OK\r\n"


def _silent(connection: socket.socket, number: int) -> None:
    read_request(connection)
    time.sleep(1.0)


def _dripping(connection: socket.socket, number: int) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.02)


def _dripping_head(connection: socket.socket, number: int) -> None:
    read_request(connection)
    for byte in (HEAD + b"X: " + b"y" * 200)[:100]:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def _endless_interim(connection: socket.socket, number: int) -> None:
    read_request(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


@pytest.mark.parametrize("handler", [_silent, _dripping, _dripping_head, _endless_interim])
def test_slow_answer_is_cut_at_the_deadline_and_ambiguous(handler: Handler) -> None:
    with listening(handler) as server:
        begun = time.monotonic()
        with pytest.raises(Ambiguous) as caught:
            get(server, timeout_s=0.3)
        assert 0.25 < time.monotonic() - begun < 0.9
        assert caught.value.reason == "timeout"


def test_refused_connection_is_not_sent() -> None:
    with listening(answering(OK)) as server:
        pass
    with pytest.raises(NotSent) as caught:
        get(server)
    assert caught.value.reason == "refused"


def test_connection_that_nobody_accepts_is_not_sent_after_the_connect_time() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fills the queue, so that further SYNs are dropped
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.05)
        begun = time.monotonic()
        with pytest.raises(NotSent) as caught:
            request(
                "GET",
                f"http://127.0.0.1:{listener.getsockname()[1]}/",
                allow=LOOPBACK,
                connect_s=0.3,
            )
        assert caught.value.reason == "connect_timeout"
        assert 0.25 < time.monotonic() - begun < 0.9


def test_reset_before_the_request_was_read_whole_is_not_sent() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        connection.recv(100)
        reset(connection)

    with listening(handler) as server, pytest.raises(NotSent) as caught:
        request("POST", server.url, data=b"x" * 30_000_000, allow=LOOPBACK)
    assert caught.value.reason == "not_written"


def test_peer_that_stops_reading_is_not_sent_at_the_deadline() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        time.sleep(1.0)

    with listening(handler) as server:
        begun = time.monotonic()
        with pytest.raises(NotSent) as caught:
            request("POST", server.url, data=b"x" * 30_000_000, allow=LOOPBACK, timeout_s=0.3)
        assert caught.value.reason == "not_written"
        assert time.monotonic() - begun < 0.9


def test_answer_that_comes_before_the_request_was_read_whole_is_returned() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline and connection.recv(1_000_000):
            continue

    with listening(handler) as server:
        answer = request("POST", server.url, data=b"x" * 3_000_000, allow=LOOPBACK)
    assert answer.status == 413


@pytest.mark.parametrize("end", [reset, socket.socket.close])
def test_connection_that_ends_after_the_request_was_read_is_ambiguous(
    end: Callable[[socket.socket], None],
) -> None:
    def handler(connection: socket.socket, number: int) -> None:
        read_request(connection)
        end(connection)

    with listening(handler) as server, pytest.raises(Ambiguous) as caught:
        request("POST", server.url, json={}, allow=LOOPBACK)
    assert caught.value.reason == "reset"


@pytest.mark.parametrize(
    "answer",
    [
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"X: y\r\n" * 200 + b"\r\n",
        HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        HEAD + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_answer_that_is_not_http_is_ambiguous(answer: bytes) -> None:
    with listening(hanging_up(answer)) as server, pytest.raises(Ambiguous) as caught:
        get(server)
    assert caught.value.reason == "malformed"


def _endless(connection: socket.socket, number: int) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


def _negative_chunk(connection: socket.socket, number: int) -> None:
    read_request(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


_BOMB = gzip.compress(b"\0" * 50_000_000, 6)


@pytest.mark.parametrize(
    "handler",
    [
        hanging_up(HEAD + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000),
        hanging_up(
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB
        ),
        _endless,
        _negative_chunk,
    ],
    ids=["five megabytes", "gzip bomb", "no end", "negative chunk"],
)
def test_answer_beyond_the_cap_is_ambiguous(handler: Handler) -> None:
    with listening(handler) as server, pytest.raises(Ambiguous) as caught:
        get(server, timeout_s=5.0)
    assert caught.value.reason == "too_large"
    assert caught.value.status == 200


def test_answer_of_exactly_the_cap_is_returned() -> None:
    with listening(answering(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)) as server:
        assert len(get(server, max_bytes=1000).body) == 1000
        with pytest.raises(Ambiguous):
            get(server, max_bytes=999)


def test_compressed_and_chunked_answers_are_unpacked() -> None:
    packed = gzip.compress(b'{"a":1}')
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    head = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD
    answer = head + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunked
    with listening(answering(answer)) as server:
        assert get(server).json() == {"a": 1}
        assert get(server).json() == {"a": 1}
        assert server.connections == 1


def test_redirect_is_an_answer_and_is_not_followed() -> None:
    with listening(answering(OK)) as other:
        head = b"HTTP/1.1 302 Found\r\nLocation: %s\r\n" % other.url.encode()
        with listening(answering(head + b"Content-Length: 0\r\n\r\n")) as server:
            answer = get(server)
        assert answer.status == 302 and answer.headers["location"] == other.url
        assert other.connections == 0


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 100_000, b"\xff\xfe{", b"1" * 10_000], ids=range(5)
)
def test_body_that_is_not_json_raises_value_error_only(body: bytes) -> None:
    with listening(hanging_up(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)) as server:
        answer = get(server)
    with pytest.raises(ValueError):
        answer.json()
