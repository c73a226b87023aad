"""The conversation that a message belongs to: the open one, a reopened one, or a new one."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from channels.models import Channel
from conversations.events import ConversationCreated, ConversationReopened
from conversations.models import Conversation
from conversations.services.members import gone_among, leave_to_all
from crm.models import Contact
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, new_object_id, owner
from kernel.mongo.rows import find_rows, insert_rows
from kernel.mongo.transactions import outside_transaction
from tenants.models import TenantCounter, TenantSettings

Pair = tuple[str, str]


def conversations_for(pairs: Iterable[tuple[Channel, Contact]]) -> dict[Pair, Conversation]:
    """``(channel id, contact id)`` → the conversation a new message of theirs joins; in the caller's transaction.

    An open one is found by the unique index; one that was closed within the
    tenant's reopen period opens again; otherwise a new one begins.
    """
    wanted = {(channel.pk, contact.pk): (channel, contact) for channel, contact in pairs}
    found = _active(wanted.keys())
    missing = [pair for pair in wanted if pair not in found]
    if missing:
        found |= _reopened(missing)
        new = [wanted[pair] for pair in missing if pair not in found]
        found |= _created(new)
    return found


def quiet_conversations_for(
    pairs: Iterable[tuple[Channel, Contact]], *, make: bool
) -> dict[Pair, Conversation]:
    """``(channel id, contact id)`` → where something is shown that wakes nobody; in the caller's transaction.

    The active conversation, or the newest closed one as it is; without any, a new
    closed one if ``make``.
    """
    wanted = {(channel.pk, contact.pk): (channel, contact) for channel, contact in pairs}
    if not wanted:
        return {}
    rows = find_rows(Conversation, _of(wanted))
    found = {(row.channel_id, row.contact_id): row
             for row in sorted(rows, key=lambda row: (row.active, row.pk))}  # fmt: skip
    found = {pair: row for pair, row in found.items() if pair in wanted}
    missing = [wanted[pair] for pair in wanted if pair not in found] if make else []
    return found | _created(missing, closed=True)


def _of(pairs: Iterable[Pair]) -> dict[str, Any]:
    """A filter for the pairs' conversations, and perhaps others of the same channels and contacts."""
    pairs = list(pairs)
    return {
        "channel_id": {"$in": [ObjectId(channel) for channel in {channel for channel, _ in pairs}]},
        "contact_id": {"$in": [ObjectId(contact) for contact in {contact for _, contact in pairs}]},
    }


def _active(pairs: Iterable[Pair]) -> dict[Pair, Conversation]:
    pairs = list(pairs)
    rows = find_rows(Conversation, {**_of(pairs), "active": True}, batch_size=len(pairs) + 1)
    return {(row.channel_id, row.contact_id): row for row in rows}


def _reopened(pairs: list[Pair]) -> dict[Pair, Conversation]:
    oldest = now() - timedelta(hours=TenantSettings.objects.get().reopen_hours)
    closed = Conversation.objects.filter(
        channel__in={channel for channel, _ in pairs},
        contact__in={contact for _, contact in pairs},
        closed_at__gte=oldest,
    )
    wanted = set(pairs)
    found = {
        pair: row
        for row in sorted(closed, key=lambda row: row.pk)
        if (pair := (row.channel_id, row.contact_id)) in wanted
    }  # the newest of each pair, because it comes last
    gone = gone_among(row.assignee_id for row in found.values())
    for row in found.values():
        row.status, row.active, row.closed_at = Conversation.OPEN, True, None
        row.version += 1
        row.save(update_fields=["status", "active", "closed_at", "version"])
    emit(*(ConversationReopened(conversation_id=row.pk) for row in found.values()))
    for row in found.values():
        if row.assignee_id in gone:
            leave_to_all(row)
    return found


def _created(
    new: list[tuple[Channel, Contact]], *, closed: bool = False
) -> dict[Pair, Conversation]:
    if not new:
        return {}
    first = next_numbers("conversation", len(new))
    state = {"status": Conversation.CLOSED, "active": False, "closed_at": now()} if closed else {}
    rows = [
        Conversation(number=first + n, channel=channel, channel_kind=channel.kind, contact=contact,
                     contact_name=str(contact), **state)
        for n, (channel, contact) in enumerate(new)
    ]  # fmt: skip
    insert_rows(rows)
    emit(*(ConversationCreated(conversation_id=row.pk, number=row.number, contact_id=row.contact_id,
                               channel_id=row.channel_id) for row in rows))  # fmt: skip
    return {(row.channel_id, row.contact_id): row for row in rows}


def next_numbers(name: str, count: int) -> int:
    """The first of ``count`` numbers that nobody else gets; taken outside the transaction, so they never conflict."""
    with outside_transaction():
        row = collection(TenantCounter).find_one_and_update(
            {**owner(), "name": name},
            {"$inc": {"value": count}, "$setOnInsert": {"_id": new_object_id()}},
            upsert=True,
            return_document=True,
        )
    return int(row["value"]) - count + 1
