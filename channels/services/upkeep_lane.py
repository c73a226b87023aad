"""Each channel's lane of upkeep: due at a random moment of each hour, for as long as it is connected."""

import secrets
from datetime import datetime, timedelta

from channels.models import Channel
from kernel.clock import now
from kernel.work import mark
from kernel.work.items import lane_key

KIND = "upkeep"
EVERY_S, SPREAD_S = 3600, 600


def next_turn() -> datetime:
    """When to look again: in about an hour, so that channels connected together are not asked together."""
    return now() + timedelta(seconds=EVERY_S - SPREAD_S + secrets.randbelow(2 * SPREAD_S))


def begin_upkeep(channel: Channel) -> None:
    """Look after the channel from now on, in the caller's transaction. Once begun it goes on by itself."""
    mark(KIND, lane_key(channel.pk), due_at=next_turn())
