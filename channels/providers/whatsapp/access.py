"""Reading Meta's JSON without trusting it: a wrong type reads as absent, never as an error.

Meta's own payloads send numbers as text, text as numbers, times as either, hashes in two
encodings and leave out what the reference pages promise; each reader here settles one of those.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.jsonsafe import MAX_EXACT_INT

_DIGITS = re.compile(r"[+-]?\d{1,16}", re.ASCII)
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)  # WhatsApp's first year
_LATEST_SECONDS = 10_000_000_000  # above this a number of seconds can only be milliseconds
_CLOCK_SLACK = timedelta(days=1)
_NOT_IN_REASON = re.compile(r"[^A-Za-z0-9_-]")


def as_text(source: Any, key: str) -> str:
    """Return ``source[key]`` as text; a number counts as its digits, anything else as empty."""
    value = source.get(key) if isinstance(source, dict) else None
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if abs(value) < 2**64 else ""


def as_object(source: Any, key: str) -> dict[str, Any]:
    """Return the object at ``source[key]``, or an empty one."""
    value = source.get(key) if isinstance(source, dict) else None
    return value if isinstance(value, dict) else {}


def as_list(source: Any, key: str) -> list[Any]:
    """Return the list at ``source[key]``, or an empty one."""
    value = source.get(key) if isinstance(source, dict) else None
    return value if isinstance(value, list) else []


def as_objects(source: Any, key: str) -> list[dict[str, Any]]:
    """Return those elements of the list at ``source[key]`` that are objects."""
    return [item for item in as_list(source, key) if isinstance(item, dict)]


def as_int(source: Any, key: str) -> int | None:
    """Return ``source[key]`` as an integer, also from digits in text; else None."""
    value = source.get(key) if isinstance(source, dict) else None
    number: int | None = None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    return number if number is not None and abs(number) <= MAX_EXACT_INT else None


def as_flag(source: Any, key: str) -> bool:
    """Return whether ``source[key]`` is true, written as a boolean or as text."""
    value = source.get(key) if isinstance(source, dict) else None
    return value is True or (isinstance(value, str) and value.lower() == "true")


def as_time(source: Any, key: str, *, ahead: bool = False) -> datetime | None:
    """Return the unix time at ``source[key]`` in UTC; None when absent or absurd.

    Seconds as text or number are the rule and milliseconds occur. Times before 2009 or more
    than a day ahead of our clock are somebody's bug, and no time is better than a wrong one;
    with ``ahead`` the future is what the time is about.
    """
    number = as_int(source, key)
    if number is None or number <= 0:
        return None
    if number >= _LATEST_SECONDS:
        number //= 1000
    if number >= _LATEST_SECONDS:
        return None
    moment = datetime.fromtimestamp(number, tz=UTC)
    is_known = ahead or moment <= datetime.now(UTC) + _CLOCK_SLACK
    return moment if is_known and moment >= _EARLIEST else None


def as_sha256(source: Any, key: str) -> str:
    """Return the SHA-256 at ``source[key]`` as lower-case hex, from hex or base64; else empty."""
    value = as_text(source, key).strip()
    if _HEX_SHA256.fullmatch(value):
        return value.lower()
    padded = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        digest = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return digest.hex() if len(digest) == 32 else ""


def bounded_reason(kind: str, name: str) -> str:
    """Return a reason for the ledger with few distinct values, whatever the payload says."""
    return f"{kind}:{_NOT_IN_REASON.sub('_', name)[:64] or 'unnamed'}"
