"""The relay: numbers a tenant's events in commit order, chains its audit log, hands both on.

One lane for each tenant. A batch is one transaction; the numbers come from
``FeedState``, whose fence keeps out a holder that slept past its lease.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from pymongo import InsertOne, ReturnDocument

from kernel.audit.chain import chain
from kernel.clock import now
from kernel.events import doorbell
from kernel.events.subscribers import handler_named, subscribers_of
from kernel.models import AuditEntry, DomainEvent, FeedState, Reaction
from kernel.mongo.doors import ObjectId, collection, new_object_id, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.ids import first_id_at
from kernel.mongo.transactions import on_commit, run_transaction
from kernel.scoping.context import active_tenant_id
from kernel.work.items import lane_key
from kernel.work.lanes import Lease, mark_many, nudge
from kernel.work.outcomes import StaleFence
from kernel.work.registry import Kind, Released
from kernel.work.registry import register as register_kind
from kernel.work.serving import serve_batches
from kernel.work.sweep import register_probe

BATCH = 500
LEFT_BEHIND_S = 2


def register() -> None:
    register_kind(Kind(name="relay", queue="inbound", serve=relay))
    register_kind(Kind(name="react", queue="default", serve=react))
    register_probe(wake_left_behind)


def wake_left_behind() -> None:
    """The relay is woken after the commit; what a crash kept from being announced is found here."""
    old = {"_id": {"$lt": first_id_at(now() - timedelta(seconds=LEFT_BEHIND_S))}}
    for model, waiting in ((DomainEvent, {"number": 0}), (AuditEntry, {"seq": 0})):
        tenant, rows = ObjectId(bytes(12)), collection(model)
        # From one tenant to the next along the index, whatever number of rows each has.
        while row := rows.find_one(
            {"tenantId": {"$gt": tenant}, **waiting, **old}, {"tenantId": 1}, sort=[("tenantId", 1)]
        ):
            tenant = row["tenantId"]
            nudge("relay", str(tenant), tenant_id=str(tenant))


def relay(lease: Lease) -> Released:
    """Number and hand on what was committed since; also chain the audit entries."""
    served = run_transaction(lambda: _relay_batch(lease.fence))
    return Released(due_at=now() if served >= BATCH else None, served=served)


def _relay_batch(fence: int) -> int:
    events = _unnumbered()
    state = _claim_state(fence, len(events))
    with rewriting(Rewrite.RELAY):
        _number(events, state["last_number"])
        audited = chain(state, BATCH)
    _hand_on(events)
    if events:
        number = state["last_number"] + len(events)
        tenant = active_tenant_id()
        on_commit(lambda: doorbell.publish(tenant, number))
    return max(len(events), audited)


def _unnumbered() -> list[Any]:
    """The oldest events without a number: their ids and types are all that is needed here."""
    some: dict[str, Any] = {"sort": [("_id", 1)], "limit": BATCH, "batch_size": BATCH + 1}
    found = collection(DomainEvent).find({**owner(), "number": 0}, {"type": 1}, **some)
    return [SimpleNamespace(pk=str(row["_id"]), type=row["type"]) for row in found]


def _claim_state(fence: int, count: int) -> dict[str, Any]:
    """The state before this batch, advanced by ``count``; refuses an older fence."""
    states = collection(FeedState)
    change = {"$inc": {"last_number": count}, "$set": {"fence": fence}}
    state: dict[str, Any] | None = states.find_one_and_update(
        {**owner(), "fence": {"$lte": fence}}, change, return_document=ReturnDocument.BEFORE
    )
    if state is not None:
        return state
    if states.find_one({**owner()}):
        raise StaleFence("another holder relays this tenant")
    first = {"last_number": 0, "audit_seq": 0, "audit_hash": ""}
    states.insert_one(
        {"_id": new_object_id(), **owner(), **first, "last_number": count, "fence": fence}
    )
    return first


def _number(events: list[Any], last: int) -> None:
    if not events:
        return
    # One command whose numbers are the places in this list, not one command for each event.
    ids = [ObjectId(event.pk) for event in events]
    number = {"$add": [{"$literal": last + 1}, {"$indexOfArray": [ids, "$_id"]}]}
    change = [{"$set": {"number": {"$toLong": number}}}]
    collection(DomainEvent).update_many({**owner(), "_id": {"$in": ids}}, change)


def _hand_on(events: list[Any]) -> None:
    """A work item for each subscriber of each event, in the transaction that numbers it."""
    rows, lanes = [], {}
    for event in events:
        for subscriber in subscribers_of(event.type):
            rows.append(InsertOne(_reaction(event, subscriber)))
            lanes[lane_key(subscriber)] = now()
    if rows:
        collection(Reaction).bulk_write(rows)
        mark_many("react", list(lanes.items()))


def _reaction(event: Any, subscriber: str) -> dict[str, Any]:
    return {
        "_id": new_object_id(), **owner(), "subscriber": subscriber, "event_id": ObjectId(event.pk),
        "lane": subscriber, "state": Reaction.READY, "open": True, "due_at": now(), "attempts": 0,
        "fence": 0, "last_error": "", "reason": "", "created_at": now(), "finished_at": None,
    }  # fmt: skip


def react(lease: Lease) -> Released:
    """Run a subscriber over its next events."""
    return serve_batches(Reaction, lease, _run, most=50)


def _run(reactions: list[Reaction]) -> None:
    events = DomainEvent.objects.in_bulk([r.event_id for r in reactions])
    for reaction in reactions:
        handler_named(reaction.subscriber)(events[reaction.event_id])
