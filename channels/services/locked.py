"""Credentials that the installation's key ring does not open: the channel stops, and goes on by itself.

Nothing is sent without them and nothing stands in for them. The owners are told, because their
messages wait; only whoever runs the installation can restore the key.
"""

import structlog

from channels.models import Channel
from channels.providers.contract import Client
from channels.selectors import client_of, hold_reason
from channels.services.connect import break_channel
from channels.services.states import move
from kernel.envelope import EnvelopeError
from kernel.mongo.transactions import run_transaction
from kernel.vault import NoDataKey
from kernel.work import Hold

log = structlog.get_logger(agentName="channel")
Locked = (EnvelopeError, NoDataKey)
REASON = (
    "This installation cannot open the channel's credentials: the key that sealed them is missing "
    "or wrong. Whoever runs the installation must restore it; then sending goes on by itself."
)


def opened_or_held(channel: Channel) -> Client:
    """The channel's client; without the key the channel breaks, and ``Hold`` keeps its lane."""
    try:
        return client_of(channel)
    except Locked as error:
        log.error("channel.locked", channel_id=channel.pk, error=type(error).__name__)
        break_channel(channel=channel, reason=REASON)
        raise Hold(hold_reason(channel)) from error


def is_locked(channel: Channel) -> bool:
    """Whether it is for want of its key that the channel does not send."""
    return channel.status == Channel.BROKEN and channel.status_reason == REASON


def unlocked(channel: Channel) -> bool:
    """Let a channel that was locked send again if its credentials open now; whether it does."""
    if not is_locked(channel):
        return False
    try:
        client_of(channel)
    except Locked:
        return False

    def body() -> bool:
        fresh = Channel.objects.get(pk=channel.pk)
        return is_locked(fresh) and move(fresh, Channel.ACTIVE)

    if run_transaction(body):
        log.info("channel.unlocked", channel_id=channel.pk)
    return True
