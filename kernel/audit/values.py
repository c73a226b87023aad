"""What may stand in an entry's ``changes``: plain values of a bounded size.

An entry that cannot be hashed would stop its tenant's relay, and with it the tenant's events.
"""

import math
from collections.abc import Mapping
from typing import Any

LONGEST_TEXT, MOST_MEMBERS, DEEPEST = 500, 100, 5
LEAST, GREATEST = -(2**63), 2**63 - 1


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON and BSON both hold it; what is neither becomes text, what is long is cut."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and LEAST <= value <= GREATEST:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if depth < DEEPEST:
        if isinstance(value, Mapping):
            members = list(value.items())[:MOST_MEMBERS]
            return {_text(str(key)): plain(member, depth + 1) for key, member in members}
        if isinstance(value, list | tuple):
            return [plain(member, depth + 1) for member in value[:MOST_MEMBERS]]
        if isinstance(value, set | frozenset):
            return [plain(member, depth + 1) for member in sorted(value, key=str)[:MOST_MEMBERS]]
    return _text(str(value))


def _text(text: str) -> str:
    """BSON holds neither lone surrogates nor, in names, the character that ends them."""
    text = text[:LONGEST_TEXT].replace("\x00", "")
    return text.encode("utf-8", "replace").decode()
