"""What was refused, in the audit log of the tenant it was tried in.

Who tries a thousand times must not write a thousand entries: of each who and action the first few
in a minute are entries, the others are counted (``AuditTally``), and the count becomes one entry
when the minute is over.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from kernel.actor import Actor, acting_as, current_actor
from kernel.audit.record import record
from kernel.models import AuditTally
from kernel.mongo.doors import (
    ReturnDocument,
    UniqueViolation,
    collection,
    new_object_id,
    owner,
)
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import active_tenant_id, outside_scope, tenant_scope

log = structlog.get_logger(agentName="auth")
AT_ONCE = 3
REFUSED = "access.refused"
OUTSIDE = "outside"  # all who are nobody here are counted together: they may be any number


def note_refusal(
    action: str, target: tuple[str, str], *, code: str, who: str = "", most: int = AT_ONCE
) -> None:
    """Record that ``action`` was refused to the bound actor, in the active tenant.

    ``code`` is the refusal's. Entries of ``who`` (the actor itself if not told) are at most
    ``most`` in a minute, and one more with the count of all. Not part of a transaction.
    """
    actor = current_actor()
    who = who or f"{actor.kind}:{actor.id}"
    if _counted(who, action, actor) <= most:
        run_transaction(lambda: record(action, target, {"code": [None, code]}))


def afterwards(request: Any, note: Callable[[], None]) -> None:
    """Run ``note`` in the active tenant, for the bound actor, once the answer has left.

    What is known of a name must not show in the time an answer takes. ``note`` may fail: the
    answer has been given, and the log says what was not recorded. At once where nobody waits.
    """
    tenant_id, actor = active_tenant_id(), current_actor()

    def run() -> None:
        try:
            with outside_scope(), tenant_scope(tenant_id), acting_as(actor):
                note()
        except (PyMongoError, DatabaseError) as error:
            log.warning("refusal.unrecorded", tenantId=tenant_id, error=type(error).__name__)

    waiting = getattr(request, "afterwards", None)
    if waiting is None:
        run()
    else:
        waiting.append(run)


def tenants_with_tallies() -> list[str]:
    """Tenants whose tallies of minutes that are over wait to become entries; read unscoped."""
    return [str(tenant) for tenant in collection(AuditTally).distinct("tenantId", _over())]


def settle_tallies() -> int:
    """Turn the active tenant's tallies of minutes that are over into entries; returns how many."""
    rows = list(collection(AuditTally).find({**owner(), **_over()}))
    return sum(run_transaction(partial(_settle, row)) for row in rows)


def _settle(row: dict[str, Any]) -> int:
    """Deleting decides who of two at once writes the entry."""
    gone = collection(AuditTally).delete_one({**owner(), "_id": row["_id"]})
    if not gone.deleted_count or row["count"] <= AT_ONCE:
        return 0
    actor = replace(Actor(), **row["actor"])
    with acting_as(actor):
        record(row["action"], ("refusals", row["who"]), {"count": [0, row["count"]]},
               reason="how often within a minute")  # fmt: skip
    return 1


def _counted(who: str, action: str, actor: Actor) -> int:
    """The number of this one within its minute."""
    where = {**owner(), "minute": _minute(), "who": who, "action": action}
    known = {**asdict(actor), "name": "", "request_id": ""}
    change = {"$inc": {"count": 1}, "$setOnInsert": {"_id": new_object_id(), "actor": known}}
    count = partial(collection(AuditTally).find_one_and_update, where, change, upsert=True,
                    return_document=ReturnDocument.AFTER)  # fmt: skip
    try:
        row = count()
    except UniqueViolation:  # two began the minute at once
        row = count()
    return int(row["count"])


def _minute() -> int:
    return int(time.time() // 60)


def _over() -> dict[str, Any]:
    return {"minute": {"$lt": _minute() - 1}}
