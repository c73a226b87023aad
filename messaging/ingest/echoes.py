"""What the business wrote: with another tool, or here, and then it is not shown a second time.

The provider tells of both in one form. A message of ours is recognised by the id that the
provider gave it, which we learn when the call ends. So an echo that comes while a send to the same
person is under way waits beside the conversation (``MessageUpdate.ECHO``) for that end. It marks
the delivery, which the end writes too: the two transactions cannot miss each other.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.models import Channel
from channels.providers import provider_for
from channels.selectors import is_own_app
from conversations.models import Conversation
from crm.models import Contact
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows, insert_rows
from messaging.events import MessageStatusChanged
from messaging.ingest.effects import take_effect
from messaging.ingest.entries import Entry, kept_entry, kept_json
from messaging.ingest.messages import store_messages
from messaging.ingest.targets import find_by_external_id
from messaging.ingest.updates import adopt_orphans
from messaging.models import Delivery, Message, MessageUpdate

Pair = tuple[str, str]  # channel id, contact id
LONGEST_CALL = timedelta(seconds=20)
CLOCKS_DIFFER = timedelta(seconds=3)
MAY_HAVE_LEFT = ("unknown", "transient")
WORDED = ("text", "interactive")  # answers to choose from come back as their text


def waits_for(conversation_id: str) -> str:
    """The external id under which echoes wait beside a conversation."""
    return f"echo:{conversation_id}"


def without_own(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without echoes of our own sends; one that may be of a send under way is kept aside."""
    echoes = [entry for entry in entries if _is_echo(entry)]
    if not echoes:
        return list(entries)
    known = _known(echoes)
    fresh = [entry for entry in echoes if entry.name not in known]
    new = [entry for entry in fresh if not entry.is_history]
    open_sends = _open_sends(new)
    handled = known | {
        entry.name for entry in new
        if _is_ours(entry, open_sends[entry.channel.pk, entry.contact.pk])
    }  # fmt: skip
    return [entry for entry in entries if not (_is_echo(entry) and entry.name in handled)]


def _is_echo(entry: Entry) -> bool:
    return entry.direction == Message.OUTBOUND and entry.type != "call"


def _known(echoes: Sequence[Entry]) -> set[tuple[str, str]]:
    """Those of a send that is recorded, and those that wait already or did."""
    names = {entry.name for entry in echoes}
    found = collection(MessageUpdate).find(
        {**owner(), "channel_id": {"$in": [ObjectId(c) for c in {c for c, _ in names}]},
         "key": {"$in": [form(external) for _, external in names for form in (_key, part_key)]}},
        {"channel_id": 1, "key": 1},
    )  # fmt: skip
    kept = {(str(row["channel_id"]), row["key"]) for row in found}
    waiting = {(channel, external) for channel, external in names
               if {(channel, _key(external)), (channel, part_key(external))} & kept}  # fmt: skip
    return waiting | set(find_by_external_id(Delivery, names))


def _key(external_id: str) -> str:
    return f"ec:{external_id}"


def part_key(external_id: str) -> str:
    """The key of a row that says: this id is part of a message of ours."""
    return f"pt:{external_id}"


def _open_sends(echoes: Sequence[Entry]) -> dict[Pair, list[Delivery]]:
    """By channel and contact the sends that may have left and have no id of the provider's yet."""
    pairs = {(e.channel.pk, e.contact.pk) for e in echoes}
    found: dict[Pair, list[Delivery]] = defaultdict(list)
    if not pairs:
        return found
    talks = collection(Conversation).find(
        {**owner(), "channel_id": {"$in": [ObjectId(c) for c in {c for c, _ in pairs}]},
         "contact_id": {"$in": [ObjectId(c) for c in {c for _, c in pairs}]}},
        {"channel_id": 1, "contact_id": 1},
    )  # fmt: skip
    of = {str(t["_id"]): (str(t["channel_id"]), str(t["contact_id"])) for t in talks}
    if not of:
        return found
    began = {"tries.0": {"$exists": True}}
    lanes = [f"conversation:{id_}" for id_ in of]
    queued = {"lane": {"$in": lanes}, "open": True, "outcome": "queued", **began}
    unknown = {"conversation_id": {"$in": [ObjectId(id_) for id_ in of]}, "outcome": "unknown"}
    for delivery in [*find_rows(Delivery, queued), *find_rows(Delivery, unknown)]:
        found[of[delivery.conversation_id]].append(delivery)
    return found


def _is_ours(entry: Entry, sends: Sequence[Delivery]) -> bool:
    """Whether the echo is of one of our sends, or may be, and so is no message of its own for now."""
    is_own_apps = is_own_app(entry.channel, entry.app_id)
    if not sends or (entry.app_id and not is_own_apps):
        return False
    under_way = next((d for d in sends if d.tries and "outcome" not in d.tries[-1]), None)
    if under_way is not None and under_way.outcome == "queued":
        _keep_aside(entry, under_way)
        return True
    proven = _proven(entry, sends if is_own_apps else _at_that_time(entry, sends))
    if proven is not None:
        _accept(entry, proven)
    return proven is not None


def _keep_aside(entry: Entry, delivery: Delivery) -> None:
    collection(Delivery).update_one(
        {**owner(), "_id": ObjectId(delivery.pk)}, {"$set": {"has_echo": True}}
    )
    insert_rows([MessageUpdate(
        channel_id=entry.channel.pk, external_id=waits_for(delivery.conversation_id),
        key=_key(entry.external_id), kind=MessageUpdate.ECHO, detail=kept_json(entry),
        provider_at=entry.provider_at,
    )])  # fmt: skip


def _at_that_time(entry: Entry, sends: Sequence[Delivery]) -> list[Delivery]:
    """Of the sends those whose call was being made when the provider says that this was written.

    None where the provider does not tell of what we send: then somebody else wrote it.
    """
    if entry.provider_at is None or not provider_for(entry.channel.kind).echoes_sends:
        return []
    at = entry.provider_at if entry.provider_at.tzinfo else entry.provider_at.replace(tzinfo=UTC)
    return [delivery for delivery in sends if any(_covers(one, at) for one in delivery.tries)]


def _covers(attempt: dict[str, Any], at: datetime) -> bool:
    """Whether this attempt may have left, and if so at that moment."""
    if attempt.get("outcome") not in MAY_HAVE_LEFT:
        return False
    began, ended = (datetime.fromisoformat(attempt[name]) for name in ("at", "ended_at"))
    return began - CLOCKS_DIFFER <= at <= min(ended, began + LONGEST_CALL) + CLOCKS_DIFFER


def _proven(entry: Entry, sends: Sequence[Delivery]) -> Delivery | None:
    """The one of ``sends`` that an echo proves, if there can be no other.

    Our app wrote to this person, or somebody did in the very seconds of our call, and every send but
    these has its own id: if exactly one of them says the same words, it is this one. Files cannot be
    compared, so they prove nothing.
    """
    if entry.type != "text" or not entry.text or not sends:
        return None
    ids = [ObjectId(delivery.message_id) for delivery in sends]
    messages = find_rows(Message, {"_id": {"$in": ids}})
    alike = {m.pk for m in messages if m.type in WORDED and m.text == entry.text}
    of = [delivery for delivery in sends if delivery.message_id in alike]
    return of[0] if len(of) == 1 else None


def _accept(entry: Entry, delivery: Delivery) -> None:
    """Record that the provider has it, and under which id."""
    collection(Delivery).update_one(
        {**owner(), "_id": ObjectId(delivery.pk), "outcome": delivery.outcome},
        {"$set": {"outcome": "accepted", "external_id": entry.external_id}},
    )
    insert_rows([MessageUpdate(
        channel_id=entry.channel.pk, message_id=delivery.message_id, external_id=entry.external_id,
        key=f"pr:{entry.external_id}", kind=MessageUpdate.STATUS, status="accepted",
        provider_at=entry.provider_at,
    )])  # fmt: skip
    emit(MessageStatusChanged(message_id=delivery.message_id, status="accepted",
                              conversation_id=delivery.conversation_id))  # fmt: skip
    target = (delivery.message_id, delivery.conversation_id)
    take_effect(adopt_orphans({entry.name: target})[0])


def release_echoes(delivery: Delivery) -> None:
    """The attempt has ended: what waited for it is part of a message of ours, or one of its own; repeatable."""
    rows = find_rows(MessageUpdate, {
        "channel_id": ObjectId(delivery.channel_id), "message_id": "",
        "external_id": waits_for(delivery.conversation_id),
    })  # fmt: skip
    if not rows:
        return
    _forget([row.pk for row in rows])
    channel = Channel.objects.get(pk=delivery.channel_id)
    contact = Contact.objects.get(pk=_contact_id(delivery))
    entries = [kept_entry(channel, contact, row.detail, row.provider_at)
               for row in sorted(rows, key=lambda row: row.pk)]  # fmt: skip
    store_messages(without_own(entries))


def _forget(ids: Sequence[str]) -> None:
    """They are looked at anew: kept aside again, or shown, or recognised."""
    where: dict[str, Any] = {**owner(), "_id": {"$in": [ObjectId(id_) for id_ in ids]}}
    collection(MessageUpdate).delete_many(where)


def _contact_id(delivery: Delivery) -> ObjectId:
    where = {**owner(), "_id": ObjectId(delivery.conversation_id)}
    found = collection(Conversation).find_one(where, {"contact_id": 1})
    assert found is not None
    return found["contact_id"]
