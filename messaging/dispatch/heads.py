"""What a turn over many conversations needs to know, in one read for each collection."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from channels.models import Channel
from channels.providers.contract import Client, InvalidMessage, UnsupportedMessage
from channels.providers.events import Identity
from conversations.models import Conversation
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows, hydrated
from kernel.scoping import active_tenant_id
from kernel.work import Lease
from kernel.work.items import lane_of
from messaging.dispatch import deliver
from messaging.dispatch.composing import aware, composed
from messaging.models import Delivery, Message
from messaging.services.outgoing import recipients_of
from tenants.services.tenant import is_suspended

log = structlog.get_logger(agentName="message")
AHEAD = 3
Row = dict[str, Any]


@dataclass(kw_only=True)
class Head:
    """The oldest open delivery of a lane; ``more`` may wait behind it."""

    lease: Lease
    delivery: Delivery
    more: bool

    @property
    def is_fresh(self) -> bool:
        """Never tried, by this holder or one that died, and nothing is known of it yet."""
        item = self.delivery
        tried = item.attempts > 0 or bool(item.tries) or self.lease.deaths > 0
        return not tried and item.outcome == "queued" and item.state != Delivery.LEASED


@dataclass(kw_only=True)
class Send:
    """A plain send, ready to leave."""

    lease: Lease
    delivery: Delivery
    more: bool
    channel: Channel
    message: Message
    recipient: tuple[Identity, ...]
    body: dict[str, Any]
    client: Client


def heads_of(leases: Sequence[Lease]) -> list[Head]:
    """The heads of those lanes that have one, oldest first within each lane."""
    lanes = [lane_of(lease) for lease in leases]
    rows = _open(lanes, AHEAD * len(lanes))
    waiting: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        waiting[row["lane"]].append(row)
    is_all = len(rows) < AHEAD * len(lanes)
    found = []
    for lease, lane in zip(leases, lanes, strict=True):
        # A long queue of another lane, older than this one's items, may have filled the answer.
        own = waiting[lane] or ([] if is_all else _open([lane], 2))
        if own:
            (delivery,) = hydrated(Delivery, own[:1])
            found.append(Head(lease=lease, delivery=delivery, more=len(own) > 1 or not is_all))
    return found


def _open(lanes: list[str], most: int) -> list[Row]:
    where = {**owner(), "lane": {"$in": lanes}, "open": True}
    some = {"sort": [("_id", 1)], "limit": most, "batch_size": most + 1}
    return list(collection(Delivery).find(where, **some))


def ready_sends(heads: Sequence[Head]) -> list[Send]:
    """The plain ones among fresh heads, composed; whatever is special about another is for its own turn."""
    if not heads or is_suspended(active_tenant_id()):
        return []
    channels = {c.pk: c for c in _rows(Channel, (h.delivery.channel_id for h in heads))}
    clients = {id_: _client(channel) for id_, channel in channels.items() if channel.sends}
    messages = {m.pk: m for m in _rows(Message, (h.delivery.message_id for h in heads))}
    threads = _threads(heads)
    people = recipients_of([str(row["contact_id"]) for row in threads.values()])
    sends = []
    for head in heads:
        item = head.delivery
        client, message = clients.get(item.channel_id), messages.get(item.message_id)
        thread = threads.get(item.conversation_id)
        if client is None or message is None or thread is None or not _is_plain(item, message):
            continue
        recipient = people[str(thread["contact_id"])]
        body = _composed(channels[item.channel_id], message, recipient, thread)
        if body is not None:
            sends.append(Send(lease=head.lease, delivery=item, more=head.more, body=body,
                              channel=channels[item.channel_id], client=client, message=message,
                              recipient=recipient))  # fmt: skip
    return sends


def _is_plain(item: Delivery, message: Message) -> bool:
    in_time = item.not_after is None or aware(item.not_after) > now()
    return in_time and not message.attachment_count


def _rows(model: Any, ids: Iterable[str]) -> list[Any]:
    return find_rows(model, {"_id": {"$in": [ObjectId(id_) for id_ in set(ids)]}})


def _threads(heads: Sequence[Head]) -> dict[str, Row]:
    ids = [ObjectId(head.delivery.conversation_id) for head in heads]
    where = {**owner(), "_id": {"$in": ids}}
    fields = {"contact_id": 1, "window_until": 1}
    return {str(row["_id"]): row for row in collection(Conversation).find(where, fields)}


def _client(channel: Channel) -> Client | None:
    try:
        return deliver.opened(channel)
    except Exception:  # each of its messages meets it again, alone, and is told
        log.info("channel.no_client", channel_id=channel.pk, exc_info=True)
        return None


def _composed(
    channel: Channel, message: Message, recipient: tuple[Identity, ...], thread: Row
) -> dict[str, Any] | None:
    try:
        return composed(channel, message, recipient, window_until=thread.get("window_until"))
    except (InvalidMessage, UnsupportedMessage):
        return None
