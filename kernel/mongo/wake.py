"""Waking a lane: the one update that makes it due, for the pipelines and for the webhook edge.

Free of Django, because the edge has none.
"""

from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def wake(kind: str, key: str, tenant_id: str, due_at: datetime) -> UpdateOne:
    """Make the lane due at ``due_at``, creating it if need be.

    A leased or held lane keeps its time; ``rev`` tells its holder that there is more.
    """
    busy = {"$gt": [{"$ifNull": ["$lease_until", LONG_AGO]}, "$$NOW"]}
    held = {"$ne": [{"$ifNull": ["$held", ""]}, ""]}
    due = {"$ifNull": ["$due_at", NEVER]}
    sooner = {"$min": [due, {"$max": [due_at, "$$NOW"]}]}
    fields: dict[str, Any] = {
        "tenant_id": tenant_id,
        "fence": {"$ifNull": ["$fence", 0]},
        "rev": {"$add": [{"$ifNull": ["$rev", 0]}, 1]},
        "held": {"$ifNull": ["$held", ""]},
        "holder": {"$ifNull": ["$holder", ""]},
        "lease_until": {"$ifNull": ["$lease_until", LONG_AGO]},
        "due_at": {"$cond": [{"$or": [busy, held]}, due, sooner]},
    }
    return UpdateOne({"kind": kind, "key": key}, [{"$set": fields}], upsert=True)
