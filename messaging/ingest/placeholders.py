"""Files of a number's past, which come apart from their messages: a placeholder becomes what it stood for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from channels.providers.events import MediaRef, MessageEdited
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.ids import new_id
from kernel.mongo.rows import find_rows
from kernel.work.items import enqueue_many
from messaging import events
from messaging.ingest.entries import Entry
from messaging.ingest.summaries import renew_summaries
from messaging.ingest.targets import Target
from messaging.models import Attachment, Message, MessageUpdate

ORIGINAL = "media_placeholder"


@dataclass(frozen=True)
class Said:
    """What a placeholder's message says in truth."""

    type: str
    text: str
    content: dict[str, Any]
    media: Sequence[MediaRef]


def said_by(entry: Entry) -> Said:
    return Said(entry.type, entry.text, entry.content, entry.media)


def detail_of(event: MessageEdited) -> dict[str, Any]:
    """What a change that brings files keeps beside its message; numbered 0, for it is no edit."""
    return {"number": 0, "type": event.type, "content": event.content,
            "media": [asdict(ref) for ref in event.media]}  # fmt: skip


def fill_by_changes(joined: Sequence[tuple[MessageUpdate, Target]]) -> None:
    """``fill`` from the changes that brought files."""
    fill({
        target[0]: Said(row.detail["type"], row.text, row.detail["content"],
                        [MediaRef(**ref) for ref in row.detail["media"]])
        for row, target in joined if (row.detail or {}).get("media")
    })  # fmt: skip


def fill(said: dict[str, Said]) -> None:
    """Give messages, by id, their words and files; in the caller's transaction.

    Nothing but a placeholder is changed, so neither a repetition nor what was taken back meanwhile is.
    """
    where = {"_id": {"$in": [ObjectId(id_) for id_ in said]}, "content.original_type": ORIGINAL}
    waiting = find_rows(Message, where) if said else []
    if not waiting:
        return
    files: list[Attachment] = []
    for row in waiting:
        _become(row, said[row.pk])
        files += attachments_of(row.channel_id, row.pk, said[row.pk].media)
    enqueue_many("media", files)
    renew_summaries({row.pk: row.conversation_id for row in waiting})
    emit(*(events.MessageEdited(message_id=row.pk, conversation_id=row.conversation_id)
           for row in waiting))  # fmt: skip


def _become(row: Message, said: Said) -> None:
    fields = {"type": said.type, "text": said.text, "content": said.content,
              "attachment_count": len(said.media)}  # fmt: skip
    with rewriting(Rewrite.COMPLETION):
        collection(Message).update_one({**owner(), "_id": ObjectId(row.pk)}, {"$set": fields})


def attachments_of(channel_id: str, message_id: str, media: Sequence[MediaRef]) -> list[Attachment]:
    """The files of a message, to be fetched."""
    made = []
    for ref in media:
        id_ = new_id()
        made.append(Attachment(
            pk=id_, lane=id_, channel_id=channel_id, message_id=message_id, kind=ref.kind,
            provider_id=ref.provider_id, source_url=ref.url, mime_type=ref.mime_type[:120],
            filename=ref.filename[:240], size=ref.size, sha256=ref.sha256,
        ))  # fmt: skip
    return made
