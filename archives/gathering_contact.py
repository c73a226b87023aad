"""One contact's rows and files: what a person may ask a company for."""

from collections.abc import Iterator
from typing import Any

from archives.gathering import State, add_file, add_rows
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel.archive.writer import Writer
from kernel.mongo.doors import ObjectId, collection, owner
from messaging.models import Attachment, Message, MessageUpdate

PAGE = 500
Rows = list[dict[str, Any]]


def gather_contact(writer: Writer, state: State, contact_id: str) -> None:
    """Add the contact with those merged into it, its conversations, messages, updates and files."""
    ids = [ObjectId(id_) for id_ in contact_ids(contact_id)]
    _add(writer, state, Contact, _found(Contact, {"_id": {"$in": ids}}))
    _add(writer, state, ContactIdentity, _found(ContactIdentity, {"contact_id": {"$in": ids}}))
    talks = _found(Conversation, {"contact_id": {"$in": ids}})
    _add(writer, state, Conversation, talks)
    for talk in talks:
        for messages in message_pages(talk["_id"]):
            _messages(writer, state, messages)
    state["stage"] = "whole"


def contact_ids(contact_id: str) -> list[str]:
    """The contact, and those that turned out to be the same person."""
    merged = Contact.objects.filter(merged_into_id=contact_id).values_list("pk", flat=True)
    return [contact_id, *merged]


def message_pages(conversation_id: ObjectId) -> Iterator[Rows]:
    """A conversation's messages in their order, as documents."""
    seq = -1
    while True:
        where = {"conversation_id": conversation_id, "seq": {"$gt": seq}}
        rows = _found(Message, where, sort=[("seq", 1)], limit=PAGE)
        if not rows:
            return
        yield rows
        seq = rows[-1]["seq"]


def _messages(writer: Writer, state: State, messages: Rows) -> None:
    _add(writer, state, Message, messages)
    of = {"message_id": {"$in": [str(row["_id"]) for row in messages]}}
    _add(writer, state, MessageUpdate, _found(MessageUpdate, of))
    files = _found(Attachment, of)
    _add(writer, state, Attachment, files)
    for file in files:
        if file["media_state"] == Attachment.STORED and file["path"]:
            add_file(writer, state, file["path"])


def _found(model: Any, where: dict[str, Any], **options: Any) -> Rows:
    return list(collection(model).find({**owner(), **where}, **options))


def _add(writer: Writer, state: State, model: Any, rows: Rows) -> None:
    add_rows(writer, state, model, rows)
