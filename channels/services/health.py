"""How a connected account is doing, in sentences."""

from dataclasses import asdict
from typing import Any

import structlog

from channels.meta_apps import version_of
from channels.models import Channel
from channels.providers.contract import ChannelBroken, Check, Client, Credentials
from channels.providers.meta.versions import check_version
from channels.selectors import client_of, get_channel
from channels.services import tokens
from channels.services.states import move
from channels.services.subscription import HEALED, keep_subscribed
from channels.services.templates import sync_templates
from channels.services.upkeep_lane import begin_upkeep
from kernel import vault
from kernel.clock import iso, now
from kernel.mongo.transactions import run_transaction
from tenants.access import require
from tenants.permissions import Permission

log = structlog.get_logger(agentName="channel")
FACTS = ("quality", "status", "name_status", "verified_name", "messaging_limit", "throughput",
         "username", "account_type")  # fmt: skip
"""What of the provider's description is kept among the channel's facts."""


def test_channel(*, channel_id: str) -> tuple[Channel, list[Check]]:
    """Ask the provider now; records the report and moves the channel between active and degraded."""
    require(Permission.CHANNELS_MANAGE)
    channel = get_channel(channel_id)
    return examine(channel, client_of(channel))


def examine(channel: Channel, client: Client) -> tuple[Channel, list[Check]]:
    """Run every check, mend the subscription, and keep what was found; for whoever may already."""
    checks, described = client.check(), client.describe()
    checks = [_mended(channel, client, check) for check in checks]
    checks.append(check_version(version_of(channel.kind), now().date()))
    _note_token(channel)
    if all(check.ok for check in checks):
        sync_templates(channel=channel, client=client)
    return run_transaction(lambda: _note(channel.pk, checks, described)), checks


def _mended(channel: Channel, client: Client, check: Check) -> Check:
    """A subscription that was lost is renewed at once, and the report says so."""
    if check.name != "subscription" or check.ok or keep_subscribed(channel, client) is not True:
        return check
    return Check(name="subscription", ok=True, sentence=HEALED)


def _note_token(channel: Channel) -> None:
    row = tokens.credential_of(channel)
    if row is None:
        return
    credentials = Credentials(access_token=vault.open_field(row, "access_token"),
                              app_secret=vault.open_field(row, "app_secret"))  # fmt: skip
    known = tokens.inspected(channel.kind, channel.external, credentials)
    if known is not None and known.is_valid:
        life = tokens.Life(issued_at=known.issued_at, expires_at=known.expires_at)
        tokens.note_life(channel, life)


def _note(channel_id: str, checks: list[Check], described: Any) -> Channel:
    channel = get_channel(channel_id)
    channel.health = {"checks": [asdict(check) for check in checks],
                      "account": described if isinstance(described, dict) else {}}  # fmt: skip
    channel.health_at = now()
    _keep_facts(channel, channel.health["account"])
    channel.save(update_fields=["health", "health_at", "facts", "facts_at"])
    begin_upkeep(
        channel
    )  # it goes on by itself; one that was connected before there was any begins here
    failed = [check for check in checks if not check.ok]
    if isinstance(described, ChannelBroken):
        if channel.sends:
            move(channel, Channel.BROKEN, f"{described.title}. {described.advice}")
            log.warning("channel.broken", channel_id=channel.pk)
    elif not isinstance(described, dict):
        return channel  # nobody could be asked, which says nothing of the channel
    elif failed and channel.sends:
        move(channel, Channel.DEGRADED, failed[0].sentence)
    elif not failed and channel.status in (Channel.DEGRADED, Channel.BROKEN):
        move(channel, Channel.ACTIVE)
    return channel


def _keep_facts(channel: Channel, account: dict[str, Any]) -> None:
    told = {name: account[name] for name in FACTS if account.get(name)}
    changed = {name for name, value in told.items() if channel.facts.get(name) != value}
    channel.facts = channel.facts | told
    channel.facts_at = channel.facts_at | dict.fromkeys(changed, iso(now()))
