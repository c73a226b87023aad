"""What happens to a message: rows beside it, joined to it now or when it is known."""

import hashlib
import json
from collections.abc import Collection, Sequence
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.events import (
    CallNoted,
    Event,
    MessageEdited,
    MessageRevoked,
    Reaction,
    ReadUpTo,
    StatusUpdate,
)
from channels.services.states import stop_sending
from channels.services.template_refusals import MEANS, note_refusal
from crm.models import Contact
from crm.services.resolve import Key
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from kernel.mongo.rows import find_rows, insert_rows
from messaging.ingest.effects import Joined, take_effect
from messaging.ingest.entries import call_direction, contact_of, error_json
from messaging.ingest.placeholders import detail_of
from messaging.ingest.proofs import prove_sends
from messaging.ingest.targets import External, Target, find_by_callback, find_targets
from messaging.models import Message, MessageUpdate
from messaging.status import RANK

REFUSES_ACCOUNT = ("A", "T")
"""The kinds of codes that say: nothing can be sent until somebody mends the account, or its token."""


def store_statuses(arrivals: Sequence[tuple[Channel, StatusUpdate]]) -> None:
    """Keep each status once. One that overtakes our own record of the send waits for it without a message."""
    if not arrivals:
        return
    targets = find_targets((c.pk, e.external_id) for c, e in arrivals)
    ours = find_by_callback(event.callback_data for _, event in arrivals)
    rows = []
    for channel, event in arrivals:
        target = ours.get(event.callback_data) or targets.get((channel.pk, event.external_id))
        rows.append((_status_row(channel, event, target), target))
    fresh = _store(rows)
    prove_sends(fresh, ours=ours, known=targets)
    take_effect([(row, target) for row, target in fresh if target])
    channels = {channel.pk: channel for channel, _ in arrivals}
    _teach_templates(fresh, channels)
    _heed_refusals(fresh, channels)


def _status_row(channel: Channel, event: StatusUpdate, target: Target | None) -> MessageUpdate:
    moment = int(event.provider_at.timestamp()) if event.provider_at else 0
    return MessageUpdate(
        channel_id=channel.pk,
        message_id=target[0] if target else "",
        external_id=event.external_id,
        key=f"st:{event.external_id}:{event.status}:{moment}",
        kind=MessageUpdate.STATUS,
        status=event.status if event.status in RANK else "",
        error=error_json(event.error),
        detail=event.pricing,
        provider_at=event.provider_at,
    )


def _store(rows: list[tuple[MessageUpdate, Any]]) -> list[tuple[MessageUpdate, Any]]:
    """Insert the rows whose keys are new; returns those."""
    if not rows:
        return []
    known = _known_keys([row for row, _ in rows])
    fresh = []
    for row, target in rows:
        if (row.channel_id, row.key) not in known:
            known.add((row.channel_id, row.key))
            fresh.append((row, target))
    insert_rows([row for row, _ in fresh])
    return fresh


def _known_keys(rows: list[MessageUpdate]) -> set[tuple[str, str]]:
    channels = [ObjectId(channel) for channel in {row.channel_id for row in rows}]
    where = {**owner(), "channel_id": {"$in": channels}, "key": {"$in": [row.key for row in rows]}}
    found = collection(MessageUpdate).find(where, {"channel_id": 1, "key": 1})
    return {(str(row["channel_id"]), row["key"]) for row in found}


def _teach_templates(fresh: list[tuple[MessageUpdate, Any]], channels: dict[str, Channel]) -> None:
    """A template that is refused late is known as paused or disabled, as if it had been refused at once."""
    refused = {target[0]: row for row, target in fresh
               if target and row.status == "failed" and (row.error or {}).get("code") in MEANS}  # fmt: skip
    if not refused:
        return
    sent = {"_id": {"$in": [ObjectId(id_) for id_ in refused]}, "type": "template"}
    for message in find_rows(Message, sent):
        row, content = refused[message.pk], message.content
        name, language = str(content.get("name")), str(content.get("language"))
        note_refusal(channels[row.channel_id], name, language, (row.error or {})["code"])


def _heed_refusals(fresh: list[tuple[MessageUpdate, Any]], channels: dict[str, Channel]) -> None:
    """An account that is refused late stops as if it had been refused at once: the queue is kept."""
    for row, target in fresh:
        if not target or row.status != "failed" or not row.error:
            continue
        channel = channels[row.channel_id]
        rule = provider_for(channel.kind).explain(row.error["code"])
        if rule is not None and rule.kind in REFUSES_ACCOUNT:
            stop_sending(channel, f"{rule.title}. {rule.advice}", told_at=row.provider_at)


def store_changes(arrivals: Sequence[tuple[Channel, Event]], contacts: dict[Key, Contact]) -> None:
    """Keep reactions, edits, revocations, marks of reading and phases of calls once, on their message."""
    if not arrivals:
        return
    made = [_change_row(channel, event, contacts) for channel, event in arrivals]
    targets = find_targets((row.channel_id, row.external_id) for row in made)
    rows = []
    for row in made:
        target = targets.get((row.channel_id, row.external_id))
        row.message_id = target[0] if target else ""
        rows.append((row, target))
    take_effect([(row, target) for row, target in _store(rows) if target])


def _change_row(channel: Channel, event: Event, contacts: dict[Key, Contact]) -> MessageUpdate:
    row = MessageUpdate(channel_id=channel.pk, provider_at=event.provider_at)
    match event:
        case Reaction():
            row.kind, row.key = MessageUpdate.REACTION, f"re:{event.external_id}"
            row.external_id, row.emoji = event.target_external_id, event.emoji[:64]
            row.actor_kind, row.actor_id = "contact", contact_of(event.sender, contacts).pk
        case MessageEdited():
            row.kind, row.external_id, row.text = MessageUpdate.EDIT, event.external_id, event.text
            row.detail = {"content": event.content, "number": event.number}
            if event.media:
                row.detail = detail_of(event)
            row.key = f"ed:{event.external_id}:{_version(event)}"
        case MessageRevoked():
            row.kind, row.external_id = MessageUpdate.REVOKE, event.external_id
            row.key = f"rv:{event.external_id}"
        case ReadUpTo():
            row.kind, row.external_id = MessageUpdate.READ_TO, event.external_id
            row.key = f"rd:{event.external_id}"
        case CallNoted():
            row.kind, row.external_id = MessageUpdate.CALL, event.external_id
            row.detail = {"phase": event.phase[:40], "direction": call_direction(event),
                          "duration_s": event.duration_s, "detail": event.detail}  # fmt: skip
            row.key = f"ca:{event.external_id}:{event.phase[:40]}:{_moment(event)}"
        case _:
            raise TypeError(f"{type(event).__name__} is no change of a message")
    return row


def _moment(event: Event) -> int:
    """In milliseconds, as some providers tell it."""
    return int(event.provider_at.timestamp() * 1000) if event.provider_at else 0


def _version(event: MessageEdited) -> str:
    """Which of a message's edits it is: by its number, or by its time and what it says."""
    if event.number is not None:
        return str(event.number)
    said = json.dumps([event.text, event.content], sort_keys=True, default=str)
    return f"{_moment(event)}:{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def adopt_early(messages: Sequence[Message]) -> None:
    """Join what overtook the message it is for; a retried webhook comes after those behind it."""
    known = {(m.channel_id, m.external_id): (m.pk, m.conversation_id) for m in messages}
    take_effect(adopt_orphans(known)[0])


def adopt_orphans(
    known: dict[External, Target], *, beside: Collection[External] = ()
) -> tuple[list[Joined], set[External]]:
    """Join what arrived before we knew whose those ids of the provider are.

    Returns the rows with their messages, and which of ``beside`` something waits under.
    """
    wanted = {*known, *beside}
    if not wanted:
        return [], set()
    waiting = find_rows(MessageUpdate, {
        "channel_id": {"$in": [ObjectId(channel) for channel in {c for c, _ in wanted}]},
        "external_id": {"$in": [external for _, external in wanted]},
        "message_id": "",
    })  # fmt: skip
    joined = [(row, known[row.channel_id, row.external_id]) for row in waiting
              if (row.channel_id, row.external_id) in known]  # fmt: skip
    if joined:
        collection(MessageUpdate).bulk_write([
            UpdateOne({**owner(), "_id": ObjectId(row.pk)}, {"$set": {"message_id": target[0]}})
            for row, target in joined
        ])  # fmt: skip
    for row, target in joined:
        row.message_id = target[0]
    return joined, {(row.channel_id, row.external_id) for row in waiting} & set(beside)
