"""The inbound ledger."""

from webhooks.models.delivery import WebhookDelivery
from webhooks.models.event import WebhookEvent

__all__ = ["WebhookDelivery", "WebhookEvent"]
