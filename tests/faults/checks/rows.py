"""I4, I5 and I9: what the collections say of each other."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.auditor import Case

REFERENCES = (
    ("messages", "conversation_id", "conversations"),
    ("messages", "channel_id", "channels"),
    ("conversations", "contact_id", "contacts"),
    ("conversations", "channel_id", "channels"),
    ("contact_identities", "contact_id", "contacts"),
    ("deliveries", "message_id", "messages"),
    ("deliveries", "conversation_id", "conversations"),
    ("message_updates", "channel_id", "channels"),
    ("webhook_events", "channel_id", "channels"),
    ("reactions", "event_id", "domain_events"),
)
WORK = ("webhook_events", "deliveries", "delivery_checks", "reactions", "attachments",
        "read_receipts", "lookups")  # fmt: skip


def references(case: Case) -> None:
    """I4: what a row points at exists and belongs to the same tenant."""
    check = case.checks["I4"]
    owners: dict[str, dict[Any, Any]] = {}
    for target in {target for _, _, target in REFERENCES}:
        rows = case.database[target].find({}, {"tenantId": 1})
        owners[target] = {row["_id"]: row["tenantId"] for row in rows}
    for source, column, target in REFERENCES:
        for row in case.database[source].find({}, {"tenantId": 1, column: 1}):
            wanted = row.get(column)
            if wanted is not None and owners[target].get(wanted) != row["tenantId"]:
                check.add(f"{source}.{column} of {row['_id']} leaves its tenant")


def unfinished(case: Case) -> None:
    """I5: no delivery, item, event, mark or spool file waits that should have been served."""
    check, database = case.checks["I5"], case.database
    oldest = datetime.now(UTC) - timedelta(seconds=case.product["slo_s"])
    late = {"state": "new", "received_at": {"$lt": oldest}}
    check.add("deliveries not cut", database["webhook_deliveries"].count_documents(late))
    for name in WORK:
        late = {"open": True, "due_at": {"$lt": oldest}}
        for row in database[name].find(late, {"state": 1, "attempts": 1, "last_error": 1}):
            why = f"{row['state']}, {row['attempts']} attempts {row.get('last_error', '')[:80]}"
            check.add(f"{name} {row['_id']} waits: {why}")
    for name, column in (("domain_events", "number"), ("audit_log", "seq")):
        late = {column: 0, "occurred_at": {"$lt": oldest}}
        check.add(f"{name} not numbered", database[name].count_documents(late))
    late = {"created_at": {"$lt": oldest}}
    check.add("marks not folded", database["lane_marks"].count_documents(late))
    files = [
        p for p in Path(case.product["spool"]).rglob("*") if p.suffix in (".spool", ".damaged")
    ]
    check.add("files in the spool", len(files))


def counters(case: Case) -> None:
    """I9: what is counted along the way equals a recount."""
    _threads(case)
    _feeds(case)
    _accounts(case)


def _threads(case: Case) -> None:
    check = case.checks["I9"]
    held: Counter[Any] = Counter()
    last_sent: dict[Any, int] = defaultdict(int)
    inbound: dict[Any, list[int]] = defaultdict(list)
    shown = {"conversation_id": 1, "seq": 1, "direction": 1}
    for row in case.database["messages"].find({}, shown):
        thread = row["conversation_id"]
        held[thread] += 1
        if row["direction"] == "outbound":
            last_sent[thread] = max(last_sent[thread], row["seq"])
        else:
            inbound[thread].append(row["seq"])
    for row in case.database["conversations"].find({}, {"message_count": 1, "unread_count": 1}):
        id_ = row["_id"]
        if row["message_count"] != held[id_]:
            check.add(f"conversation {id_} counts {row['message_count']} messages of {held[id_]}")
        unread = sum(1 for seq in inbound[id_] if seq > last_sent[id_])
        if row["unread_count"] != unread:
            check.add(f"conversation {id_} counts {row['unread_count']} unread of {unread}")


def _feeds(case: Case) -> None:
    check = case.checks["I9"]
    stages = [{"$match": {"number": {"$gt": 0}}},
              {"$group": {"_id": "$tenantId", "count": {"$sum": 1}, "last": {"$max": "$number"}}}]  # fmt: skip
    feeds = {row["_id"]: row for row in case.database["domain_events"].aggregate(stages)}
    for state in case.database["feed_states"].find({}):
        found = feeds.get(state["tenantId"], {"count": 0, "last": 0})
        if not state["last_number"] == found["count"] == found["last"]:
            check.add(f"the feed counts {state['last_number']} events of {found['count']}, "
                      f"the last is {found['last']}")  # fmt: skip


def _accounts(case: Case) -> None:
    """A delivery's account closes, and what it calls stored is there."""
    check, stored = case.checks["I9"], 0
    done = case.database["webhook_deliveries"].find({"state": "done"}, {"account": 1})
    for row in done:
        account = row["account"]
        parts = sum(account.get(name, 0) for name in ("stored", "duplicate", "parked", "dead"))
        stored += account.get("stored", 0)
        if account.get("received") != parts:
            check.add(f"delivery {row['_id']} received {account.get('received')}, explains {parts}")
    kept = case.database["webhook_events"].count_documents({})
    if stored != kept:
        check.add(f"the accounts say {stored} items were stored, {kept} are")
