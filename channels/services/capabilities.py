"""What a channel can do: its kind's limits, and what holds for this very account now."""

from typing import Any

from channels.models import Channel, MessageTemplate
from channels.providers import provider_for
from channels.providers.abilities import TemplateProvider
from channels.providers.pace import Pace
from channels.services.throughput import per_second
from kernel.mongo.doors import ObjectId, collection, owner

Json = dict[str, Any]
COUNTED = 1000


def capabilities_of(channel: Channel) -> Json:
    """The kind's table under the provider's names, with ``messages_per_second`` and ``now`` of this channel."""
    provider = provider_for(channel.kind)
    return {
        "kind": channel.kind,
        **provider.capabilities,
        "messages_per_second": per_second(channel),
        "rates": _rates(channel, provider.pace),
        "templates": _templates(channel) if isinstance(provider, TemplateProvider) else None,
        "now": _now(channel),
    }


def _rates(channel: Channel, pace: Pace) -> list[Json]:
    rates = [{"name": "messages", "per_second": float(per_second(channel)), "burst": None}]
    some = (pace.pair, *pace.types.values(), pace.private_reply, pace.reads)
    named = {rate.name: rate for rate in some if rate is not None}
    return rates + [{"name": rate.name, "per_second": round(rate.per_second, 4),
                     "burst": int(rate.burst)} for rate in named.values()]  # fmt: skip


def _templates(channel: Channel) -> Json:
    """How many there are by status, up to a bound."""
    where = {**owner(), "channel_id": ObjectId(channel.pk)}
    found: dict[str, int] = {}
    for row in collection(MessageTemplate).find(where, {"status": 1}, limit=COUNTED):
        found[row["status"]] = found.get(row["status"], 0) + 1
    return {"by_status": found, "can_manage": True}


def _now(channel: Channel) -> Json:
    known = {**channel.health.get("account", {}), **channel.facts}
    return {
        "can_send": channel.sends,
        "status": channel.status,
        "why": channel.status_reason,
        "quality": str(known.get("quality") or ""),
        "throughput": str(known.get("throughput") or ""),
        "messaging_limit": str(known.get("messaging_limit") or ""),
        "login": str(channel.external.get("login") or ""),
    }
