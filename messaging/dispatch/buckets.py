"""The buckets that a send takes from, and how full the provider says its own limits are.

Keys carry the tenant. What a provider tells of an app that several tenants share, each of them
learns from its own answers.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.contract import Usage
from channels.providers.pace import Rate
from channels.services.throughput import per_second
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.ratelimit import Bucket
from kernel.scoping.keys import tenant_key
from messaging.models import Delivery, Message

Asked = tuple[str, Bucket]
# From here on sends slow down, linearly, to a twentieth of the rate at the full limit.
EASY_PERCENT, LEAST_SHARE = 75, 0.05
USAGE_KEPT_S, MOST_KNOWN = 120.0, 5_000
# What is not an answer to anybody leaves a part of the number's rate to what is.
BULK_SHARE = 0.8
GATE = Bucket(capacity=100_000, per_second=100_000)
_used: dict[str, tuple[float, int]] = {}


@dataclass(frozen=True, kw_only=True)
class Taking:
    """What one or several sends ask for: of what they share, and of what is each one's own."""

    shared: list[Asked]
    own: list[Asked]


def number_bucket(channel: Channel) -> Bucket:
    """The channel's rate: a twentieth at once, less as the provider's limits fill up.

    The rest comes so that in no second more than the rate is let go: calls leave a little late and
    bunch up, and what the provider counts must stay within its five per cent all the same.
    """
    rate = max(per_second(channel) * _share_left(channel), 1)
    return Bucket(capacity=max(rate / 20, 1), per_second=rate * 0.95, cold_start=True)


def asked_for(channel: Channel, deliveries: Sequence[Delivery], kinds: dict[str, Rate]) -> Taking:
    """The buckets for sending ``deliveries`` together; ``kinds`` are the rates of some of them.

    Raises ``ValueError`` where a bucket can never hold enough for all of them at once.
    """
    number = replace(number_bucket(channel), cost=len(deliveries))
    breaker = replace(GATE, cost=len(deliveries))
    shared = [(breaker_key(channel), breaker), (number_key(channel), number),
              (app_key(channel), GATE), (account_key(channel), GATE)]  # fmt: skip
    bulk = sum(1 for delivery in deliveries if is_bulk(delivery))
    own = [(bulk_key(channel), _bulk(channel, bulk))] if bulk else []
    named = {rate.name: rate for rate in kinds.values()}
    for name, rate in named.items():
        cost = sum(1 for d in deliveries if (of := kinds.get(d.pk)) and of.name == name)
        if cost:
            own.append((kind_key(channel, name), _bucket(rate, cost)))
    if provider_for(channel.kind).pace.pair:
        pairs = Bucket(capacity=settings.PAIR_BURST, per_second=1 / 6)
        own += [(pair_key(delivery), pairs) for delivery in deliveries]
    return Taking(shared=shared, own=own)


def _bulk(channel: Channel, cost: int) -> Bucket:
    rate = max(per_second(channel) * _share_left(channel) * BULK_SHARE, 1)
    return Bucket(capacity=max(rate / 20, 1), per_second=rate, cost=cost, cold_start=True)


def _bucket(rate: Rate, cost: int) -> Bucket:
    return Bucket(capacity=rate.burst, per_second=rate.per_second, cost=cost)


def reads_bucket(channel: Channel) -> Bucket | None:
    """For looking at conversations; None where the provider has no such limit."""
    rate = provider_for(channel.kind).pace.reads
    return _bucket(rate, 1) if rate else None


def is_bulk(delivery: Delivery) -> bool:
    return delivery.priority == Delivery.BULK


def kinds_of(channel: Channel, deliveries: Iterable[Delivery]) -> dict[str, Rate]:
    """The rates of their own that some deliveries' messages have, by delivery; one read, or none."""
    pace = provider_for(channel.kind).pace
    if not pace.types and pace.private_reply is None:
        return {}
    by_message = {delivery.message_id: delivery.pk for delivery in deliveries}
    where = {**owner(), "_id": {"$in": [ObjectId(id_) for id_ in by_message]}}
    shown = {"type": 1, "content.comment_external_id": 1}
    found: dict[str, Rate] = {}
    for row in collection(Message).find(where, shown, batch_size=len(by_message) + 1):
        is_private = bool((row.get("content") or {}).get("comment_external_id"))
        rate = pace.private_reply if is_private else pace.types.get(row["type"])
        if rate is not None:
            found[by_message[str(row["_id"])]] = rate
    return found


# ------------------------------------------------------------------- what the provider tells


def learn(channel: Channel, usage: Usage) -> None:
    """Remember how full the limits are; only here, because whoever sends is told with each answer."""
    for key, percent in ((app_key(channel), usage.app), (account_key(channel), usage.account)):
        _used[key] = (time.monotonic() + USAGE_KEPT_S, percent)
    while len(_used) > MOST_KNOWN:
        _used.pop(next(iter(_used)))


def _share_left(channel: Channel) -> float:
    return min(_share_of(app_key(channel)), _share_of(account_key(channel)))


def _share_of(key: str) -> float:
    until, percent = _used.get(key, (0.0, 0))
    if percent <= EASY_PERCENT or until < time.monotonic():
        return 1.0
    return max((100 - percent) / (100 - EASY_PERCENT), LEAST_SHARE)


# --------------------------------------------------------------------------------- the keys


def number_key(channel: Channel) -> str:
    return tenant_key("rate", "number", channel.pk)


def breaker_key(channel: Channel) -> str:
    """Of a number that rests because calls for it fail, whatever else it waits for."""
    return tenant_key("rate", "breaker", channel.pk)


def bulk_key(channel: Channel) -> str:
    return tenant_key("rate", "bulk", channel.pk)


def kind_key(channel: Channel, name: str) -> str:
    return tenant_key("rate", name, channel.pk)


def pair_key(delivery: Delivery) -> str:
    return tenant_key("rate", "pair", delivery.conversation_id)


def app_key(channel: Channel) -> str:
    """Of all channels of the tenant behind one app."""
    app = str(channel.external.get("app_id") or settings.META_APP_ID)
    return tenant_key("rate", "app", channel.kind, app)


def account_key(channel: Channel) -> str:
    """Of all channels on one account."""
    known = (str(channel.external.get(name, "")) for name in ("waba_id", "ig_id"))
    return tenant_key("rate", "account", channel.kind, next(filter(None, known), channel.pk))
