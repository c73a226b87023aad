"""Addresses of the inbound ledger, under ``/api/v1/``."""

from django.urls import path

from webhooks.api import staff, views

urlpatterns = [
    path("webhook-events", views.WebhookEvents.as_view()),
    path("webhook-events/<id:event_id>", views.OneWebhookEvent.as_view()),
    path("webhook-events/<id:event_id>/replay", views.Replay.as_view()),
    path(
        "tenants/<id:tenant_id>/webhook-events/<id:event_id>/delivery", staff.RawDelivery.as_view()
    ),
]
