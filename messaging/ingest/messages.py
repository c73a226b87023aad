"""Inbound messages: stored once, numbered in their conversation, with their files queued."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.events import InboundMessage
from conversations.models import Conversation
from conversations.services.threads import conversations_for
from crm.models import Contact
from crm.services.resolve import Key, key_of
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.ids import new_id
from kernel.mongo.rows import insert_rows
from kernel.work.items import enqueue_many
from messaging.events import MessageReceived
from messaging.ingest.targets import find_by_external_id, find_targets
from messaging.ingest.updates import adopt_early
from messaging.models import Attachment, Message
from messaging.summary import summary

Arrival = tuple[Channel, InboundMessage]


def store_messages(arrivals: Sequence[Arrival], contacts: dict[Key, Contact]) -> None:
    """Store what is new, in order; update each conversation once."""
    arrivals = _unseen(arrivals)
    if not arrivals:
        return
    sender = [contacts[key_of(event.sender.identities[0])] for _, event in arrivals]
    threads = conversations_for((c, s) for (c, _), s in zip(arrivals, sender, strict=True))
    rows: list[Message] = []
    files: list[Attachment] = []
    counts: dict[str, int] = defaultdict(int)
    for (channel, event), contact in zip(arrivals, sender, strict=True):
        thread = threads[channel.pk, contact.pk]
        counts[thread.pk] += 1
        row = _message(channel, event, contact, thread, thread.message_count + counts[thread.pk])
        rows.append(row)
        files += _attachments(channel, event, row)
    _resolve_replies(rows)
    insert_rows(rows)
    enqueue_many("media", files)
    _update_threads(rows, threads, arrivals)
    emit(*(MessageReceived(message_id=r.pk, conversation_id=r.conversation_id, channel_id=r.channel_id,
                           contact_id=r.sender_id, message_type=r.type, seq=r.seq) for r in rows))  # fmt: skip
    adopt_early(rows)


def _unseen(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Without what is stored already, and without repetitions inside the batch."""
    wanted = {(c.pk, e.external_id): (c, e) for c, e in reversed(arrivals)}
    if not wanted:
        return []
    known = set(find_by_external_id(Message, wanted))
    return [(c, e) for (c, e) in arrivals
            if (c.pk, e.external_id) not in known and wanted[c.pk, e.external_id][1] is e]  # fmt: skip


def _message(
    channel: Channel, event: InboundMessage, contact: Contact, thread: Conversation, seq: int
) -> Message:
    return Message(
        conversation_id=thread.pk,
        channel_id=channel.pk,
        seq=seq,
        direction=Message.INBOUND,
        type=event.type,
        text=event.text,
        content=event.content,
        external_id=event.external_id,
        reply_to_external_id=event.reply_to_external_id,
        forwarded=event.forwarded,
        referral=event.referral,
        error=_error(event),
        attachment_count=len(event.media),
        sender_kind="contact",
        sender_id=contact.pk,
        sender_name=str(contact),
        provider_at=event.provider_at,
    )


def _error(event: InboundMessage) -> dict[str, Any] | None:
    error = event.error
    return {"code": error.code, "title": error.title, "advice": error.detail} if error else None


def _attachments(channel: Channel, event: InboundMessage, row: Message) -> list[Attachment]:
    made = []
    for media in event.media:
        id_ = new_id()
        made.append(Attachment(
            pk=id_, lane=id_, channel=channel, message_id=row.pk, kind=media.kind,
            provider_id=media.provider_id, source_url=media.url, mime_type=media.mime_type[:120],
            filename=media.filename[:240], size=media.size, sha256=media.sha256,
        ))  # fmt: skip
    return made


def _resolve_replies(rows: list[Message]) -> None:
    """Name the quoted message by our id where we have it: an earlier inbound one, or one we sent."""
    quoted = {(r.channel_id, r.reply_to_external_id) for r in rows if r.reply_to_external_id}
    targets = find_targets(quoted)
    targets |= {(r.channel_id, r.external_id): (r.pk, r.conversation_id) for r in rows}
    for row in rows:
        found = targets.get((row.channel_id, row.reply_to_external_id))
        row.reply_to_id = found[0] if found else ""


def _update_threads(
    rows: list[Message], threads: dict[Any, Conversation], arrivals: Sequence[Arrival]
) -> None:
    by_id = {thread.pk: thread for thread in threads.values()}
    groups: dict[str, list[tuple[Message, InboundMessage]]] = defaultdict(list)
    for row, (_, event) in zip(rows, arrivals, strict=True):
        groups[row.conversation_id].append((row, event))
    collection(Conversation).bulk_write(
        [_thread_update(by_id[id_], group) for id_, group in groups.items()]
    )


def _thread_update(thread: Conversation, group: list[tuple[Message, InboundMessage]]) -> UpdateOne:
    """Counters and the summary of one conversation, whatever number of messages arrived."""
    last, at = group[-1][0], now()
    written = max((event.provider_at or at for _, event in group), default=at)
    hours = provider_for(thread.channel_kind).window_hours
    until = min(written, at) + timedelta(hours=hours)
    fields: dict[str, Any] = {
        "last_message": summary(message_id=last.pk, direction=last.direction, type_=last.type,
                                text=last.text, at=iso(at)),
        "last_activity_at": at,
        "last_inbound_at": at,
        "unread": True,
        "status": Conversation.OPEN,
        "waiting_since": thread.waiting_since or at,
        "window_until": _later(thread.window_until, until),
    }  # fmt: skip
    # Whoever else writes this conversation meanwhile makes one of the two transactions start again,
    # and the unique numbers of its messages would refuse a second count: the numbers stay gapless.
    return UpdateOne(
        {**owner(), "_id": ObjectId(thread.pk)},
        {"$set": fields, "$inc": {"message_count": len(group), "unread_count": len(group)}},
    )


def _later(known: datetime | None, new: datetime) -> datetime:
    return max(known, new) if known else new
