"""Removing what is older than its days: each function takes a page, and says whether there is more."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from conversations.models import Conversation
from kernel.archive.walk import page
from kernel.audit.chain import beginning
from kernel.audit.cuts import write_cut
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, FeedState, Reaction
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.ids import first_id_at
from kernel.mongo.rows import find_rows
from kernel.mongo.transactions import run_transaction
from messaging.media.removal import order_removal, remove_files
from messaging.models import Attachment, Delivery, Message, MessageUpdate
from webhooks.models import WebhookEvent
from webhooks.services.redaction import redact_deliveries

PAGE = 300
REMOVED = "[removed]"
Removed = tuple[dict[str, int], bool]
State = dict[str, Any]


def _cutoff(days: int) -> datetime:
    return now() - timedelta(days=days)


def _is_old(moment: datetime, cutoff: datetime) -> bool:
    return moment.replace(tzinfo=UTC) < cutoff


def messages(state: State, days: int) -> Removed:
    """The oldest messages of each conversation, along its numbers; what stands beside them too."""
    cutoff = _cutoff(days)
    talks, following = page(Conversation, state["after"], 1)
    for talk in talks:
        if not _is_old(talk["created_at"], cutoff):
            continue
        where = {**owner(), "conversation_id": talk["_id"]}
        some: dict[str, Any] = {"sort": [("seq", 1)], "limit": PAGE}
        found = collection(Message).find(where, {"created_at": 1}, **some)
        old = [r["_id"] for r in takewhile(lambda r: _is_old(r["created_at"], cutoff), found)]
        if old:
            return _remove_messages(talk, old, cutoff), True
    state["after"] = following
    return {}, following is not None


def _remove_messages(talk: dict[str, Any], ids: list[ObjectId], cutoff: datetime) -> dict[str, int]:
    names = [str(id_) for id_ in ids]

    def body() -> dict[str, int]:
        remove_files(names)
        updates = collection(MessageUpdate).delete_many({**owner(), "message_id": {"$in": names}})
        collection(Delivery).delete_many({**owner(), "message_id": {"$in": ids}})
        with rewriting(Rewrite.RETENTION):
            gone = collection(Message).delete_many({**owner(), "_id": {"$in": ids}})
        if talk["last_message"] and talk["last_message"]["id"] in names:
            mine = {**owner(), "_id": talk["_id"], "last_message.id": talk["last_message"]["id"]}
            collection(Conversation).update_one(mine, {"$set": {"last_message.preview": REMOVED}})
        return {"messages": gone.deleted_count, "message_updates": updates.deleted_count}

    return run_transaction(body)


def media(state: State, days: int) -> Removed:
    """Files that were kept: their bytes go by work of their own, their rows say that they are gone."""
    where = {"state": Attachment.DONE, "media_state": Attachment.STORED,
             "_id": {"$lt": first_id_at(_cutoff(days))}}  # fmt: skip
    old = find_rows(Attachment, where, limit=PAGE)
    run_transaction(lambda: order_removal(old))
    return {"media": len(old)}, len(old) == PAGE


def events(state: State, days: int) -> Removed:
    """The feed's beginning; who reads it from an older number goes on at the first that is left."""
    cutoff = _cutoff(days)
    some: dict[str, Any] = {"sort": [("number", 1)], "limit": PAGE}
    found = collection(DomainEvent).find(
        {**owner(), "number": {"$gt": 0}}, {"occurred_at": 1}, **some
    )
    old = [r["_id"] for r in takewhile(lambda r: _is_old(r["occurred_at"], cutoff), found)]
    if not old:
        return {}, False
    done = {**owner(), "state": Reaction.DONE, "event_id": {"$in": old}}
    collection(Reaction).delete_many(done)
    with rewriting(Rewrite.RETENTION):
        collection(DomainEvent).delete_many({**owner(), "_id": {"$in": old}})
    return {"domain_events": len(old)}, len(old) == PAGE


def raw_deliveries(state: State, days: int) -> Removed:
    """Items of the ledger that are done, and the tenant's part of the bodies that they came in."""
    where = {"state": {"$in": [WebhookEvent.DONE, WebhookEvent.DEAD]}, "open": False,
             "_id": {"$lt": first_id_at(_cutoff(days))}}  # fmt: skip
    rows = collection(WebhookEvent).find({**owner(), **where}, {"delivery_id": 1}, limit=PAGE)
    found = list(rows)
    if not found:
        return {}, False
    changed = redact_deliveries({row["delivery_id"] for row in found})
    ids = [row["_id"] for row in found]
    collection(WebhookEvent).delete_many({**owner(), "_id": {"$in": ids}})
    return {"webhook_events": len(ids), "webhook_deliveries": changed}, len(found) == PAGE


def audit_log(state: State, days: int) -> Removed:
    """The chain's beginning. Where it begins then is signed first, so that it still verifies."""
    cutoff, feed = _cutoff(days), FeedState.objects.first()
    seq = beginning().seq
    some: dict[str, Any] = {"sort": [("seq", 1)], "limit": PAGE}
    where = {"seq": {"$gt": seq, "$lt": feed.audit_seq if feed else 0}}
    rows = find_rows(AuditEntry, where, **some)
    old = list(takewhile(lambda entry: entry.occurred_at < cutoff, rows))
    if not old:
        return {}, False
    last = old[-1]
    write_cut(last.seq, last.hash)

    def body() -> None:
        cut = {"audit_cut_seq": last.seq, "audit_cut_hash": last.hash}
        collection(FeedState).update_one({**owner()}, {"$set": cut})
        with rewriting(Rewrite.RETENTION):
            gone = {**owner(), "seq": {"$gt": 0, "$lte": last.seq}}
            collection(AuditEntry).delete_many(gone)

    run_transaction(body)
    return {"audit_log": len(old)}, len(old) == PAGE
