"""A stored delivery cut into its items."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from channels.holders import Address
from channels.providers import provider_for_object
from channels.providers.contract import BadItem, RawItem

MOST_ITEMS, MOST_EACH = 2000, 5000


@dataclass
class Opened:
    """A delivery with its items and, as it goes, its account. ``was`` is the document as stored."""

    was: dict[str, Any]
    items: list[RawItem | BadItem]
    account: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[dict[str, Any]] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    erased: dict[Address, set[str]] = field(default_factory=dict)

    def addressed(self) -> Iterator[tuple[Address, datetime]]:
        """For whom something in it is, and when it came."""
        for item in self.items:
            if isinstance(item, RawItem):
                yield (item.address_kind, item.address), self.was["received_at"]


def opened_of(rows: list[dict[str, Any]], more: bool) -> tuple[list[Opened], bool]:
    """The deliveries with their items, up to a number of items; and whether more wait."""
    opened: list[Opened] = []
    items = 0
    for row in rows:
        if items >= MOST_ITEMS:
            return opened, True
        opened.append(Opened(row, _bounded(_items(bytes(row["body"])))))
        items += len(opened[-1].items)
    return opened, more


def _bounded(items: Iterator[RawItem | BadItem]) -> list[RawItem | BadItem]:
    """A provider sends at most 1,000 items at once; what a hostile body adds is one bad item."""
    taken = list(islice(items, MOST_EACH))
    if next(items, None) is not None:
        taken.append(BadItem(reason=f"more than {MOST_EACH} items in one body", body=None))
    return taken


def _items(body: bytes) -> Iterator[RawItem | BadItem]:
    """Every item of a body; what cannot be read at all is one bad item."""
    try:
        payload = json.loads(body)
        for part in payload if isinstance(payload, list) and payload else [payload]:
            yield from _items_of(part)
    except (ValueError, RecursionError) as error:
        yield BadItem(reason=f"not JSON that can be read: {type(error).__name__}", body=None)


def _items_of(payload: Any) -> Iterator[RawItem | BadItem]:
    """Those of one object; some bodies are a list that wraps such objects."""
    kind = payload.get("object") if isinstance(payload, dict) else None
    provider = provider_for_object(kind)
    if provider is None:
        yield BadItem(reason="the body names no known kind of object", body=None)
        return
    yield from provider.explode(payload)
