"""From the ledger into conversations: a lane's items, parsed and applied in one transaction."""

from collections.abc import Iterable

import structlog

from channels.models import Channel
from channels.providers import provider_for
from channels.providers.events import Event, Ignored
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import on_commit
from kernel.scoping import active_tenant_id, tenant_scope
from kernel.work import Hold, Kind, Lease, Released, register
from kernel.work.serving import serve_batches
from messaging.ingest import Inbound, apply_batch
from tenants.services.tenant import SUSPENDED, is_suspended
from webhooks.models import WebhookEvent

log = structlog.get_logger(agentName="webhook")
BATCH = 100
SEEN_EVERY_S = 5
_seen: dict[str, float] = {}


def register_kind() -> None:
    register(Kind(name="ingest", queue="inbound", serve=serve))


def serve(lease: Lease) -> Released:
    return serve_batches(WebhookEvent, lease, apply, most=BATCH)


def apply(rows: list[WebhookEvent]) -> None:
    """Apply items in order. A suspended tenant's lane is held; nothing is dropped."""
    if is_suspended(active_tenant_id()):
        raise Hold(SUSPENDED)
    channels = Channel.objects.in_bulk(list({row.channel_id for row in rows}))
    arrivals: list[Inbound] = []
    ignored: dict[str, str] = {}
    for row in rows:
        channel = channels[row.channel_id]
        for event in provider_for(channel.kind).parse(row.body):
            if isinstance(event, Ignored):
                ignored[row.pk] = event.reason
            else:
                arrivals.append(Inbound(channel, event))
    apply_batch(arrivals)
    _note_ignored(ignored)
    _note_seen(channels.values(), [i.event for i in arrivals])


def _note_ignored(ignored: dict[str, str]) -> None:
    """The ledger says why an item had no effect."""
    for pk, reason in ignored.items():
        collection(WebhookEvent).update_one(
            {**owner(), "_id": ObjectId(pk)}, {"$set": {"last_error": f"ignored: {reason}"[:300]}}
        )


def _note_seen(channels: Iterable[Channel], events: list[Event]) -> None:
    """When each channel was last heard, at most every few seconds and outside the transaction."""
    if not events:
        return
    tenant_id, ids = active_tenant_id(), [c.pk for c in channels]
    on_commit(lambda: _touch(tenant_id, ids))


def _touch(tenant_id: str, channel_ids: list[str]) -> None:
    at = now()
    due = [c for c in channel_ids if _seen.get(c, 0) + SEEN_EVERY_S < at.timestamp()]
    if due:
        _seen.update(dict.fromkeys(due, at.timestamp()))
        with tenant_scope(tenant_id):
            Channel.objects.filter(pk__in=due).update(last_inbound_at=at)
