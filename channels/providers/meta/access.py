"""Reading Meta's JSON without trusting it: a wrong type reads as absent, never as an error.

Ids and counts come as numbers or text, times in seconds or milliseconds and as either, and
any property may be missing; each reader here settles one of those.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.jsonsafe import MAX_EXACT_INT

_DIGITS = re.compile(r"[+-]?\d{1,16}", re.ASCII)
_EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)  # before this nothing was ever sent on Meta's channels
_LATEST_SECONDS = 10_000_000_000  # above this a number of seconds can only be milliseconds
_CLOCK_SLACK = timedelta(days=1)


def as_text(source: Any, key: str) -> str:
    """Return ``source[key]`` as text; a number counts as its digits, anything else as empty."""
    value = source.get(key) if isinstance(source, dict) else None
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if abs(value) < 2**64 else ""


def given_id(source: Any, key: str) -> str:
    """Return the id at ``source[key]``; empty for whatever no id can be, a number among it."""
    value = source.get(key) if isinstance(source, dict) else None
    return value if isinstance(value, str) and value.strip() else ""


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


def as_texts(source: Any, *keys: str) -> dict[str, str]:
    """Return those of ``keys`` that hold text, so that what is absent stays absent."""
    return {key: text for key in keys if (text := as_text(source, key))}


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


def as_time(source: Any, key: str) -> datetime | None:
    """Return the unix time at ``source[key]`` in UTC; None when absent or absurd.

    Seconds or milliseconds, told apart by magnitude, as number or text; an ISO time also
    counts (the Graph API's own nodes have those). Times before 2009 or more than a day ahead
    of our clock are somebody's bug, and no time is better than a wrong one.
    """
    number = as_int(source, key)
    if number is None:
        moment = _iso(as_text(source, key))
    else:
        millis = number * 1000 if number < _LATEST_SECONDS else number
        if not 0 < millis < _LATEST_SECONDS * 1000:
            return None
        moment = datetime.fromtimestamp(millis // 1000, tz=UTC)
        moment += timedelta(milliseconds=millis % 1000)
    if moment is None or not _EARLIEST <= moment <= datetime.now(UTC) + _CLOCK_SLACK:
        return None
    return moment


def _iso(text: str) -> datetime | None:
    """``2026-10-05T11:33:21+0000``, as the Graph API writes times."""
    if not 16 <= len(text) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
