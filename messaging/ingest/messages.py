"""Messages: stored once, numbered in their conversation, with their files queued."""

from collections import defaultdict
from collections.abc import Sequence

from conversations.models import Conversation
from conversations.services.threads import conversations_for, quiet_conversations_for
from kernel.events import Event, emit
from kernel.mongo.rows import insert_rows
from kernel.work.items import enqueue_many
from messaging.events import HistoryAdded, MessageNoted, MessageReceived, MessageSentElsewhere
from messaging.ingest.entries import ELSEWHERE, SYSTEM, Entry, in_order
from messaging.ingest.placeholders import attachments_of, fill, said_by
from messaging.ingest.targets import find_by_external_id, find_targets
from messaging.ingest.threads import update_threads
from messaging.ingest.updates import adopt_early
from messaging.models import Attachment, Message

Threads = dict[tuple[str, str], Conversation]


def store_messages(entries: Sequence[Entry]) -> list[Message]:
    """Store what is new, in order; update each conversation once. Returns the new messages."""
    entries = in_order(_unseen(entries))
    threads = _threads(entries)
    entries = [e for e in entries if (e.channel.pk, e.contact.pk) in threads]
    if not entries:
        return []
    rows: list[Message] = []
    files: list[Attachment] = []
    counts: dict[str, int] = defaultdict(int)
    for entry in entries:
        thread = threads[entry.channel.pk, entry.contact.pk]
        counts[thread.pk] += 1
        row = _message(entry, thread, thread.message_count + counts[thread.pk])
        rows.append(row)
        files += attachments_of(entry.channel.pk, row.pk, entry.media)
    _resolve_replies(rows)
    insert_rows(rows)
    enqueue_many("media", files)
    placed = list(zip(rows, entries, strict=True))
    update_threads(placed, {thread.pk: thread for thread in threads.values()})
    emit(*_facts(placed))
    adopt_early(rows)
    return rows


def _unseen(entries: Sequence[Entry]) -> list[Entry]:
    """Without what is stored already, and without repetitions inside the batch."""
    wanted = {entry.name: entry for entry in reversed(entries)}
    # Of a placeholder and its file in one batch the file.
    wanted |= {entry.name: entry for entry in entries if entry.is_history and entry.media}
    if not wanted:
        return []
    known = find_by_external_id(Message, wanted)
    fill({str(known[e.name]["_id"]): said_by(e) for e in entries
          if e.name in known and e.is_history and e.media})  # fmt: skip
    return [e for e in entries if e.name not in known and wanted[e.name] is e]


def _threads(entries: Sequence[Entry]) -> Threads:
    """Where each entry goes. What is quiet wakes no conversation; a notice of ours begins none."""
    threads: Threads = {}
    if loud := [e for e in entries if not e.effect.quiet]:
        threads = conversations_for((e.channel, e.contact) for e in loud)
    for make in (True, False):
        quiet = [e for e in entries if e.effect.quiet and (e.sender_kind != SYSTEM) == make
                 and (e.channel.pk, e.contact.pk) not in threads]  # fmt: skip
        if quiet:
            pairs = ((e.channel, e.contact) for e in quiet)
            threads |= quiet_conversations_for(pairs, make=make)
    return threads


def _message(entry: Entry, thread: Conversation, seq: int) -> Message:
    is_theirs = entry.sender_kind == "contact"
    return Message(
        conversation_id=thread.pk,
        channel_id=entry.channel.pk,
        seq=seq,
        direction=entry.direction,
        type=entry.type,
        text=entry.text,
        content=entry.content,
        external_id=entry.external_id,
        reply_to_external_id=entry.reply_to_external_id,
        forwarded=entry.forwarded,
        is_history=entry.is_history,
        referral=entry.referral,
        error=entry.error,
        attachment_count=len(entry.media),
        sender_kind=entry.sender_kind,
        sender_id=entry.contact.pk if is_theirs else "",
        sender_name=str(entry.contact) if is_theirs else "",
        provider_at=entry.provider_at,
    )


def _resolve_replies(rows: list[Message]) -> None:
    """Name the quoted message by our id where we have it: an earlier inbound one, or one we sent."""
    quoted = {(r.channel_id, r.reply_to_external_id) for r in rows if r.reply_to_external_id}
    targets = find_targets(quoted)
    targets |= {(r.channel_id, r.external_id): (r.pk, r.conversation_id) for r in rows}
    for row in rows:
        found = targets.get((row.channel_id, row.reply_to_external_id))
        row.reply_to_id = found[0] if found else ""


def _facts(placed: Sequence[tuple[Message, Entry]]) -> list[Event]:
    """One for each message; one for all that a conversation has of history."""
    facts: list[Event] = []
    past: dict[str, list[tuple[Message, Entry]]] = defaultdict(list)
    for row, entry in placed:
        if entry.is_history:
            past[row.conversation_id].append((row, entry))
            continue
        fact = (
            MessageNoted if entry.sender_kind == SYSTEM or entry.type == "call"
            else MessageSentElsewhere if entry.sender_kind == ELSEWHERE
            else MessageReceived
        )  # fmt: skip
        facts.append(fact(message_id=row.pk, conversation_id=row.conversation_id,
                          channel_id=row.channel_id, contact_id=entry.contact.pk,
                          message_type=row.type, seq=row.seq))  # fmt: skip
    return facts + [
        HistoryAdded(conversation_id=id_, channel_id=group[0][0].channel_id, count=len(group),
                     contact_id=group[0][1].contact.pk, last_seq=group[-1][0].seq)
        for id_, group in past.items()
    ]  # fmt: skip
