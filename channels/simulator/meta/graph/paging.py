"""Cursor paging as the Graph API does it."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Call
from channels.simulator.meta.records import Json


def _cursor(index: int) -> str:
    return base64.urlsafe_b64encode(f"at:{index}".encode()).decode()


def _index(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor.encode()).decode().removeprefix("at:"))
    except (binascii.Error, ValueError):
        raise GraphError(131059, "after: the cursor is not valid.") from None


def page_of(call: Call, nodes: list[Json], usual: int = 25) -> Json:
    """`{"data", "paging": {"cursors", "next"?}}` by the call's `limit` and `after`."""
    limit = call.parameter("limit") or str(usual)
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise GraphError(100, "Param limit must be a number between 1 and 1000.")
    after = call.parameter("after")
    start = _index(after) + 1 if after else 0
    shown = nodes[start : start + int(limit)]
    if not shown:
        return {"data": []}
    last = start + len(shown) - 1
    paging: Json = {"cursors": {"before": _cursor(start), "after": _cursor(last)}}
    if last + 1 < len(nodes):
        query = dict(call.request.query_params) | {"after": _cursor(last), "limit": limit}
        query.pop("access_token", None)
        paging["next"] = f"{call.sim.base_url}{call.request.url.path}?{urlencode(query)}"
    return {"data": shown, "paging": paging}
