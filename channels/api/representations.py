"""How channels look in answers. Credentials are in none of them."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from channels.models import Channel, ChannelSignIn
from channels.verification import verify_token_of
from config.api.rendering import moment

Json = dict[str, Any]


def channel_json(channel: Channel) -> Json:
    return {
        "id": channel.pk,
        "kind": channel.kind,
        "name": channel.name,
        "status": channel.status,
        "status_reason": channel.status_reason,
        "status_at": moment(channel.status_at),
        "external": channel.external,
        "facts": channel.facts,
        "last_inbound_at": moment(channel.last_inbound_at),
        "last_outbound_at": moment(channel.last_outbound_at),
        "health_at": moment(channel.health_at),
        "created_at": moment(channel.created_at),
    }


def channels_json(channels: Iterable[Channel]) -> list[Json]:
    return [channel_json(channel) for channel in channels]


def health_json(channel: Channel) -> Json:
    """The last report; no checks and ``checked_at`` null when the channel was never tested."""
    return {
        "status": channel.status,
        "status_reason": channel.status_reason,
        "status_at": moment(channel.status_at),
        "checks": channel.health.get("checks", []),
        "account": channel.health.get("account", {}),
        "notices": [_notice_json(notice) for notice in reversed(channel.notices)],
        "checked_at": moment(channel.health_at),
        "last_inbound_at": moment(channel.last_inbound_at),
        "last_outbound_at": moment(channel.last_outbound_at),
    }


def webhook_json(channel: Channel) -> Json:
    """What a tenant enters in the dashboard of a Meta app of their own."""
    return {
        "url": f"{settings.EDGE_URL}/webhooks/channels/{channel.pk}",
        "verify_token": verify_token_of(channel.pk, settings.META_VERIFY_TOKEN),
    }


def sign_in_json(row: ChannelSignIn) -> Json:
    """What can be connected; without any token."""
    accounts = [{name: one[name] for name in ("id", "name", "ready")} for one in row.accounts]
    return {
        "id": row.pk,
        "kind": row.kind,
        "accounts": [
            {**shown, "external": one["external"]}
            for shown, one in zip(accounts, row.accounts, strict=True)
        ],
        "expires_at": moment(row.expires_at),
    }


def _notice_json(notice: Json) -> Json:
    return {name: notice[name] for name in ("topic", "severity", "sentence", "at")}
