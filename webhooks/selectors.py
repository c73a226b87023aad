"""Reads of the inbound ledger."""

from django.db.models import QuerySet

from tenants.access import require
from tenants.permissions import Permission
from webhooks.errors import WebhookEventNotFound
from webhooks.models import WebhookEvent


def list_webhook_events(*, state: str = "") -> QuerySet[WebhookEvent]:
    """Items of the active tenant, newest first."""
    require(Permission.WEBHOOKS_MANAGE)
    rows = WebhookEvent.objects.all()
    return rows.filter(state=state) if state else rows


def get_webhook_event(event_id: str) -> WebhookEvent:
    """One item; raises ``WebhookEventNotFound``."""
    require(Permission.WEBHOOKS_MANAGE)
    event = WebhookEvent.objects.filter(pk=event_id).first()
    if event is None:
        raise WebhookEventNotFound
    return event
