"""What a provider posted, with the item that was cut out of it and got stuck."""

import json
import secrets
from typing import Any

from channels.providers import provider_for_object
from channels.providers.contract import RawItem
from kernel.clock import now
from webhooks.models import WebhookDelivery, WebhookEvent


def wamid_() -> str:
    return f"wamid.{secrets.token_hex(12)}"


def posted(
    channel: Any,
    *,
    wamid: str = "",
    text: str = "where is my parcel",
    phone: str = "5511955501001",
) -> tuple[WebhookDelivery, WebhookEvent]:
    """A webhook of one message to the channel, and its item, which died."""
    item = {
        "id": wamid or wamid_(),
        "from": phone,
        "timestamp": "1",
        "type": "text",
        "text": {"body": text},
    }
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": channel.external["phone_number_id"]},
             "messages": [item]}  # fmt: skip
    body = {"object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}  # fmt: skip
    delivery = WebhookDelivery.objects.create(
        source="meta", body=json.dumps(body).encode(), received_at=now(), state="done",
        account={"received": 1, "stored": 1},
    )  # fmt: skip
    provider = provider_for_object(str(body["object"]))
    assert provider is not None
    (raw,) = provider.explode(body)
    assert isinstance(raw, RawItem)
    event = WebhookEvent.objects.create(
        lane="slot:1", channel=channel, event_key=raw.key, delivery_id=delivery.pk, position=0,
        field="messages", body=raw.body, received_at=now(), state="dead", open=False, attempts=5,
        reason="handler failed", last_error="KeyError: order",
    )  # fmt: skip
    return delivery, event
