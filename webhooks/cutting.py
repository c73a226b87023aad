"""A provider's request body cut into its items, the same for whoever reads it."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from channels.providers import provider_for_object
from channels.providers.contract import BadItem, RawItem

MOST_EACH = 5000


def items_of(body: bytes) -> list[RawItem | BadItem]:
    """Every item of a body, in its order; what cannot be read at all is one bad item.

    A provider sends at most 1,000 items at once; what a hostile body adds to 5,000 is one bad item.
    """
    items = _items(body)
    taken = list(islice(items, MOST_EACH))
    if next(items, None) is not None:
        taken.append(BadItem(reason=f"more than {MOST_EACH} items in one body", body=None))
    return taken


def _items(body: bytes) -> Iterator[RawItem | BadItem]:
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
