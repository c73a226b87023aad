"""Facts of the Channel Integration agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ChannelConnected(Event):
    type = "channel.connected"
    channel_id: str
    kind: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChannelStatusChanged(Event):
    type = "channel.status_changed"
    channel_id: str
    status: str
    reason: str
