"""Composes the bytes of a request.

Composed here, and not by a client library, so that a request is one piece whose last byte
either left or did not.
"""

import json as json_codec
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from urllib3.filepost import encode_multipart_formdata

from kernel.egress.target import Target

Form = Mapping[str, object]
# A file is its name, its bytes and its media type.
File = tuple[str, bytes, str]
Files = Mapping[str, File]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# These frame the request or route it; letting a caller set them is how requests are smuggled.
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"}
)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def compose_request(
    method: str,
    target: Target,
    *,
    headers: Mapping[str, str] | None,
    json: object | None,
    data: bytes | str | Form | None,
    files: Files | None,
) -> bytes:
    """The whole request as bytes; raises `ValueError` or `TypeError` for what cannot be one."""
    body, content_type = _body(json, data, files)
    fields = {"Host": target.authority, "Accept-Encoding": "identity"}
    given = dict(headers or {})
    names = {name.lower() for name in given}
    if forbidden := names & _OURS:
        raise ValueError(f"header {min(forbidden)!r} is set by the door itself")
    if content_type and "content-type" not in names:
        fields["Content-Type"] = content_type
    if body or method in _WITH_BODY:
        fields["Content-Length"] = str(len(body))
    return _head(method, target.path, {"User-Agent": "switchboard", **fields} | given) + body


def _head(method: str, path: str, fields: Mapping[str, str]) -> bytes:
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"not an HTTP method: {method!r}")
    lines = [f"{method} {path} HTTP/1.1"]
    for name, value in fields.items():
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"header {name!r} holds characters that a header cannot hold")
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _body(
    json: object | None, data: bytes | str | Form | None, files: Files | None
) -> tuple[bytes, str | None]:
    if json is not None:
        if data is not None or files is not None:
            raise ValueError("a request has one body: json, or data with or without files")
        text = json_codec.dumps(json, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(), "application/json"
    if files is not None:
        return _multipart(data, files)
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    return (data.encode() if isinstance(data, str) else data or b""), None


def _multipart(data: bytes | str | Form | None, files: Files) -> tuple[bytes, str]:
    if data is not None and not isinstance(data, Mapping):
        raise ValueError("files go together with form fields, not with a raw body")
    fields: list[tuple[str, str | File]] = [
        (name, str(value)) for name, value in (data or {}).items()
    ]
    fields += files.items()
    return encode_multipart_formdata(fields)
