"""The small checks from which the limits of outgoing messages are made.

Each raises `GraphError` with Meta's code for that kind of mistake, and with details that name the
field: 131008 a required parameter is missing, 131009 a value is invalid, 100 a parameter is
unknown or too long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.records import Json


def missing(field: str) -> GraphError:
    """131008 for this field."""
    return GraphError(131008, f"The parameter {field} is required.")


def invalid(field: str, why: str) -> GraphError:
    """131009 for this field."""
    return GraphError(131009, f"Parameter '{field}': {why}")


def too_long(field: str, limit: int) -> GraphError:
    """Code 100, in the words of the Graph API."""
    text = f"Param {field} must be at most {limit} characters long."
    return GraphError(100, text, message=f"(#100) {text}")


def child(parent: Json, name: str, field: str) -> Json:
    """The object `parent[name]`, which must be there."""
    value = parent.get(name)
    if value is None:
        raise missing(field)
    if not isinstance(value, dict):
        raise GraphError(100, f"Param {field} must be a JSON object.")
    return value


def items(parent: Json, name: str, field: str, least: int, most: int) -> list[Json]:
    """The list of objects `parent[name]`, with between `least` and `most` of them."""
    value = parent.get(name)
    if value is None:
        raise missing(field)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise GraphError(100, f"Param {field} must be an array of JSON objects.")
    if not least <= len(value) <= most:
        raise invalid(field, f"{len(value)} items given, min: {least}, max: {most}.")
    return value


def text(parent: Json, name: str, field: str, limit: int, *, is_graph: bool = False) -> str:
    """The non-empty string `parent[name]` of at most `limit` characters.

    Too long is 131009, or 100 with `is_graph`, which is how plain fields answer.
    """
    value = parent.get(name)
    if value is None or value == "":
        raise missing(field)
    if not isinstance(value, str):
        raise GraphError(100, f"Param {field} must be a string.")
    if len(value) > limit:
        raise (
            too_long(field, limit)
            if is_graph
            else invalid(field, f"length invalid. Min length: 1, Max length: {limit}.")
        )
    return value


def optional_text(
    parent: Json, name: str, field: str, limit: int, *, is_graph: bool = False
) -> str | None:
    """As `text`, when it is given at all."""
    if parent.get(name) is None:
        return None
    return text(parent, name, field, limit, is_graph=is_graph)


def only(parent: Json, allowed: Iterable[str], field: str) -> None:
    """Refuse keys that Meta does not know here."""
    for name in parent:
        if name not in allowed:
            where = f' on param "{field}"' if field else ""
            words = f'Unexpected key "{name}"{where}.'
            raise GraphError(100, words, message=f"(#100) {words}")


def web_link(value: Any, field: str) -> str:
    """An absolute http or https address."""
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise GraphError(100, f"Param {field} is not a valid URI.")
    return str(value)


def number_between(value: Any, field: str, least: float, most: float) -> float:
    """A number, or a string of one, within bounds."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise invalid(field, "is not a number.") from None
    if isinstance(value, bool) or not least <= found <= most:
        raise invalid(field, f"must be between {least:g} and {most:g}.")
    return found
