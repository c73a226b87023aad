"""How a connected account is doing, in sentences."""

from dataclasses import asdict
from typing import Any

from channels.models import Channel
from channels.providers.contract import Check
from channels.selectors import client_of, get_channel
from channels.services.connect import set_status
from channels.services.templates import sync_templates
from kernel.clock import now
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.permissions import Permission


def test_channel(*, channel_id: str) -> tuple[Channel, list[Check]]:
    """Ask the provider now; records the report and moves the channel between active and degraded."""
    require(Permission.CHANNELS_MANAGE)
    channel = get_channel(channel_id)
    client = client_of(channel)
    checks = client.check()
    described = client.describe()
    if all(check.ok for check in checks):
        sync_templates(channel=channel, client=client)
    return run_transaction(lambda: _note(channel_id, checks, described)), checks


def _note(channel_id: str, checks: list[Check], described: Any) -> Channel:
    channel = get_channel(channel_id)
    channel.health = {"checks": [asdict(check) for check in checks],
                      "account": described if isinstance(described, dict) else {}}  # fmt: skip
    channel.health_at = now()
    channel.save(update_fields=["health", "health_at"])
    failed = [check for check in checks if not check.ok]
    if failed and channel.status == Channel.ACTIVE:
        set_status(channel, Channel.DEGRADED, failed[0].sentence)
    elif not failed and channel.status in (Channel.DEGRADED, Channel.BROKEN):
        set_status(channel, Channel.ACTIVE, "")
    return channel
