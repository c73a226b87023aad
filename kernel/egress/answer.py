"""Reads an HTTP answer as hostile input: capped, unpacked with care, complete or refused."""

import json
import socket
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

from kernel.egress.errors import Ambiguous, Reason
from kernel.egress.wire import Overflow, Wire

_PIECE = 65_536
_MAX_INTERIM = 5
_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Headers(Mapping[str, str]):
    """Header fields by name, whatever its case; repeated fields are joined with `", "`."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, str] = {}
        for name, value in fields:
            key = name.lower()
            self._fields[key] = f"{self._fields[key]}, {value}" if key in self._fields else value

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)})"


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer; `body` is decompressed. Any status counts, 3xx and 5xx included."""

    status: int
    headers: Headers
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; raises `ValueError` for anything else, however malicious."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("JSON is nested too deeply") from None


class _Refused(Exception):
    """The answer is unusable, for `reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def read_answer(wire: Wire, method: str, max_bytes: int) -> tuple[Response, bool]:
    """Read the final answer, and whether its framing leaves the connection reusable.

    Raises `Ambiguous` when it does not come whole, in time, and within `max_bytes` both before
    and after decompression.
    """
    status: int | None = None
    try:
        raw = _final(wire, method)
        status = raw.status
        packed = _read(raw, max_bytes)
        headers = Headers(raw.getheaders())
        body = _unpack(packed, headers.get("Content-Encoding", ""), max_bytes)
    except TimeoutError:
        raise Ambiguous("timeout", status=status) from None
    except Overflow:
        raise Ambiguous("too_large", status=status) from None
    except _Refused as refusal:
        raise Ambiguous(refusal.reason, status=status) from None
    except OSError:
        raise Ambiguous("reset", status=status) from None
    except (HTTPException, ValueError, zlib.error):
        raise Ambiguous("malformed", status=status) from None
    return Response(status, headers, body), not raw.will_close


def _final(wire: Wire, method: str) -> HTTPResponse:
    # HTTPResponse asks its socket for nothing but `makefile`.
    sock = cast(socket.socket, wire)
    for _ in range(_MAX_INTERIM):
        raw = HTTPResponse(sock, method=method)
        raw.begin()
        if raw.status >= 200:
            return raw
        if raw.status == 101:
            break
    raise _Refused("malformed")


def _read(raw: HTTPResponse, max_bytes: int) -> bytes:
    if raw.length is not None and raw.length > max_bytes:
        raise _Refused("too_large")
    pieces: list[bytes] = []
    size = 0
    while piece := raw.read(min(_PIECE, max_bytes + 1)):
        size += len(piece)
        if size > max_bytes:
            raise _Refused("too_large")
        pieces.append(piece)
    if raw.length:  # the promised length did not come
        raise _Refused("malformed")
    return b"".join(pieces)


def _unpack(body: bytes, encodings: str, max_bytes: int) -> bytes:
    # `identity` was asked for; some servers compress all the same.
    names = [name.strip().lower() for name in encodings.split(",")]
    for name in (name for name in reversed(names) if name not in ("", "identity")):
        if not body:
            break
        if name not in _ENCODINGS or len(names) > 2:
            raise _Refused("malformed")
        body = _inflate(body, _ENCODINGS[name], max_bytes)
    return body


def _inflate(body: bytes, window: int, max_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    unpacked = unpacker.decompress(body, max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise _Refused("too_large")
    if not unpacker.eof:
        raise _Refused("malformed")
    return unpacked
