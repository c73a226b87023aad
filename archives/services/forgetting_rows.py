"""Emptying what is known of a person, a page at a time; each of these can be repeated."""

from datetime import timedelta
from typing import Any

from archives.gathering_contact import contact_ids
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.archive.walk import Key, page
from kernel.clock import now
from kernel.models import IdempotencyKey
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.ids import first_id_at
from kernel.mongo.transactions import run_transaction
from messaging.media.removal import remove_files
from messaging.models import Attachment, Delivery, Lookup, Message, MessageUpdate
from webhooks.models import WebhookEvent
from webhooks.services.redaction import REASON, names_any

PAGE = 300
ERASED = "[erased]"
BEFORE = timedelta(hours=1)


def known_by(contact_id: str) -> dict[str, Any]:
    """The person's contacts, conversations and the values by which bodies name them.

    ``since`` is before the first body that can; values are ids of the provider and numbers, never
    words that a body may hold by chance.
    """
    ids = contact_ids(contact_id)
    found = list(Contact.objects.filter(pk__in=ids))
    known = ContactIdentity.objects.filter(contact_id__in=ids).values_list("value", flat=True)
    values = {value.removeprefix("+") for value in [*known, *(contact.phone for contact in found)]}
    talks = Conversation.objects.filter(contact_id__in=ids).values_list("pk", flat=True)
    first = min((contact.created_at for contact in found), default=now())
    return {
        "contacts": ids, "talks": list(talks), "since": str(first_id_at(first - BEFORE)),
        "values": sorted(v for v in values if len(v) > 5 and any(c.isdigit() for c in v)),
    }  # fmt: skip


def forget_contacts(contact_ids: list[str]) -> int:
    """Nothing finds the person any more, and their rows say nothing; how many identities went."""
    ids = [ObjectId(id_) for id_ in contact_ids]

    def body() -> int:
        blank: dict[str, Any] = {"name": "", "username": "", "phone": "", "email": "", "attributes": {},
                 "preferences": {}, "updated_at": now()}  # fmt: skip
        change = {"$set": blank, "$inc": {"version": 1}}
        collection(Contact).update_many({**owner(), "_id": {"$in": ids}}, change)
        gone = collection(ContactIdentity).delete_many({**owner(), "contact_id": {"$in": ids}})
        return int(gone.deleted_count)

    return run_transaction(body)


def forget_messages(talk: str, after: int) -> tuple[dict[str, int], int | None]:
    """Empty the next messages of a conversation with all beside them; counts, and where to go on."""
    where = {**owner(), "conversation_id": ObjectId(talk), "seq": {"$gt": after}}
    some: dict[str, Any] = {"sort": [("seq", 1)], "limit": PAGE}
    rows = list(collection(Message).find(where, {"seq": 1}, **some))
    if not rows:
        return {}, None
    ids = [row["_id"] for row in rows]
    names = [str(id_) for id_ in ids]

    def body() -> dict[str, int]:
        with rewriting(Rewrite.ERASURE):
            words: dict[str, Any] = {"text": "", "content": {}, "referral": None}
            collection(Message).update_many({**owner(), "_id": {"$in": ids}}, {"$set": words})
            theirs = {**owner(), "_id": {"$in": ids}, "sender_kind": "contact"}
            collection(Message).update_many(theirs, {"$set": {"sender_name": ""}})
        updates = collection(MessageUpdate).update_many(
            {**owner(), "message_id": {"$in": names}},
            {"$set": {"text": "", "emoji": "", "detail": None}},
        )
        collection(Delivery).update_many(
            {**owner(), "message_id": {"$in": ids}}, {"$set": {"tries.$[].detail": ""}}
        )
        remove_files(names)
        return {"messages": len(ids), "message_updates": int(updates.matched_count)}

    return run_transaction(body), int(rows[-1]["seq"]) if len(rows) == PAGE else None


def forget_talk(talk: str) -> None:
    """The conversation stays in its place, of nobody; who it was with and what was said last go."""
    mine = {**owner(), "_id": ObjectId(talk)}
    collection(Conversation).update_one(mine, {"$set": {"contact_name": ""}})
    said = {**mine, "last_message": {"$ne": None}}
    collection(Conversation).update_one(said, {"$set": {"last_message.preview": ERASED}})


def forget_events(values: list[str], after: Key | None) -> tuple[int, Key | None]:
    """Items of the ledger: their key stays, so that a repetition is known; their body goes."""
    rows, following = page(WebhookEvent, after, PAGE)
    wanted = frozenset(values)
    ids = [row["_id"] for row in rows if names_any(row["body"], wanted)]
    done = {
        "body": {},
        "open": False,
        "state": WebhookEvent.DONE,
        "reason": REASON,
        "last_error": "",
    }
    mine = {**owner(), "_id": {"$in": ids}}
    changed = collection(WebhookEvent).update_many(mine, {"$set": done}) if ids else None
    return changed.modified_count if changed else 0, following


def forget_lookups(values: list[str], after: Key | None) -> tuple[int, Key | None]:
    rows, following = page(Lookup, after, PAGE)
    wanted = frozenset(values)
    ids = [row["_id"] for row in rows
           if names_any([row.get("person"), row["external_id"]], wanted)]  # fmt: skip
    done: dict[str, Any] = {
        "person": None,
        "detail": {},
        "open": False,
        "state": Lookup.DONE,
        "reason": REASON,
    }
    mine = {**owner(), "_id": {"$in": ids}}
    changed = collection(Lookup).update_many(mine, {"$set": done}) if ids else None
    return changed.modified_count if changed else 0, following


def forget_answers(names: list[str], after: Key | None) -> tuple[int, Key | None]:
    """Answers kept for repetitions of requests may show the person; they are worth a day at most."""
    rows, following = page(IdempotencyKey, after, PAGE)
    wanted = frozenset(names)
    ids = [row["_id"] for row in rows if names_any(row["body"], wanted)]
    gone = collection(IdempotencyKey).delete_many({**owner(), "_id": {"$in": ids}}) if ids else None
    return gone.deleted_count if gone else 0, following


def files_left(talks: list[str]) -> int:
    """How many files of these conversations are not removed yet."""
    return sum(_files_of(ObjectId(talk)) for talk in talks)


def _files_of(talk: ObjectId) -> int:
    where = {**owner(), "conversation_id": talk, "attachment_count": {"$gt": 0}}
    ids = [str(row["_id"]) for row in collection(Message).find(where, {"_id": 1})]
    waiting = {**owner(), "message_id": {"$in": ids}, "path": {"$ne": ""}}
    return int(collection(Attachment).count_documents(waiting))
