"""Upkeep of a connected channel, hourly: its token lives, its webhooks come, and once a day its health."""

from contextlib import suppress
from datetime import timedelta

import structlog

from channels.models import Channel
from channels.providers.contract import ChannelBroken, Client
from channels.selectors import client_of
from channels.services import tokens
from channels.services.connect import break_channel
from channels.services.health import examine
from channels.services.locked import is_locked, opened_or_held, unlocked
from channels.services.subscription import keep_subscribed
from channels.services.upkeep_lane import KIND, next_turn
from kernel.clock import now
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_one
from kernel.work import Hold, Kind, Lease, Released, register
from kernel.work.items import lane_of
from tenants.access import acting_as_system
from tenants.services.tenant import SUSPENDED, is_suspended

log = structlog.get_logger(agentName="channel")
HEALTH_EVERY = timedelta(hours=23)
LEASE_S = 150.0  # six calls of 20 seconds, and some room


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=LEASE_S))


def serve(lease: Lease) -> Released:
    """One turn of a channel; the lane itself keeps when the next is due, and ends with the channel."""
    channel = find_one(Channel, {"_id": ObjectId(lane_of(lease))})
    if channel is None or channel.status == Channel.REMOVED:
        return Released()
    if is_suspended(lease.tenant_id):
        return Released(held=SUSPENDED)
    # What a missing key stops is looked after when it is back.
    with acting_as_system(), suppress(Hold):
        look_after(channel)
    return Released(due_at=next_turn(), served=1)


def look_after(channel: Channel) -> None:
    """What is due of: renewing the token, the whole health, the subscription."""
    if tokens.credential_of(channel) is None:
        return
    is_broken = channel.status == Channel.BROKEN and not unlocked(channel)
    if is_broken and is_locked(channel):
        return
    refused = None if is_broken else tokens.renew(channel, opened_or_held(channel))
    if refused is not None:
        break_channel(channel=channel, reason=f"{refused.title}. {refused.advice}")
        return
    tokens.tell_end(channel)
    if channel.health_at is None or now() - channel.health_at >= HEALTH_EVERY:
        examine(channel, client_of(channel))
    elif not is_broken:
        _subscribed(channel, client_of(channel))


def _subscribed(channel: Channel, client: Client) -> None:
    answer = keep_subscribed(channel, client)
    if isinstance(answer, ChannelBroken):
        break_channel(channel=channel, reason=f"{answer.title}. {answer.advice}")
