"""Statuses and reactions: rows beside the message they speak of, joined to it now or when it is known."""

from collections.abc import Sequence
from typing import Any

from channels.models import Channel
from channels.providers.events import Reaction, StatusUpdate
from crm.models import Contact
from crm.services.resolve import Key, key_of
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows, insert_rows
from messaging.events import MessageReacted, MessageStatusChanged
from messaging.ingest.targets import Target, find_by_callback, find_targets
from messaging.models import Delivery, Message, MessageUpdate
from messaging.status import RANK, higher


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
    _settle_deliveries(fresh)
    emit(*(MessageStatusChanged(message_id=row.message_id, conversation_id=target[1],
                                status=row.status, code=(row.error or {}).get("code"))
           for row, target in fresh if target))  # fmt: skip


def _status_row(channel: Channel, event: StatusUpdate, target: Target | None) -> MessageUpdate:
    moment = int(event.provider_at.timestamp()) if event.provider_at else 0
    error = event.error
    return MessageUpdate(
        channel_id=channel.pk,
        message_id=target[0] if target else "",
        external_id=event.external_id,
        key=f"st:{event.external_id}:{event.status}:{moment}",
        kind=MessageUpdate.STATUS,
        status=event.status if event.status in RANK else "",
        error={"code": error.code, "title": error.title, "advice": error.detail} if error else None,
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


def _settle_deliveries(fresh: list[tuple[MessageUpdate, Any]]) -> None:
    """A status proves what a send could not tell: that it was taken, and under which id.

    Also of one that waits to be tried again: the provider answered with an error and took it all the same.
    """
    best: dict[str, MessageUpdate] = {}
    for row, target in fresh:
        if target and (
            target[0] not in best or higher(row.status, best[target[0]].status) == row.status
        ):
            best[target[0]] = row
    if not best:
        return
    unsettled = find_rows(Delivery, {
        "message_id": {"$in": [ObjectId(id_) for id_ in best]},
        "outcome": {"$in": ["unknown", "queued"]},
    })  # fmt: skip
    for delivery in unsettled:
        row = best[delivery.message_id]
        if row.status == "failed" and delivery.outcome == "queued":
            continue
        outcome = "failed" if row.status == "failed" else "accepted"
        collection(Delivery).update_one(
            {**owner(), "_id": ObjectId(delivery.pk), "outcome": delivery.outcome},
            {"$set": {"outcome": outcome, "external_id": row.external_id}},
        )


def store_reactions(
    arrivals: Sequence[tuple[Channel, Reaction]], contacts: dict[Key, Contact]
) -> None:
    """Keep each reaction once, on the message it is for."""
    if not arrivals:
        return
    targets = find_targets((c.pk, e.target_external_id) for c, e in arrivals)
    rows = []
    for channel, event in arrivals:
        target = targets.get((channel.pk, event.target_external_id))
        contact = contacts[key_of(event.sender.identities[0])]
        rows.append((_reaction_row(channel, event, contact, target), target))
    emit(*(MessageReacted(message_id=row.message_id, conversation_id=target[1], emoji=row.emoji,
                          actor_kind="contact") for row, target in _store(rows) if target))  # fmt: skip


def _reaction_row(
    channel: Channel, event: Reaction, contact: Contact, target: Target | None
) -> MessageUpdate:
    return MessageUpdate(
        channel_id=channel.pk,
        message_id=target[0] if target else "",
        external_id=event.target_external_id,
        key=f"re:{event.external_id}",
        kind=MessageUpdate.REACTION,
        emoji=event.emoji[:64],
        actor_kind="contact",
        actor_id=contact.pk,
        provider_at=event.provider_at,
    )


def adopt_early(messages: Sequence[Message]) -> None:
    """Join reactions that overtook the message they are for; a retried webhook comes after those behind it."""
    known = {(message.channel_id, message.external_id): message for message in messages}
    if not known:
        return
    early = find_rows(MessageUpdate, {
        "channel_id": {"$in": [ObjectId(channel) for channel in {c for c, _ in known}]},
        "external_id": {"$in": [external for _, external in known]},
        "message_id": "",
    })  # fmt: skip
    for row in early:
        message = known.get((row.channel_id, row.external_id))
        if message is None:
            continue
        MessageUpdate.objects.filter(pk=row.pk).update(message_id=message.pk)
        if row.kind == MessageUpdate.REACTION:
            emit(reacted(row, message))


def reacted(row: MessageUpdate, message: Message) -> MessageReacted:
    """The fact that ``row`` was put on ``message``."""
    return MessageReacted(message_id=message.pk, conversation_id=message.conversation_id,
                          emoji=row.emoji, actor_kind=row.actor_kind)  # fmt: skip


def adopt_orphans(channel_id: str, external_id: str, message_id: str) -> list[MessageUpdate]:
    """Join what arrived before we knew that ``external_id`` is our message; returns those rows."""
    waiting = {"channel_id": channel_id, "external_id": external_id, "message_id": ""}
    rows = list(MessageUpdate.objects.filter(**waiting))
    if rows:
        MessageUpdate.objects.filter(pk__in=[row.pk for row in rows]).update(message_id=message_id)
    return rows
