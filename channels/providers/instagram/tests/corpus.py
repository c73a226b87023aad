"""The recorded webhook bodies, each with what must become of it, and how events are written there."""

import dataclasses
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.instagram.parse import parse
from channels.providers.instagram.unparsable import Unparsable

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads(path.read_text())
    return fixture


def events_of(items: Iterable[RawItem | BadItem]) -> list[dict[str, Any]]:
    """The events of those items that could be cut, as the fixtures write them."""
    found: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, BadItem):
            continue
        try:
            found += [shown(event) for event in parse(item.body)]
        except Unparsable as error:
            found.append({"unparsable": error.reason})
    return found


def shown(event: Any) -> dict[str, Any]:
    """An event as the fixtures write it: its class, its values, times in ISO form."""

    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    values = json.loads(json.dumps(dataclasses.asdict(event), default=plain))
    return {"event": type(event).__name__, **values}
