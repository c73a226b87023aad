"""The members of request bodies, read from the schema: scalars, lists and the objects around them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.probes.positions import DEEPEST, Operation, Step, resolved

SCALARS = {"string", "integer", "number", "boolean"}


@dataclass(frozen=True)
class Member:
    """A place in a body: its dotted name, and what the schema says of it."""

    name: str
    kind: str
    schema: Any

    @property
    def is_in_list(self) -> bool:
        return self.name.rsplit(".", 1)[-1].isdigit()


def members(operation: Operation) -> list[Member]:
    """Scalars, ``array``s and closed ``object``s of the body; the body itself is the object ``""``."""
    found = {}
    for steps, kind, schema in _walk(operation.body, (), 0):
        found.setdefault((".".join(map(str, steps)), kind), schema)
    return [Member(name, kind, schema) for (name, kind), schema in found.items()]


def _walk(schema: Any, steps: tuple[Step, ...], depth: int) -> Iterator[Any]:
    schema = resolved(schema)
    kinds = schema.get("type", "string" if "enum" in schema else "")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind in SCALARS or kind == "array" or (kind == "object" and "properties" in schema):
            yield steps, kind, schema
    if depth > DEEPEST:
        return
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _walk(part, steps, depth + 1)
    for name, part in schema.get("properties", {}).items():
        yield from _walk(part, (*steps, name), depth + 1)
    if isinstance(items := schema.get("items"), dict):
        yield from _walk(items, (*steps, 0), depth + 1)
