"""Meta's form of JSON bodies and their signatures.

Meta escapes every non-ASCII character as `\\uXXXX` in lower case and `/` as `\\/`; bodies seen in
the wild also escape `<`, `%` and `@`. The signature covers exactly those bytes, so an integrator
who serialises the JSON again computes another one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
# None of these characters has a meaning in JSON outside of strings, so replacing is safe.
_HISTORIC = (("<", "\\u003C"), ("%", "\\u0025"), ("@", "\\u0040"))


def encode(body: Any, escape: str = "historic") -> bytes:
    """Serialise as Meta does; `escape` is `historic` (also `<`, `%`, `@`) or `modern`."""
    text = _ENCODER.encode(body).replace("/", "\\/")
    if escape == "historic":
        for plain, escaped in _HISTORIC:
            text = text.replace(plain, escaped)
    return text.encode("ascii")


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for these bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def keyed_hash(secret: str, text: str) -> str:
    """Hexadecimal HMAC-SHA256 of `text`; for download links and `appsecret_proof`."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
