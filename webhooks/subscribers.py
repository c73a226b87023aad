"""Reactions to facts of the apps below."""

from channels.events import ChannelConnected
from kernel.events import subscribes
from kernel.models import DomainEvent
from kernel.work import mark
from webhooks.services.explode import LANE


@subscribes(ChannelConnected.type)
def route_what_waited(event: DomainEvent) -> None:
    """Items that arrived before the account was connected are routed now."""
    mark("explode", LANE, tenant_id="")
