"""The request that carried an inbound item, for the installation's staff: what of it is the tenant's."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.fields import Id
from config.api.operations import operation
from config.api.rendering import moment
from config.api.serializers import Shown
from tenants.api.impersonations import STAFF
from tenants.api.operators import PROBLEMS, OperatorView
from tenants.services.support import note_view
from tenants.staff import entering
from webhooks.bodies import BODY_SHOWN, open_body
from webhooks.errors import WebhookEventNotFound
from webhooks.models import WebhookDelivery
from webhooks.selectors import get_webhook_event

EXAMPLE = {
    "id": "0192f0c1a2b3000000a1b2c5", "source": "meta", "state": "done",
    "received_at": "2026-03-14T09:26:53.589Z", "exploded_at": "2026-03-14T09:26:53.601Z",
    "items": {"stored": 1}, "parked_for": [], "size": 512, "is_whole": True, "is_cut": False,
    "body": '{\n  "object": "whatsapp_business_account"\n}',
}  # fmt: skip


class RawDeliveryShown(Shown):
    id = Id()
    source = serializers.CharField(help_text="The address it was posted to.")
    state = serializers.CharField()
    received_at = serializers.DateTimeField()
    exploded_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was cut into items."
    )
    items = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="What became of its items; told with the whole alone.",
    )
    parked_for = serializers.ListField(
        child=serializers.CharField(),
        help_text="Addresses in it that nobody holds; told with the whole alone.",
    )
    size = serializers.IntegerField(
        allow_null=True, help_text="In bytes; told with the whole alone."
    )
    is_whole = serializers.BooleanField(
        help_text="false: it carries items of others too, and these are the tenant's own."
    )
    is_cut = serializers.BooleanField(
        help_text=f"Only the first {BODY_SHOWN:,} characters are here."
    )
    body = serializers.CharField(allow_blank=True)


class RawDelivery(OperatorView):
    @operation(
        "raw_deliveries_get", "Read the request that carried an inbound item", who=STAFF, in_tenant=False,
        gives=RawDeliveryShown, problems=(*PROBLEMS, WebhookEventNotFound), example=EXAMPLE,
        about="As it was posted, as far as it is the tenant's. An entry `staff.viewed` of its audit log.",
    )  # fmt: skip
    def get(self, request: Request, tenant_id: str, event_id: str) -> Response:
        with entering(request, tenant_id):
            event = get_webhook_event(event_id)
            delivery = WebhookDelivery.objects.filter(pk=event.delivery_id).first()
            if delivery is None:
                raise WebhookEventNotFound("the request that carried it is no longer kept")
            note_view("webhookdelivery", delivery.pk)
            return Response(_shown(delivery, is_superuser=request.user.is_superuser))


def _shown(delivery: WebhookDelivery, *, is_superuser: bool) -> dict[str, Any]:
    opened = open_body(delivery)
    # What nobody owns may be anybody's: it is for superusers.
    text = opened.readable(unowned=is_superuser)
    is_whole = text == opened.text
    return {
        "id": delivery.pk,
        "source": delivery.source,
        "state": delivery.state,
        "received_at": moment(delivery.received_at),
        "exploded_at": moment(delivery.exploded_at),
        "items": {name: n for name, n in delivery.account.items() if n} if is_whole else {},
        "parked_for": list(delivery.parked) if is_whole else [],
        "size": len(bytes(delivery.body)) if is_whole else None,
        "is_whole": is_whole,
        "is_cut": len(text) > BODY_SHOWN,
        "body": text[:BODY_SHOWN],
    }
