"""When each channel was last heard and last spoke: for people, so every few seconds is often enough."""

from collections.abc import Iterable
from typing import Literal

from channels.models import Channel
from kernel.clock import now
from kernel.mongo.transactions import on_commit
from kernel.scoping import active_tenant_id, tenant_scope

EVERY_S = 5
Direction = Literal["last_inbound_at", "last_outbound_at"]
_noted: dict[tuple[str, str], float] = {}


def note_traffic(direction: Direction, channel_ids: Iterable[str]) -> None:
    """Note the time after the commit, and not in it: batches of one channel must not conflict over this."""
    tenant_id, ids = active_tenant_id(), list(channel_ids)
    on_commit(lambda: _note(direction, tenant_id, ids))


def _note(direction: Direction, tenant_id: str, channel_ids: list[str]) -> None:
    at = now()
    since = at.timestamp() - EVERY_S
    due = [id_ for id_ in channel_ids if _noted.get((direction, id_), 0.0) < since]
    if due:
        _noted.update({(direction, id_): at.timestamp() for id_ in due})
        with tenant_scope(tenant_id):
            Channel.objects.filter(pk__in=due).update(**{direction: at})
