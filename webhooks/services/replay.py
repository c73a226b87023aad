"""Bringing an item back that was dead or parked."""

from kernel import audit, work
from kernel.mongo.transactions import transactional
from tenants.access import require
from tenants.permissions import Permission
from webhooks.errors import NotReplayable, WebhookEventNotFound
from webhooks.models import WebhookEvent


@transactional
def replay_event(*, event_id: str) -> WebhookEvent:
    """Apply the item again, in its place in its lane; repeating what took effect changes nothing."""
    require(Permission.WEBHOOKS_MANAGE)
    event = WebhookEvent.objects.filter(pk=event_id).first()
    if event is None:
        raise WebhookEventNotFound
    if event.state not in (WebhookEvent.DEAD, WebhookEvent.PARKED):
        raise NotReplayable(f"it is {event.state}")
    work.replay("ingest", event)
    audit.record("webhook_event.replayed", event, {"state": [event.state, "ready"]})
    return WebhookEvent.objects.get(pk=event_id)
