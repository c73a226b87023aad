"""A row of the limits' table, and the one check that reads the rows.

A `Field` says where something stands in a message, in the form that the API's caller writes, and
what it may hold. What the rows cannot say (one of two fields, cards that must be alike) stands
with the kind of message that it belongs to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from channels.providers.contract import InvalidMessage

Json = dict[str, Any]
Place = tuple[str, Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. ``path`` is dotted, with ``*`` for each item of a list: ``sections.*.title``.

    ``holds`` is text, id (text without outer spaces), link, number, flag, object, list or any.
    ``least`` and ``most`` bound the characters of a text, the items of a list or the number
    itself; ``together`` counts the items of all lists at the path, ``unique`` compares them.
    """

    path: str
    holds: str = "text"
    required: bool = False
    least: int | None = None
    most: int | None = None
    together: bool = False
    unique: bool = False


def text(path: str, most: int | None = None, **more: Any) -> Field:
    """A text of at most ``most`` characters."""
    return Field(path=path, most=most, **more)


def needed(path: str, most: int | None = None, **more: Any) -> Field:
    """A text that must be there and say something."""
    return Field(path=path, most=most, required=True, **more)


def items(path: str, most: int | None = None, *, least: int = 1, **more: Any) -> Field:
    """A list that must be there, of between ``least`` and ``most`` items."""
    return Field(path=path, holds="list", required=least > 0, least=least, most=most, **more)


def held(holds: str, *paths: str, required: bool = False) -> tuple[Field, ...]:
    """Fields that hold the same and are bounded by nothing else."""
    return tuple(Field(path=path, holds=holds, required=required) for path in paths)


def check(fields: tuple[Field, ...], content: Json, prefix: str = "") -> None:
    """Raise `InvalidMessage` for the first field that is unknown, missing or out of its bounds."""
    _refuse_unknown(fields, content, prefix)
    for field in fields:
        found = [place for place in places(content, field.path, prefix) if _check(field, *place)]
        if field.unique:
            _check_unique(found)
        if field.together and field.most is not None:
            count = sum(len(value) for _, value in found)
            if count > field.most:
                at = _joined(prefix, field.path.split(".*")[0])
                raise InvalidMessage(at, f"At most {field.most} in all.", limit=field.most)


def places(content: Any, path: str, prefix: str = "") -> Iterator[Place]:
    """Yield name and value of each place that ``path`` means; None where the field is absent."""
    head, _, rest = path.partition(".")
    if head == "*":
        for index, item in enumerate(content if isinstance(content, list) else ()):
            at = _joined(prefix, str(index))
            yield from places(item, rest, at) if rest else [(at, item)]
        return
    if not isinstance(content, dict):
        raise InvalidMessage(prefix, "This is an object.")
    value, at = content.get(head), _joined(prefix, head)
    if not rest:
        yield at, value
    elif value is not None:
        yield from places(value, rest, at)


def is_web_link(value: str) -> bool:
    """Return whether it is a full http or https address."""
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _joined(*steps: str) -> str:
    return ".".join(step for step in steps if step)


# ---------------------------------------------------------------------------- unknown fields


@cache
def _known(fields: tuple[Field, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Every path that may be there, and those whose insides are not ours to judge."""
    steps = [field.path.split(".") for field in fields]
    paths = {".".join(path[:end]) for path in steps for end in range(1, len(path) + 1)}
    return frozenset(paths), frozenset(field.path for field in fields if field.holds == "any")


def _refuse_unknown(fields: tuple[Field, ...], content: Json, prefix: str) -> None:
    paths, opaque = _known(fields)
    waiting: list[tuple[Any, str, str]] = [(content, "", prefix)]
    while waiting:
        value, path, at = waiting.pop()
        is_list = f"{path}.*" in paths
        if path in opaque:
            continue
        if isinstance(value, dict) and not is_list:
            for key, inner in value.items():
                if _joined(path, key) not in paths:
                    raise InvalidMessage(_joined(at, key), "WhatsApp has no such field here.")
                waiting.append((inner, _joined(path, key), _joined(at, key)))
        elif isinstance(value, list) and is_list:
            waiting += [(v, f"{path}.*", _joined(at, str(i))) for i, v in enumerate(value)]


# -------------------------------------------------------------------------------- one value


def _check(field: Field, at: str, value: Any) -> bool:
    """Return whether there is a value; raise where it is wrong, or missing and required."""
    if value is None or (isinstance(value, str) and not value.strip()):
        if field.required:
            raise InvalidMessage(at, "This is required.")
        return False
    match field.holds:
        case "text" | "id" | "link":
            _check_text(field, at, value)
        case "list":
            _check_list(field, at, value)
        case "number":
            _check_number(field, at, value)
        case "flag" if not isinstance(value, bool):
            raise InvalidMessage(at, "This is true or false.")
        case "object" if not isinstance(value, dict):
            raise InvalidMessage(at, "This is an object.")
    return True


def _check_text(field: Field, at: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidMessage(at, "This is a text.")
    if field.most is not None and len(value) > field.most:
        says = f"At most {field.most} characters." if field.most else "WhatsApp takes none here."
        raise InvalidMessage(at, says, limit=field.most)
    if field.holds == "id" and value != value.strip():
        raise InvalidMessage(at, "An id neither begins nor ends with a space.")
    if field.holds == "link" and not is_web_link(value):
        raise InvalidMessage(at, "The link must be a full http or https address.")


def _check_list(field: Field, at: str, value: Any) -> None:
    if not isinstance(value, list):
        raise InvalidMessage(at, "This is a list.")
    if field.least is not None and len(value) < field.least:
        raise InvalidMessage(at, f"At least {field.least} of them.", limit=field.least)
    if field.most is not None and len(value) > field.most and not field.together:
        raise InvalidMessage(at, f"At most {field.most} of them.", limit=field.most)


def _check_number(field: Field, at: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidMessage(at, "This is a number.")
    if field.most is not None and not value <= field.most:
        raise InvalidMessage(at, f"At most {field.most}.", limit=field.most)
    if field.least is not None and not value >= field.least:
        raise InvalidMessage(at, f"At least {field.least}.", limit=field.least)


def _check_unique(found: list[Place]) -> None:
    seen = set()
    for at, value in found:
        if value in seen:
            raise InvalidMessage(at, "Each of them must be different.")
        seen.add(value)
