"""Statements of this installation, signed with a key that the database does not hold."""

import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings


def signed(body: dict[str, Any]) -> dict[str, Any]:
    """``{"body", "signature"}``, by the key that signs checkpoints."""
    return {"body": body, "signature": key_of(settings.SECRET_KEY).sign(canonical(body)).hex()}


def is_ours(statement: Any) -> bool:
    """Whether a statement is one that this installation signed, unchanged."""
    try:
        return is_signed(statement["body"], statement["signature"])
    except (KeyError, TypeError, ValueError):
        return False


def is_signed(body: dict[str, Any], signature: str) -> bool:
    """By today's secret or by one that was rotated away and is still known."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            key_of(secret).public_key().verify(bytes.fromhex(signature), canonical(body))
        except InvalidSignature:
            continue
        return True
    return False


def canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def key_of(secret: str) -> Ed25519PrivateKey:
    """Derived from the installation's secret, which the database does not hold."""
    seed = hashlib.sha256(b"audit-checkpoint|" + secret.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
