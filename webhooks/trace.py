"""Following one message through the ledger: from any id that somebody has, to all that is known of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from channels.models import Channel
from conversations.selectors import list_conversations
from crm.models import Contact
from crm.selectors import contacts_by_last_digits
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_rows
from messaging.models import Delivery, Message, MessageUpdate
from webhooks.bodies import open_body
from webhooks.models import WebhookDelivery, WebhookEvent

CHANNELS, MOST, STUCK_READ = 200, 20, 500
SHORTEST_NUMBER = 4
# The words with which providers begin the key of an item that names a message.
KEYS = (
    "msg",
    "history",
    "echo",
    "st",
    "comment",
    "pb",
    "edit",
    "del",
    "rx",
    "read",
    "call",
    "mention",
)


@dataclass
class Found:
    """What a search found: one of each is a trace of one message, several are to choose from."""

    messages: list[Message] = field(default_factory=list)
    items: list[WebhookEvent] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    posted: list[WebhookDelivery] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    updates: list[MessageUpdate] = field(default_factory=list)

    @property
    def is_one(self) -> bool:
        """Whether there is one message (or one item that became none) to tell the story of."""
        return len(self.messages) == 1 or (not self.messages and len(self.items) == 1)

    @property
    def is_empty(self) -> bool:
        return not (self.messages or self.items or self.contacts or self.posted)


def by_id(id_: str) -> Found:
    """A message, a delivery of one, an item, or a raw delivery that has a part of this tenant."""
    delivery = find_rows(Delivery, {"_id": ObjectId(id_)})
    message_id = delivery[0].message_id if delivery else id_
    messages = find_rows(Message, {"_id": ObjectId(message_id)})
    if messages:
        return with_story(Found(messages=messages))
    if items := find_rows(WebhookEvent, {"_id": ObjectId(id_)}):
        return with_story(_of_item(items[0]))
    posted = WebhookDelivery.objects.filter(pk=id_).first()
    return with_story(_of_posted(posted)) if posted is not None else Found()


def by_external_id(external_id: str) -> Found:
    """Whatever carries a provider's id of a message: the message itself, its send, its items."""
    found = Found(messages=_messages([external_id]), items=_items_naming([external_id]))
    return with_story(found)


def by_last_digits(digits: str) -> Found:
    """Customers whose number ends so, their newest messages, and stuck items that name the number."""
    contacts = contacts_by_last_digits(digits, most=MOST)
    talks = [talk for contact in contacts[:5]
             for talk in list_conversations(contact_id=contact.pk).order_by("-last_activity_at")[:3]]  # fmt: skip
    messages = [message for talk in talks[:5] for message in find_rows(
        Message, {"conversation_id": ObjectId(talk.pk)}, sort=[("seq", -1)], limit=5)]  # fmt: skip
    return with_story(Found(contacts=contacts, messages=messages, items=_stuck_naming(digits)))


def with_story(found: Found) -> Found:
    """Add what belongs to the one message or item that was found."""
    if not found.is_one:
        return found
    ids = _external_ids(found)
    found.deliveries = find_rows(Delivery, {"message_id": {"$in": [
        ObjectId(message.pk) for message in found.messages]}})  # fmt: skip
    ids += [delivery.external_id for delivery in found.deliveries if delivery.external_id]
    known = {item.pk for item in found.items}
    found.items += [item for item in _items_naming(ids) if item.pk not in known]
    if found.messages:
        about = {"message_id": found.messages[0].pk}
        found.updates = find_rows(MessageUpdate, about, sort=[("_id", 1)], limit=200)
    posted = {item.delivery_id for item in found.items}
    found.posted = list(WebhookDelivery.objects.filter(pk__in=sorted(posted))[:MOST])
    return found


def _external_ids(found: Found) -> list[str]:
    ours = (Message.OURS, Message.MADE)
    return [m.external_id for m in found.messages if not m.external_id.startswith(ours)]


def _of_item(item: WebhookEvent) -> Found:
    """The message that an item speaks of, by any beginning of what its key names."""
    kind, _, rest = item.event_key.partition(":")
    names = _beginnings(rest) if kind in KEYS else []
    return Found(messages=_messages(names)[:1], items=[item])


def _beginnings(rest: str) -> list[str]:
    parts = rest.split(":")[:8]
    return [":".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _of_posted(posted: WebhookDelivery) -> Found:
    """The tenant's items of a raw delivery, found by their keys; nothing where it has no part in it."""
    own = open_body(posted).own
    if not own:
        return Found()
    where = {"channel_id": {"$in": [ObjectId(channel) for channel, _ in own]},
             "event_key": {"$in": [item.key[:400] for _, item in own]}}  # fmt: skip
    items = find_rows(WebhookEvent, where, limit=MOST)
    return _of_item(items[0]) if len(items) == 1 else Found(items=items, posted=[posted])


def _channels() -> list[ObjectId]:
    newest = Channel.objects.order_by("-id").values_list("pk", flat=True)
    return [ObjectId(pk) for pk in newest[:CHANNELS]]


def _messages(external_ids: list[str]) -> list[Message]:
    """Messages with a provider's id, those that we sent by their delivery."""
    if not external_ids:
        return []
    where = {"channel_id": {"$in": _channels()}, "external_id": {"$in": external_ids}}
    sent = find_rows(Delivery, where, limit=MOST)
    found = find_rows(Message, where, limit=MOST)
    known = {message.pk for message in found}
    missing = [ObjectId(d.message_id) for d in sent if d.message_id not in known]
    return [*found, *(find_rows(Message, {"_id": {"$in": missing}}) if missing else [])]


def _items_naming(external_ids: Iterable[str]) -> list[WebhookEvent]:
    """Items whose key is of a message with one of these ids, or goes on after it."""
    ids = [id_ for id_ in external_ids if id_]
    if not ids:
        return []
    keys = [f"{kind}:{id_}" for kind in KEYS for id_ in ids]
    longer = [{"event_key": {"$gte": f"{key}:", "$lt": f"{key};"}} for key in keys]
    where = {"channel_id": {"$in": _channels()}, "$or": [{"event_key": {"$in": keys}}, *longer]}
    return sorted(find_rows(WebhookEvent, where, limit=2 * MOST), key=lambda item: item.pk)


def _stuck_naming(digits: str) -> list[WebhookEvent]:
    """Of the newest items that are not done, those in whose body the digits stand."""
    states = [state for state, _ in WebhookEvent.STATES if state != WebhookEvent.DONE]
    # Of a tenant with few items the planner would rather sort.
    waiting = find_rows(WebhookEvent, {"state": {"$in": states}}, sort=[("_id", -1)],
                        limit=STUCK_READ, hint="webhookevent_state")  # fmt: skip
    return [item for item in waiting if digits in _said(item.body)][:MOST]


def _said(body: Any) -> str:
    return json.dumps(body, default=str)
