"""A connected socket that obeys one deadline in every read and every write."""

import io
import socket
import ssl
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import certifi

from kernel.egress.addresses import Address
from kernel.egress.errors import NotSent, Reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_ADDRESSES = 4
_SEND_CHUNK = 65_536


class Deadline:
    """A point on the monotonic clock after which every operation times out."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds left, at most `at_most`; raises `TimeoutError` when none are."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("deadline passed")
        return seconds if at_most is None else min(seconds, at_most)


class Overflow(Exception):
    """More bytes came than the exchange was allowed to receive."""


class _Stream(io.RawIOBase):
    """The socket as a raw stream: reads wait no longer than the deadline, and take no more
    than `budget` bytes, whatever headers and chunk sizes make `http.client` ask for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.deadline: Deadline | None = None
        self.budget = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        if self.deadline is None:
            return None
        self._sock.settimeout(self.deadline.left())
        count = self._sock.recv_into(buffer)
        self.budget -= count
        if self.budget < 0:
            raise Overflow
        return count


class _Reader(io.BufferedReader):
    """Outlives the answers read from it: `http.client` closes its file after each of them."""

    def close(self) -> None:
        """Keep the connection; `Wire.close` ends it."""


class Wire:
    """One connection. `deadline` is set anew for each exchange, by whoever uses it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = _Stream(sock)
        self._reader = _Reader(self._stream)

    def begin(self, deadline: Deadline, budget: int) -> None:
        """Start an exchange that ends before `deadline` and receives at most `budget` bytes."""
        self._stream.deadline = deadline
        self._stream.budget = budget

    def write(self, data: bytes) -> None:
        """Hand all of `data` to the operating system, or raise `OSError`.

        When it raises, the last byte did not leave: a chunk is either accepted or not, and an
        unfinished TLS record means nothing to the peer.
        """
        deadline = self._stream.deadline
        if deadline is None:
            raise ValueError("write outside an exchange")
        view = memoryview(data)
        while view:
            self._sock.settimeout(deadline.left())
            view = view[self._sock.send(view[:_SEND_CHUNK]) :]

    def makefile(self, mode: str = "rb") -> io.BufferedReader:
        """The reading side, as `http.client.HTTPResponse` asks for it."""
        return self._reader

    def end(self) -> bool:
        """End an exchange; whether the connection is clean enough for another one."""
        self._stream.deadline = None  # from here on, peeking shows only what is buffered
        return not self._reader.peek(1) and self.is_quiet()

    def is_quiet(self) -> bool:
        """Whether the connection is open with nothing to read, as an idle one must be.

        Reading, and not polling, lets TLS digest its session tickets.
        """
        try:
            self._sock.settimeout(0)
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close the socket; never raises."""
        try:
            self._sock.close()
        except OSError:  # the peer's reset may surface here, and there is nobody to tell
            return


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Certificates checked for the host name, TLS 1.2 or newer.

    Trusts the system's store (which honours `SSL_CERT_FILE`), or certifi's where an image
    comes without one.
    """
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def connect(
    addresses: Sequence[Address],
    port: int,
    *,
    tls_name: str | None,
    connect_s: float,
    deadline: Deadline,
) -> tuple[Wire, Address]:
    """Connect to the first address that answers; `tls_name` is checked against its certificate.

    The handshake is part of the `connect_s` seconds. Each address but the last gets half of
    what is left, so that one dead address does not use up the time of the next. Raises
    `NotSent` with the reason of the last attempt.
    """
    chosen = addresses[:_MAX_ADDRESSES]
    limit = Deadline(connect_s)
    reason: Reason = "connect_timeout"
    for index, address in enumerate(chosen):
        is_last = index == len(chosen) - 1
        try:
            left = deadline.left(limit.left())
            budget = Deadline(left if is_last else left / 2)
            return Wire(_open(address, port, tls_name, budget)), address
        except OSError as error:
            reason = _reason(error)
    raise NotSent(reason)


def _open(address: Address, port: int, tls_name: str | None, budget: Deadline) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(budget.left())
        sock.connect((str(address), port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls_name is None:
            return sock
        sock.settimeout(budget.left())
        return _handshake(sock, tls_name)
    except BaseException:
        sock.close()
        raise


class _HandshakeFailed(OSError):
    """Tells a failed handshake from a failed connection, whatever error it began with."""


def _handshake(sock: socket.socket, tls_name: str) -> socket.socket:
    try:
        return tls_context().wrap_socket(sock, server_hostname=tls_name)
    except TimeoutError:
        raise
    except (OSError, ValueError) as error:
        raise _HandshakeFailed("TLS handshake failed") from error


def _reason(error: OSError) -> Reason:
    if isinstance(error, TimeoutError):
        return "connect_timeout"
    return "tls" if isinstance(error, _HandshakeFailed) else "refused"
