"""Edits and revocations: the summary follows them, and what is taken back is erased."""

from collections.abc import Iterable, Sequence

from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from messaging.events import MessageEdited, MessageRevoked
from messaging.ingest.placeholders import fill_by_changes
from messaging.ingest.summaries import renew_summaries, set_previews
from messaging.ingest.targets import Target
from messaging.media.removal import remove_files
from messaging.models import Message, MessageUpdate
from messaging.summary import REVOKED
from messaging.wording import is_edit

Joined = tuple[MessageUpdate, Target]


def edited(joined: Sequence[Joined]) -> None:
    """Show the new wording. What was taken back stays so: its edits leave no words either."""
    if not joined:
        return
    gone = _revoked_among({target[0] for _, target in joined})
    _blank(target[0] for _, target in joined if target[0] in gone)
    fill_by_changes([one for one in joined if one[1][0] not in gone])
    real = [target for row, target in joined if target[0] not in gone and is_edit(row)]
    if real:
        renew_summaries(dict(real))
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
    set_previews({(talk, id_): REVOKED for id_, talk in targets.items()})
    for id_ in targets:
        audit.record("message.revoked", ("message", id_))
    emit(*(MessageRevoked(message_id=id_, conversation_id=talk) for id_, talk in targets.items()))
