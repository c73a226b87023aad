"""Edits and revocations: the summary follows them, and what is taken back is erased."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from conversations.models import Conversation
from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.rows import find_rows
from messaging.events import MessageEdited, MessageRevoked
from messaging.ingest.targets import Target
from messaging.media.removal import remove_files
from messaging.models import Message, MessageUpdate
from messaging.summary import REVOKED, preview_of
from messaging.wording import is_edit, words_of

Joined = tuple[MessageUpdate, Target]


def edited(joined: Sequence[Joined]) -> None:
    """Show the new wording. What was taken back stays so: its edits leave no words either."""
    if not joined:
        return
    gone = _revoked_among({target[0] for _, target in joined})
    _blank(target[0] for _, target in joined if target[0] in gone)
    real = [target for row, target in joined if target[0] not in gone and is_edit(row)]
    if real:
        _renew_summaries(dict(real))
        emit(*(MessageEdited(message_id=id_, conversation_id=talk) for id_, talk in real))


def _revoked_among(message_ids: set[str]) -> set[str]:
    found = collection(MessageUpdate).find(
        {**owner(), "message_id": {"$in": list(message_ids)}, "kind": MessageUpdate.REVOKE},
        {"message_id": 1},
    )
    return {row["message_id"] for row in found}


def _blank(message_ids: Iterable[str]) -> None:
    ids = list(set(message_ids))
    if ids:
        collection(MessageUpdate).update_many(
            {**owner(), "message_id": {"$in": ids}, "kind": MessageUpdate.EDIT},
            {"$set": {"text": "", "detail": None}},
        )


def _renew_summaries(talks: dict[str, str]) -> None:
    """``talks``: message id → conversation id. The list shows the new words of a last message."""
    messages = find_rows(Message, {"_id": {"$in": [ObjectId(id_) for id_ in talks]}})
    updates: dict[str, list[MessageUpdate]] = defaultdict(list)
    for update in find_rows(MessageUpdate, {"message_id": {"$in": list(talks)}}):
        updates[update.message_id].append(update)
    _set_previews({
        (message.conversation_id, message.pk):
            preview_of(message.type, words_of(message, updates[message.pk]).text)
        for message in messages
    })  # fmt: skip


def _set_previews(previews: dict[tuple[str, str], str]) -> None:
    collection(Conversation).bulk_write([
        UpdateOne({**owner(), "_id": ObjectId(talk), "last_message.id": id_},
                  {"$set": {"last_message.preview": preview}})
        for (talk, id_), preview in previews.items()
    ])  # fmt: skip


def revoked(joined: Sequence[Joined]) -> None:
    """Erase words, content and files; the message stays in its place, shown as taken back."""
    targets = dict(target for _, target in joined)
    if not targets:
        return
    with rewriting(Rewrite.ERASURE):
        collection(Message).update_many(
            {**owner(), "_id": {"$in": [ObjectId(id_) for id_ in targets]}},
            {"$set": {"text": "", "content": {}, "referral": None}},
        )
    _blank(targets)
    remove_files(targets)
    _set_previews({(talk, id_): REVOKED for id_, talk in targets.items()})
    for id_ in targets:
        audit.record("message.revoked", ("message", id_))
    emit(*(MessageRevoked(message_id=id_, conversation_id=talk) for id_, talk in targets.items()))
