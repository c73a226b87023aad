"""A raw body as its parts: the smallest things in it that have one owner each.

A provider batches in lists: a body holds entries, an entry holds lists of changes or events, and one
of these is of one account. What can be read of nobody is a part too, without an address.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from channels.providers import provider_for_object
from channels.providers.contract import RawItem

Address = tuple[str, str]
Json = dict[str, Any]
GONE = object()


@dataclass(frozen=True)
class Part:
    """One part as it came. ``addresses`` are those of the items that the provider cuts from it;
    ``account`` is the id of the entry that holds it, empty outside of any."""

    tree: Any
    addresses: frozenset[Address] = frozenset()
    account: str = ""


Choice = Callable[[Part], Any]
"""What stays of a part: its tree as it is, another in its place, or ``GONE``."""


def parts_of(body: bytes) -> list[Part]:
    """All parts of a body."""
    parts: list[Part] = []

    def noted(part: Part) -> Any:
        parts.append(part)
        return part.tree

    chosen(body, noted)
    return parts


def chosen(body: bytes, choose: Choice) -> bytes:
    """The body with what was chosen of each part; empty when nothing is left.

    The very same bytes come back when nothing was changed. One that cannot be read is one part,
    whose tree is its bytes.
    """
    try:
        tree = json.loads(body)
        kept = (
            _listed(tree, lambda each: _of_body(each, choose))
            if isinstance(tree, list) and tree
            else _of_body(tree, choose)
        )
        if kept is GONE:
            return b""
        return body if kept is tree else json.dumps(kept, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return b"" if choose(Part(body)) is GONE else body


def _listed(nodes: list[Any], each: Callable[[Any], Any]) -> Any:
    """The list of what stays; the same list if that is all of it, ``GONE`` if it is nothing."""
    after = [each(node) for node in nodes]
    if all(kept is node for kept, node in zip(after, nodes, strict=True)):
        return nodes
    return [kept for kept in after if kept is not GONE] or GONE


def _of_body(body: Any, choose: Choice) -> Any:
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list) or not body["entry"]:
        return choose(Part(body))
    entries = _listed(body["entry"], lambda entry: _of_entry(body, entry, choose))
    if entries is body["entry"] or entries is GONE:
        return body if entries is body["entry"] else GONE
    return {**body, "entry": entries}


def _of_entry(body: Json, entry: Any, choose: Choice) -> Any:
    """Each element of its lists, and what the entry says itself; an entry of neither goes whole."""
    if not isinstance(entry, dict):
        return choose(Part(entry))
    lists = {name: nodes for name, nodes in entry.items() if isinstance(nodes, list) and nodes}
    rest = {name: node for name, node in entry.items() if name not in lists}
    account = str(rest.get("id", ""))
    if not lists:
        return _whole(choose, entry, Part(entry, _addresses(body, entry), account))
    shell = {name: node for name, node in rest.items() if name not in ("field", "value")}
    kept: Json = {}
    for name, nodes in lists.items():

        def of_one(node: Any, name: str = name) -> Any:
            found = _addresses(body, {**shell, name: [node]})
            return choose(Part(node, found, account))

        kept[name] = _listed(nodes, of_one)
    own = rest
    if "field" in rest:  # an account signed in without a Page says one thing in the entry itself
        own = _whole(choose, rest, Part(rest, _addresses(body, rest), account))
    if own is rest and all(kept[name] is nodes for name, nodes in lists.items()):
        return entry
    left = {name: nodes for name, nodes in kept.items() if nodes is not GONE}
    if own is GONE or ("field" not in rest and not left):
        return {**shell, **left} if left else GONE
    return {**own, **left}


def _whole(choose: Choice, node: Any, part: Part) -> Any:
    kept = choose(part)
    return node if kept is part.tree else kept


def _addresses(body: Json, entry: Json) -> frozenset[Address]:
    return frozenset(_cut({**body, "entry": [entry]}))


def _cut(body: Json) -> Iterator[Address]:
    provider = provider_for_object(body.get("object"))
    for item in provider.explode(body) if provider else ():
        if isinstance(item, RawItem):
            yield item.address_kind, item.address
