"""From the ledger into conversations: a lane's items, parsed and applied in one transaction."""

import structlog

from channels.providers import provider_for
from channels.providers.events import Ignored
from channels.selectors import familiar_channels, is_shared
from channels.services.traffic import note_traffic
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.scoping import active_tenant_id
from kernel.work import Hold, Kind, Lease, Released, register
from kernel.work.serving import serve_batches
from kernel.work.together import serve_together
from messaging.ingest import Inbound, apply_batch
from tenants.services.tenant import SUSPENDED, is_suspended
from webhooks.models import WebhookEvent

log = structlog.get_logger(agentName="webhook")
BATCH, TOGETHER = 100, 150


def register_kind() -> None:
    register(Kind(name="ingest", queue="inbound", serve=serve, together=together, turns=2))


def serve(lease: Lease) -> Released:
    return serve_batches(WebhookEvent, lease, apply, most=BATCH)


def together(leases: list[Lease]) -> list[Released | None]:
    return serve_together(WebhookEvent, leases, apply, most=TOGETHER)


def apply(rows: list[WebhookEvent]) -> None:
    """Apply items in order. A suspended tenant's lane is held; nothing is dropped."""
    if is_suspended(active_tenant_id()):
        raise Hold(SUSPENDED)
    channels = familiar_channels({row.channel_id for row in rows})
    arrivals: list[Inbound] = []
    ignored: dict[str, str] = {}
    for row in rows:
        channel = channels[row.channel_id]
        for event in provider_for(channel.kind).parse(row.body):
            if isinstance(event, Ignored):
                ignored[row.pk] = event.reason
            else:
                arrivals.append(Inbound(channel, event, is_accounts=is_shared(row.address_kind)))
    apply_batch(arrivals)
    _note_ignored(ignored)
    if arrivals:
        note_traffic("last_inbound_at", channels)


def _note_ignored(ignored: dict[str, str]) -> None:
    """The ledger says why an item had no effect."""
    for pk, reason in ignored.items():
        collection(WebhookEvent).update_one(
            {**owner(), "_id": ObjectId(pk)}, {"$set": {"last_error": f"ignored: {reason}"[:300]}}
        )
