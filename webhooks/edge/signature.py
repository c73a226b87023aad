"""Meta's signature: HMAC-SHA256 over the raw bytes, in ``X-Hub-Signature-256: sha256=<hex>``."""

import hmac
from collections.abc import Iterable

PREFIX = b"sha256="
LENGTH = len(PREFIX) + 64


def is_signed(
    body: bytes, headers: Iterable[tuple[bytes, bytes]], secrets: Iterable[bytes]
) -> bool:
    """Whether exactly one well-formed header matches under one of the secrets, in constant time each."""
    given = [value for name, value in headers if name == b"x-hub-signature-256"]
    if len(given) != 1 or len(given[0]) != LENGTH or not given[0].startswith(PREFIX):
        return False
    matches = [
        hmac.compare_digest(given[0], PREFIX + hmac.digest(s, body, "sha256").hex().encode())
        for s in secrets
    ]
    return any(matches)
