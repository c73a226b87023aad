"""A channel's states, and the one way from one to another: compared and set, audited, told."""

from datetime import datetime

from channels.errors import IllegalMove
from channels.events import ChannelStatusChanged
from channels.models import Channel
from channels.selectors import forget_familiar, hold_reason
from channels.services.alerts import raise_alert
from kernel import audit, work
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import on_commit
from kernel.scoping import active_tenant_id

MOVES: dict[str, frozenset[str]] = {
    Channel.CONNECTING: frozenset({Channel.ACTIVE, Channel.REMOVED}),
    Channel.ACTIVE: frozenset({Channel.DEGRADED, Channel.BROKEN, Channel.PAUSED, Channel.REMOVED}),
    Channel.DEGRADED: frozenset({Channel.ACTIVE, Channel.BROKEN, Channel.PAUSED, Channel.REMOVED}),
    Channel.BROKEN: frozenset({Channel.ACTIVE, Channel.REMOVED}),
    Channel.PAUSED: frozenset({Channel.ACTIVE, Channel.REMOVED}),
    Channel.REMOVED: frozenset(),
}
"""From each state to these. Degraded still sends; broken waits for a token, paused for a person."""


def may_move(before: str, after: str) -> bool:
    """Return whether a channel can go from one state to the other; staying is no move."""
    return after in MOVES[before]


def move(channel: Channel, status: str, reason: str = "") -> bool:
    """Bring the channel into a state, inside the caller's transaction; False if nothing changes.

    Staying with another ``reason`` changes only that. Raises ``IllegalMove``, also when the
    channel is no longer in the state in which ``channel`` was read. One that sends again
    releases its lanes, so what waited leaves in order; one that breaks alerts the owners.
    """
    before, could_send = channel.status, channel.sends
    if (before, channel.status_reason) == (status, reason[:300]):
        return False
    if before != status and not may_move(before, status):
        raise IllegalMove(f"It is {before} and cannot become {status}.")
    _set(channel, before, status, reason)
    audit.record(
        "channel.status_changed", channel, {"status": [before, status]}, reason=reason[:200]
    )
    emit(ChannelStatusChanged(channel_id=channel.pk, status=status, reason=reason))
    on_commit(lambda: forget_familiar(channel.pk))
    if status == Channel.BROKEN and before != status:
        raise_alert(channel, f"broken:{iso(channel.status_at)}", "broken", reason)
    if channel.sends and not could_send:
        tenant = active_tenant_id()
        on_commit(lambda: _release(channel, tenant))
    return True


def stop_sending(channel: Channel, reason: str, *, told_at: datetime | None = None) -> bool:
    """The provider refuses the account: break the channel, in the caller's transaction.

    Not for what was said, at ``told_at``, before the channel came into the state it is in.
    False if nothing changes.
    """
    fresh = Channel.objects.get(pk=channel.pk)
    if not fresh.sends or (told_at is not None and told_at < fresh.status_at):
        return False
    return move(fresh, Channel.BROKEN, reason)


def _set(channel: Channel, before: str, status: str, reason: str) -> None:
    fields = {"status": status, "status_reason": reason[:300], "status_at": now()}
    mine = {**owner(), "_id": ObjectId(channel.pk), "status": before}
    if not collection(Channel).update_one(mine, {"$set": fields}).matched_count:
        raise IllegalMove("It changed meanwhile.")
    for name, value in fields.items():
        setattr(channel, name, value)


def _release(channel: Channel, tenant_id: str) -> None:
    work.release_held(hold_reason(channel), tenant_id=tenant_id)
