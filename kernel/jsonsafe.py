"""Foreign JSON made storable: any value a parser accepts, in a form MongoDB and JSON keep.

What other people's systems send may hold what BSON cannot (keys with NUL, lone surrogates,
integers beyond 64 bits), what its query language would read as something else (keys with a
dot or a leading ``$``), what strict JSON cannot say (NaN, infinities) and what JavaScript
rounds (integers beyond 2^53). Values are replaced by the nearest visible thing rather than
dropped, so that nothing disappears unseen.
"""

import json
import math
import re
from typing import Any

MAX_DEPTH = 20
"""Containers within containers; a flat object is 1 deep."""

MAX_EXACT_INT = 2**53
"""Beyond this a double, and so JavaScript, cannot tell neighbours apart."""

_HUGE_BITS = 10_000  # `str()` of a larger integer is refused by Python itself
_ELLIPSIS = "…"
_NUL_PICTURE = "\u2400"
_REPLACEMENT = "\ufffd"


# What `storable` would change, as it shows in compact JSON text; too much is found rather than
# too little. A key with a dot may go on with escaped quotes before its end.
_LONG_NUMBER = re.compile(r"(?:^|[:\[,])-?\d{16}")
_DOTTED_KEY = re.compile(r"""\.[^".]*(?:":|\\")""")
_FEW_CONTAINERS = 15
_compact = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class TooDeep(ValueError):
    """The value holds containers within containers beyond the allowed depth."""


def storable(value: Any, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return a copy of the JSON ``value`` that can be stored, queried and sent as JSON again.

    Text: NUL becomes U+2400, a lone surrogate U+FFFD. Integers beyond ±2^53 and floats that
    JSON cannot write become text. Keys: as text, and ``.`` and a leading ``$`` become their
    full-width forms; two keys that meet are told apart by a trailing ``_``.
    Raises `TooDeep`; raises `TypeError` for anything that is not JSON.
    """
    return _storable(value, max_depth, prune=False)


def storable_json(value: Any, *, max_depth: int = MAX_DEPTH) -> Any:
    """`storable` for what a JSON parser made: the value itself where nothing has to change.

    That is almost always, and C finds it out in a tenth of the time that a copy takes.
    """
    try:
        text = _compact(value)
        text.encode()
    except (ValueError, TypeError, RecursionError):  # UnicodeEncodeError is a ValueError
        return storable(value, max_depth=max_depth)
    few = text.count("{") + text.count("[") <= min(max_depth, _FEW_CONTAINERS)
    return value if few and not _is_suspect(text) else storable(value, max_depth=max_depth)


def _is_suspect(text: str) -> bool:
    return (
        "\\u0000" in text
        or '"$' in text
        or _DOTTED_KEY.search(text) is not None
        or _LONG_NUMBER.search(text) is not None
    )


def pruned(value: Any, *, max_depth: int = MAX_DEPTH) -> Any:
    """Like `storable`, but what lies too deep is replaced by ``…`` instead of refused."""
    return _storable(value, max_depth, prune=True)


def storable_text(text: str) -> str:
    """Return ``text`` without NUL and lone surrogates, each replaced by a visible character."""
    if "\x00" in text:
        text = text.replace("\x00", _NUL_PICTURE)
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def storable_key(key: str) -> str:
    """Return ``key`` as a field name that MongoDB neither refuses nor reads as a path."""
    key = storable_text(key)
    if "." in key:
        key = key.replace(".", "\uff0e")
    return "\uff04" + key[1:] if key.startswith("$") else key


def _storable(value: Any, room: int, *, prune: bool) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _storable_int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _float_name(value)
    if not isinstance(value, dict | list | tuple):
        raise TypeError(f"{type(value).__name__} is not a JSON value")
    if room <= 0:
        if prune:
            return _ELLIPSIS
        raise TooDeep("nested too deeply to be stored")
    if isinstance(value, dict):
        return _storable_object(value, room - 1, prune=prune)
    return [_storable(item, room - 1, prune=prune) for item in value]


def _storable_object(value: dict[Any, Any], room: int, *, prune: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise TypeError(f"{type(name).__name__} is not a JSON key")
        key = storable_key(name)
        while key in result:
            key += "_"
        result[key] = _storable(item, room, prune=prune)
    return result


def _storable_int(value: int) -> int | str:
    if -MAX_EXACT_INT <= value <= MAX_EXACT_INT:
        return value
    return hex(value) if value.bit_length() > _HUGE_BITS else str(value)


def _float_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
