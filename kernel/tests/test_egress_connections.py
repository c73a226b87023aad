"""The outgoing door: kept connections, and TLS."""

import datetime
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kernel.egress import Ambiguous, NotSent, request, wire
from kernel.egress import pool as pool_module
from kernel.egress.pool import POOL
from kernel.tests.loopback import LOOPBACK, OK, answering, get, listening, read_request, reset


def test_connection_is_kept_for_the_next_request() -> None:
    with listening(answering(OK)) as server:
        for _ in range(50):
            assert get(server).body == b"ok"
        assert server.connections == 1 and len(POOL) == 1


def test_kept_connections_stay_within_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_IDLE_PER_KEY", 3)

    everyone = threading.Barrier(12)

    def handler(connection: socket.socket, number: int) -> None:
        while read_request(connection):
            everyone.wait(5)
            connection.sendall(OK)

    with listening(handler) as server:
        threads = [threading.Thread(target=get, args=(server,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections == 12 and len(POOL) == 3


def test_total_of_kept_connections_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_IDLE", 2)
    with ExitStack() as stack:
        servers = [stack.enter_context(listening(answering(OK))) for _ in range(3)]
        for server in servers:
            get(server)
        assert len(POOL) == 2
        for server in (servers[1], servers[2], servers[0]):
            get(server)
        assert [server.connections for server in servers] == [2, 1, 1]


def test_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    closed = threading.Event()

    def handler(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        connection.close()
        closed.set()

    with listening(handler) as server:
        for number in (1, 2, 3):
            closed.clear()
            assert get(server).status == 200
            assert closed.wait(1) and server.connections == number


def test_connection_idle_for_too_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_IDLE_S", 0.05)
    with listening(answering(OK)) as server:
        get(server)
        time.sleep(0.1)
        get(server)
        assert server.connections == 2 and len(POOL) == 1


def test_forked_child_starts_without_connections_and_leaves_the_parents_alone() -> None:
    with listening(answering(OK)) as server:
        get(server)
        child = os.fork()
        if not child:
            os._exit(len(POOL))
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0 and len(POOL) == 1
        assert get(server).status == 200 and server.connections == 1


def test_request_that_does_not_leave_over_a_kept_connection_goes_over_a_new_one() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        if number == 1:  # takes the first bytes of the next request, and goes away
            connection.recv(100)
            reset(connection)
        else:
            read_request(connection)

    with listening(handler) as server:
        get(server)
        answer = request("POST", server.url, data=b"x" * 20_000_000, allow=LOOPBACK)
        assert answer.status == 200 and server.connections == 2


def test_request_that_left_over_a_kept_connection_is_never_repeated() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        read_request(connection)
        reset(connection)

    with listening(handler) as server:
        get(server)
        with pytest.raises(Ambiguous) as caught:
            request("POST", server.url, json={}, allow=LOOPBACK)
        assert caught.value.reason == "reset" and server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["bytes after the answer", "close", "HTTP/1.0"],
)
def test_connection_is_not_kept_after(answer: bytes) -> None:
    with listening(answering(answer)) as server:
        for number in (1, 2):
            assert get(server).body == b"ok"
            assert server.connections == number and len(POOL) == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate for 127.0.0.1 and graph.example, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("graph.example"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's context; the door trusts its certificate for the length of the test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    wire.tls_context.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield context
    wire.tls_context.cache_clear()


def test_tls_connection_is_checked_for_the_name_and_kept(server_tls: ssl.SSLContext) -> None:
    names: list[str] = []

    def note(sock: ssl.SSLObject, name: str, context: ssl.SSLContext) -> None:
        names.append(name)

    server_tls.sni_callback = note
    with listening(answering(OK), server_tls) as server:
        url = f"https://graph.example:{server.port}/"
        for _ in range(5):
            answer = request(
                "POST", url, json={}, allow=LOOPBACK, resolver=lambda host: ["127.0.0.1"]
            )
            assert answer.status == 200
        assert names == ["graph.example"] and server.connections == 1
        assert get(server).status == 200  # by address: another certificate check, another key
        assert server.connections == 2


def test_certificate_for_another_name_is_not_sent(server_tls: ssl.SSLContext) -> None:
    with listening(answering(OK), server_tls) as server, pytest.raises(NotSent) as caught:
        request(
            "GET",
            f"https://other.example:{server.port}/",
            allow=LOOPBACK,
            resolver=lambda host: ["127.0.0.1"],
        )
    assert caught.value.reason == "tls"


def test_certificate_of_an_unknown_issuer_is_not_sent(
    server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    wire.tls_context.cache_clear()
    with listening(answering(OK), server_tls) as server, pytest.raises(NotSent) as caught:
        get(server)
    assert caught.value.reason == "tls"


def test_handshake_that_never_ends_is_not_sent_after_the_connect_time() -> None:
    def handler(connection: socket.socket, number: int) -> None:
        time.sleep(1.0)

    with listening(handler) as server:
        begun = time.monotonic()
        with pytest.raises(NotSent) as caught:
            request("GET", f"https://127.0.0.1:{server.port}/", allow=LOOPBACK, connect_s=0.2)
        assert caught.value.reason == "connect_timeout"
        assert time.monotonic() - begun < 0.9
