"""Reads of the inbound ledger."""

from django.db.models import QuerySet

from tenants.access import require
from tenants.permissions import Permission
from webhooks.errors import WebhookEventNotFound
from webhooks.models import WebhookEvent

ALL = [state for state, _ in WebhookEvent.STATES]


def list_webhook_events(*, states: list[str] | None = None) -> QuerySet[WebhookEvent]:
    """Items of the active tenant, newest first. The state is always part of the filter, because the index has it."""
    require(Permission.WEBHOOKS_MANAGE)
    return WebhookEvent.objects.filter(state__in=states or ALL)


def get_webhook_event(event_id: str) -> WebhookEvent:
    """One item; raises ``WebhookEventNotFound``."""
    require(Permission.WEBHOOKS_MANAGE)
    event = WebhookEvent.objects.filter(pk=event_id).first()
    if event is None:
        raise WebhookEventNotFound
    return event


def get_webhook_body(event_id: str) -> WebhookEvent:
    """One item with what the customer wrote, for those who may read every conversation."""
    require(Permission.CONVERSATIONS_READ_ALL)
    return get_webhook_event(event_id)
