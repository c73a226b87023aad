"""A tenant's years, made up: customers, their conversations and messages, in the order of time.

The same numbers give the same documents, so that an interrupted build goes on where it stopped.
Documents are copies of `shapes.one_of_each`; only what distinguishes rows is replaced. A hundred
conversations have a thousand messages: one of 200, nine of 40, forty of 8, the others two or three.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from tests.bench.signing import FIRST_CUSTOMER

LENGTHS = (200, *[40] * 9, *[8] * 40, *[3] * 20, *[2] * 30)
PER_CONVERSATION = sum(LENGTHS) // len(LENGTHS)
LONGEST = LENGTHS[0]
YEARS = timedelta(days=730)
FIRST_NUMBER = 1_000
ROUND = 5  # three messages of the customer, a reply, one more of the customer
REGULARS = 100  # conversations in each group that are one contact's, one after the other
TEXTS = (
    "Hello!", "Thank you, that is all.", "Is my order on its way already?",
    "It left our warehouse this morning and should arrive tomorrow before noon.",
    "Could you send it to another address? We have moved, and nobody is at the old one any more.",
    "Yes", "The size does not fit, I would like to exchange it for a larger one, please. "
    "The label is still on it and I have kept the box.", "Perfect, see you on Thursday 👍",
)  # fmt: skip
Document = dict[str, Any]


@dataclass(frozen=True)
class Cast:
    """Whose data it is: the shapes to copy, channels and members to spread over, when it ends."""

    shapes: dict[str, Any]
    channels: Sequence[ObjectId]
    members: Sequence[ObjectId]
    ends_at: datetime


@dataclass
class Group:
    """Documents by collection, in the order in which the product would have written them."""

    contacts: list[Document]
    contact_identities: list[Document]
    conversations: list[Document]
    messages: list[Document]
    message_updates: list[Document]


def made_id(at: datetime, number: int, kind: int) -> ObjectId:
    """An id as the product makes them: milliseconds, a counter, a process."""
    milliseconds = int(at.timestamp() * 1000)
    tail = (number % (1 << 24)).to_bytes(3, "big") + kind.to_bytes(3, "big")
    return ObjectId(milliseconds.to_bytes(6, "big") + tail)


def group(cast: Cast, index: int, groups: int, size: int) -> Group:
    """Group ``index`` of ``groups``: ``size`` conversations of the same stretch of time."""
    chance = random.Random(index)
    span = YEARS / groups
    begin = cast.ends_at - YEARS + span * index
    made = Group([], [], [], [], [])
    said: list[tuple[float, int, int]] = []
    threads = []
    for position in range(size):
        phase, length = chance.random(), LENGTHS[position % len(LENGTHS)]
        said += [((k + phase) / length, position, k) for k in range(length)]
        threads.append((phase, length))
    said.sort()
    people = _people(cast, made, index, size, begin)
    rows = [
        _conversation(cast, chance, index * size + position, people[position], begin,
                      _status(chance, position, (index + (length - 1 + phase) / length) / groups))
        for position, (phase, length) in enumerate(threads)
    ]  # fmt: skip
    for order, (fraction, position, k) in enumerate(said):
        number = index * size * PER_CONVERSATION + order
        _say(cast, made, rows[position], number, k, begin + span * fraction)
    made.conversations = rows
    return made


def _people(cast: Cast, made: Group, index: int, size: int, at: datetime) -> list[Document]:
    """The contact of each conversation: one regular, and otherwise four contacts for five."""
    people: list[Document] = []
    for position in range(size):
        again = 0 < position < REGULARS or (position >= REGULARS and position % 5 == 4)
        if not again:
            _contact(cast, made, index * size + position, at)
        people.append(made.contacts[-1])
    return people


def _contact(cast: Cast, made: Group, number: int, at: datetime) -> None:
    telephone, id_ = str(FIRST_CUSTOMER + 10_000_000 + number), made_id(at, number, 1)
    shape = cast.shapes["contact"]
    made.contacts.append({**shape, "_id": id_, "name": f"Customer {telephone}",
                          "phone": telephone, "created_at": at, "updated_at": at})  # fmt: skip
    made.contact_identities.append({
        **cast.shapes["identity"], "_id": made_id(at, number, 2), "contact_id": id_,
        "value": telephone, "created_at": at,
    })  # fmt: skip


def _status(chance: random.Random, position: int, recency: float) -> str:
    """Nearly all old conversations are closed; of the newest tenth two thirds are not.

    One whose contact has a later one is closed: a contact has one active conversation.
    """
    open_, pending = (0.5, 0.65) if recency > 0.9 else (0.015, 0.03)
    drawn = chance.random()
    if drawn >= pending or position < REGULARS or position % 5 == 3:
        return "closed"
    return "open" if drawn < open_ else "pending"


def _conversation(
    cast: Cast, chance: random.Random, number: int, contact: Document, at: datetime, status: str
) -> Document:
    """Before its first message."""
    return {
        **cast.shapes["conversation"], "_id": made_id(at, number, 3), "number": FIRST_NUMBER + number,
        "channel_id": cast.channels[number % len(cast.channels)], "contact_id": contact["_id"],
        "contact_name": contact["name"], "status": status, "active": status != "closed",
        "assignee_id": chance.choice(cast.members) if chance.random() < 0.6 else None,
        "created_at": at, "message_count": LENGTHS[number % len(LENGTHS)],
    }  # fmt: skip


def _say(cast: Cast, made: Group, thread: Document, number: int, k: int, at: datetime) -> None:
    """The next message of a conversation, and what the conversation shows of it."""
    outbound = k % ROUND == ROUND - 2
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    id_, text = made_id(at, number, 4), TEXTS[number % len(TEXTS)]
    named = str(id_)
    row = {**cast.shapes["outbound" if outbound else "inbound"], "_id": id_,
           "conversation_id": thread["_id"], "channel_id": thread["channel_id"], "seq": k + 1,
           "text": text, "created_at": at}  # fmt: skip
    if outbound:
        row["external_id"] = f"out:{named}"
        _statuses(cast, made, row, number, at)
    else:
        # Meta's ids begin with the number of the telephone: those of one customer lie together.
        row["external_id"] = f"wamid.HBgM{thread['contact_id']}{number:022d}=="
        row["sender_id"], row["sender_name"] = str(thread["contact_id"]), thread["contact_name"]
        row["provider_at"] = at
        thread["last_inbound_at"] = at
    made.messages.append(row)
    if k + 1 == thread["message_count"]:
        _show(thread, row, named, at)


def _unanswered(length: int) -> int:
    """How many messages a customer wrote since the last reply."""
    return length if length < ROUND - 1 else (length - ROUND + 1) % ROUND


def _show(thread: Document, row: Document, named: str, at: datetime) -> None:
    """The end of a conversation."""
    unread = _unanswered(row["seq"]) if thread["active"] else 0
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    thread["last_message"] = {"id": named, "direction": row["direction"], "type": row["type"],
                              "preview": row["text"], "at": moment}  # fmt: skip
    thread["last_activity_at"] = at
    thread["unread"], thread["unread_count"] = bool(unread), unread
    thread["waiting_since"] = thread["last_inbound_at"] if unread else None
    thread["window_until"] = thread["last_inbound_at"] + timedelta(hours=24)
    thread["closed_at"] = None if thread["active"] else at


def _statuses(cast: Cast, made: Group, row: Document, number: int, at: datetime) -> None:
    named = str(row["_id"])
    for position, shape in enumerate(cast.shapes["updates"]):
        made.message_updates.append({
            **shape, "_id": made_id(at, number, 5 + position), "channel_id": row["channel_id"],
            "message_id": named, "external_id": f"wamid.HBgM{named}{number:022d}==",
            "key": f"{named}:{shape['status']}:{position}", "provider_at": at, "created_at": at,
        })  # fmt: skip


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
