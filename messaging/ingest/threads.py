"""What arrived does to its conversation: counters, summary, window, who waits; one write for each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from channels.providers import provider_for
from conversations.models import Conversation
from conversations.services.holders import ANOTHER, note_holder
from kernel.clock import iso, now
from kernel.mongo.doors import ObjectId, UpdateOne, collection, owner
from messaging.ingest.entries import CUSTOMER, Entry
from messaging.models import Message
from messaging.summary import summary

Placed = tuple[Message, Entry]


def update_threads(placed: Sequence[Placed], threads: dict[str, Conversation]) -> None:
    """Update each conversation once, whatever number of messages it got."""
    groups: dict[str, list[Placed]] = defaultdict(list)
    for row, entry in placed:
        groups[row.conversation_id].append((row, entry))
    collection(Conversation).bulk_write(
        [_thread_update(threads[id_], group) for id_, group in groups.items()]
    )
    for id_, group in groups.items():
        _note_holder(threads[id_], group)


@dataclass
class _Told:
    """A conversation as it becomes, entry by entry."""

    thread: Conversation
    at: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    new_unread: int = 0
    unread_before: int = 0

    def __post_init__(self) -> None:
        self.unread_before = self.thread.unread_count
        self.waiting_since = self.thread.waiting_since
        self.last_inbound_at = self.thread.last_inbound_at

    def take(self, row: Message, entry: Entry) -> None:
        effect = entry.effect
        if effect.quiet:
            return
        self.fields["last_message"] = shown_last(row, self.at)
        self.fields["last_activity_at"] = self.at
        if entry.sender_kind == CUSTOMER:
            self.last_inbound_at = self.at
        if effect.unread:
            self.new_unread += 1
            self.fields["status"] = Conversation.OPEN
        if effect.waits:
            self.waiting_since = self.waiting_since or self.at
        if effect.answers and self._is_answer(entry):
            self.waiting_since, self.new_unread, self.unread_before = None, 0, 0

    def _is_answer(self, entry: Entry) -> bool:
        """Whether it was written after we had all that the customer wrote; one that comes late may be older."""
        known = self.last_inbound_at
        return known is None or (entry.provider_at is not None and entry.provider_at > known)


def _thread_update(thread: Conversation, group: list[Placed]) -> UpdateOne:
    told = _Told(thread, now())
    for row, entry in group:
        told.take(row, entry)
    fields = told.fields
    if not fields:  # history and notices alone
        fields = _quietly(thread, group, told.at)
    elif told.new_unread or told.unread_before != thread.unread_count:
        fields["unread"] = told.unread_before + told.new_unread > 0
    if told.waiting_since != thread.waiting_since:
        fields["waiting_since"] = told.waiting_since
    if told.last_inbound_at != thread.last_inbound_at:
        fields["last_inbound_at"] = told.last_inbound_at
    opening = [entry for _, entry in group if entry.effect.opens_window]
    if opening:
        written = max((entry.provider_at or told.at for entry in opening), default=told.at)
        hours = provider_for(thread.channel_kind).window_hours
        until = min(written, told.at) + timedelta(hours=hours)
        fields["window_until"] = max(thread.window_until or until, until)
    unread = told.unread_before + told.new_unread - thread.unread_count
    # Whoever else writes this conversation meanwhile makes one of the two transactions start again,
    # and the unique numbers of its messages would refuse a second count: the numbers stay gapless.
    return UpdateOne(
        {**owner(), "_id": ObjectId(thread.pk)},
        {"$set": fields, "$inc": {"message_count": len(group), "unread_count": unread}},
    )


def _quietly(thread: Conversation, group: list[Placed], at: datetime) -> dict[str, Any]:
    """What was written long ago moves nothing; a conversation that has nothing else shows its last one."""
    if thread.message_count:
        return {"last_activity_at": thread.last_activity_at}
    row, entry = max(group, key=lambda one: (one[1].provider_at or at, one[0].seq))
    when = min(entry.provider_at or at, at)
    return {"last_message": shown_last(row, when), "last_activity_at": when}


def shown_last(row: Message, at: datetime) -> dict[str, Any]:
    return summary(message_id=row.pk, direction=row.direction, type_=row.type, text=row.text,
                   at=iso(at))  # fmt: skip


def _note_holder(thread: Conversation, group: list[Placed]) -> None:
    """A message that reaches us standing by tells that another app answers; one that does not, that ours does."""
    said = [entry for _, entry in group if entry.is_standby is not None and entry.provider_at]
    if not said or not (thread.held_by or any(entry.is_standby for entry in said)):
        return
    last = max(said, key=lambda entry: entry.provider_at or datetime.min)
    note_holder(thread, held_by=ANOTHER if last.is_standby else "", at=last.provider_at,
                action="standby")  # fmt: skip
