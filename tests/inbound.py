"""What a provider posts, as the edge stores it, and the way from there into conversations."""

import json
import secrets
import time
from typing import Any

from channels.models import Channel
from kernel.clock import now
from kernel.mongo.doors import collection, new_object_id
from kernel.scoping.context import outside_scope
from kernel.work import mark
from kernel.work.drain import drain
from tests.factories import digits
from webhooks.edge.origin import origin_of
from webhooks.models import WebhookDelivery

NOA = {"profile": {"name": "Noa Levi"}, "wa_id": "972501234567"}


def wamid() -> str:
    return f"wamid.{secrets.token_hex(10)}"


def text(
    body: str = "hello", *, of: str = "972501234567", id_: str = "", at: int = 0
) -> dict[str, Any]:
    return {"from": of, "id": id_ or wamid(), "timestamp": str(at or int(time.time())), "type": "text",
            "text": {"body": body}}  # fmt: skip


def reaction(to: str, emoji: str, *, of: str = "972501234567", at: int = 0) -> dict[str, Any]:
    return {"from": of, "id": wamid(), "timestamp": str(at or int(time.time())), "type": "reaction",
            "reaction": {"message_id": to, "emoji": emoji}}  # fmt: skip


def image(media_id: str, *, of: str = "972501234567") -> dict[str, Any]:
    return {"from": of, "id": wamid(), "timestamp": str(int(time.time())), "type": "image",
            "image": {"id": media_id, "mime_type": "image/jpeg", "caption": "look"}}  # fmt: skip


def status(of: str, what: str, *, callback: str = "", at: int = 0, **more: Any) -> dict[str, Any]:
    made = {"id": of, "status": what, "timestamp": str(at or int(time.time())),
            "recipient_id": "972501234567", **more}  # fmt: skip
    return {**made, "biz_opaque_callback_data": callback} if callback else made


def change(phone: str, *, messages: Any = None, statuses: Any = None) -> dict[str, Any]:
    """One change of a body, for one number, with the contact entries of who wrote."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100", "phone_number_id": phone},
    }
    if messages is not None:
        senders = dict.fromkeys(m["from"] for m in messages if isinstance(m, dict) and "from" in m)
        value["contacts"] = [{"profile": {"name": f"Person {s[-4:]}"}, "wa_id": s} for s in senders]
        value["messages"] = messages
    if statuses is not None:
        value["statuses"] = statuses
    return {"field": "messages", "value": value}


def body(*changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": digits(15), "changes": list(changes)}],
    }


def post(*bodies: Any, source: str = "meta") -> list[str]:
    """Store bodies as the edge does, in order; returns the deliveries' ids."""
    raw = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in bodies]
    rows = [
        {"_id": new_object_id(), "source": source, "received_at": now(), "state": "new", "body": each,
         "origin": origin_of(source, each), "account": {}, "problems": [], "parked": [],
         "exploded_at": None, "leftover": False}
        for each in raw
    ]  # fmt: skip
    with outside_scope():
        collection(WebhookDelivery).insert_many(rows)
        mark("explode", "all", tenant_id="")
    return [str(row["_id"]) for row in rows]


def take_in(*bodies: Any, source: str = "meta") -> list[WebhookDelivery]:
    """``post``, and everything that follows from it; returns the deliveries with their accounts."""
    ids = post(*bodies, source=source)
    work_off("explode", "ingest")
    return [WebhookDelivery.objects.get(pk=id_) for id_ in ids]


def work_off(*kinds: str) -> None:
    """What workers would do now with these kinds of work."""
    with outside_scope():
        for kind in kinds:
            drain(kind)


def receive(on: Channel, *messages: Any, statuses: Any = None) -> WebhookDelivery:
    """One body with these messages (or statuses) for a channel's number, taken in."""
    phone = on.external["phone_number_id"]
    given = {"messages": list(messages)} if messages else {}
    return take_in(body(change(phone, statuses=statuses, **given)))[0]
