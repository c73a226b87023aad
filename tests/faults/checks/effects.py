"""I1 to I3: what became of each item that was posted."""

from collections import Counter, defaultdict
from typing import Any

from bson import ObjectId

from tests.faults.auditor import Case, Check


def lost(case: Case) -> None:
    """I1: every acknowledged message is stored, for the tenant whose number it was written to."""
    check = case.checks["I1"]
    stored = {row["external_id"]: row["tenantId"] for row in case.messages}
    buried = _buried(case)
    for id_, webhook in case.ledger.acknowledged().items():
        if id_ not in stored and id_ not in buried:
            check.add(f"{id_} was acknowledged and is not stored")
        elif id_ in stored and str(stored[id_]) != case.product["tenant_of"].get(webhook.phone):
            case.checks["I4"].add(f"{id_} is stored for another tenant")
    promised = [ObjectId(c.sent["message"]) for c in case.ledger.calls if c.sent]
    if promised:
        rows = {r["_id"] for r in case.database["messages"].find({"_id": {"$in": promised}}, {})}
        queued = case.database["deliveries"].find({"message_id": {"$in": promised}})
        lanes = {row["message_id"] for row in queued}
        for id_ in promised:
            if id_ not in rows or id_ not in lanes:
                check.add(f"message {id_} was promised with 201 and is not stored with a delivery")


def _buried(case: Case) -> set[str]:
    """Items that a row expects to be buried: kept, visible, with their reason."""
    if not case.product.get("may_bury"):
        return set()
    dead = case.database["webhook_events"].find({"state": "dead"}, {"event_key": 1})
    return {row["event_key"].removeprefix("msg:") for row in dead}


def doubled(case: Case) -> None:
    """I2: one row for each message, one event, one contact for each sender, one conversation."""
    check, database = case.checks["I2"], case.database
    for key, count in Counter((r["channel_id"], r["external_id"]) for r in case.messages).items():
        if count > 1:
            check.add(f"{key[1]} is stored {count} times", count - 1)
    _events(case, check)
    same = {"tenantId": "$tenantId", "channel": "$channel_id", "key": "$event_key"}
    _repeated(database["webhook_events"], same, check, "item {key} is kept {count} times")
    same = {"tenantId": "$tenantId", "channel": "$channel_id", "key": "$key"}
    _repeated(database["message_updates"], same, check, "update {key} is kept {count} times")
    same = {"tenantId": "$tenantId", "kind": "$kind", "scope": "$scope", "key": "$value"}
    _repeated(database["contact_identities"], same, check, "an identity stands {count} times")
    same = {"tenantId": "$tenantId", "channel": "$channel_id", "key": "$contact_id"}
    _repeated(database["conversations"], same, check, "contact {key} has {count} conversations")
    known = set(database["contact_identities"].distinct("contact_id"))
    for row in database["contacts"].find({}, {"_id": 1}):
        if row["_id"] not in known:
            check.add(f"contact {row['_id']} has no identity: it was made twice")


def _events(case: Case, check: Check) -> None:
    ids = [str(row["_id"]) for row in case.messages]
    found = case.database["domain_events"].find(
        {"tenantId": {"$in": case.tenants}, "type": "message.received"}, {"data.message_id": 1}
    )
    counts = Counter(row["data"]["message_id"] for row in found)
    for id_ in ids:
        if counts[id_] != 1:
            check.add(f"message {id_} has {counts[id_]} events message.received")


def _repeated(collection: Any, same: dict[str, Any], check: Check, text: str) -> None:
    stages = [{"$group": {"_id": same, "count": {"$sum": 1}}}, {"$match": {"count": {"$gt": 1}}}]
    for row in collection.aggregate(stages, allowDiskUse=True):
        check.add(text.format(count=row["count"], key=row["_id"]["key"]), row["count"] - 1)


def inversions(case: Case) -> None:
    """I3: what was posted after an acknowledgement stands behind it; our sends leave in order.

    An item without an answer may stand anywhere behind what was acknowledged before it was
    posted. A message that was acknowledged again later keeps the place of its first one.
    """
    check = case.checks["I3"]
    place = {row["external_id"]: (row["conversation_id"], row["seq"]) for row in case.messages}
    highest: dict[Any, int] = defaultdict(int)
    seen: set[str] = set()
    for webhook in case.ledger.webhooks:
        reached: dict[Any, int] = {}
        for id_, _, _ in webhook.items:
            if id_ not in place or id_ in seen:
                continue
            thread, seq = place[id_]
            before = max(highest[thread], reached.get(thread, 0))
            if seq <= before:
                check.add(f"{id_} has number {seq}, behind it stands one posted before")
            reached[thread] = max(before, seq)
            seen |= {id_} if webhook.is_acknowledged else set()
        if webhook.is_acknowledged:
            highest.update(reached)
    _sends(case, check)


def _sends(case: Case, check: Check) -> None:
    first: dict[str, int] = {}
    for call in case.calls:
        first.setdefault(call["message"], call["n"])
    first.pop("", None)
    ids = [ObjectId(id_) for id_ in first if ObjectId.is_valid(id_)]
    rows = case.database["messages"].find({"_id": {"$in": ids}}, {"conversation_id": 1, "seq": 1})
    threads: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        threads[row["conversation_id"]].append((row["seq"], first[str(row["_id"])]))
    for thread, sends in threads.items():
        order = [n for _, n in sorted(sends)]
        if order != sorted(order):
            check.add(f"the sends of conversation {thread} left in another order")
