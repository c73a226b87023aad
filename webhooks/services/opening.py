"""A stored delivery cut into its items."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.holders import Address
from channels.providers.contract import BadItem, RawItem
from webhooks.cutting import items_of

MOST_ITEMS = 2000


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
        opened.append(Opened(row, items_of(bytes(row["body"]))))
        items += len(opened[-1].items)
    return opened, more
