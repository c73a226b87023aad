"""Which deliveries are cut next: the oldest; in a backlog, the oldest of each account.

Order matters within an account only. So when more wait than a turn takes, accounts share the
turn, and one with a hundred thousand deliveries does not keep its neighbour's waiting. A delivery
of several accounts may be overtaken by none of theirs: while one waits, the oldest go first.
"""

from bisect import bisect_right
from typing import Any

from kernel.mongo.doors import collection
from webhooks.models import WebhookDelivery

BATCH, ACCOUNTS = 200, 20
Rows = tuple[list[dict[str, Any]], bool]
_last_served = ""


def oldest(where: dict[str, Any], most: int = 0) -> Rows:
    """The oldest deliveries that match, and whether there are more."""
    most = most or BATCH
    some: dict[str, Any] = {"sort": [("_id", 1)], "limit": most + 1, "batch_size": most + 2}
    rows = list(collection(WebhookDelivery).find(where, **some))
    return rows[:most], len(rows) > most


def oldest_in_turn() -> Rows:
    """The new deliveries of the next turn, in the order of acknowledgement; and whether more wait."""
    rows, more = oldest({"state": WebhookDelivery.NEW})
    if not more or _of_several_waits():
        return rows, more
    origins = sorted(collection(WebhookDelivery).distinct("origin", {"state": WebhookDelivery.NEW}))
    if len(origins) < 2:
        return rows, more
    return _shared(_next_in_turn(origins)), True


def _of_several_waits() -> bool:
    where = {"state": WebhookDelivery.NEW, "origin": {"$in": ["", None]}}
    return collection(WebhookDelivery).find_one(where, {"_id": 1}) is not None


def _next_in_turn(origins: list[str]) -> list[str]:
    """The accounts after those of the turn before, around the circle."""
    global _last_served
    start = bisect_right(origins, _last_served)
    turn = (origins[start:] + origins[:start])[:ACCOUNTS]
    _last_served = turn[-1]
    return turn


def _shared(origins: list[str]) -> list[dict[str, Any]]:
    share = BATCH // len(origins)
    rows: list[dict[str, Any]] = []
    for origin in origins:
        rows += oldest({"state": WebhookDelivery.NEW, "origin": origin}, share)[0]
    return sorted(rows, key=lambda row: row["_id"])
