"""What a customer does on the telephone becomes a message and a webhook of Meta's shape."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

from channels.simulator.meta.errors import webhook_error
from channels.simulator.meta.media_links import media_url
from channels.simulator.meta.records import Customer, Json, Media, Message, Number
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.aftermath import (
    EFFECTS,
    NOT_WRITTEN,
    SILENT,
    change_identity,
    complete_system,
)
from channels.simulator.meta.whatsapp.envelope import contact, event_of, metadata, sender, stamp
from channels.simulator.meta.whatsapp.samples import SAMPLES, sample
from channels.simulator.meta.whatsapp.telephone import show

# Keys of a message item that a caller may set or replace as they are.
PASSED_ON = ("referral", "errors", "group_id", "identity", "system", "order", "context")
# Kinds whose object is passed on unchanged.
PLAIN = (
    "location",
    "contacts",
    "interactive",
    "button",
    "reaction",
    "order",
    "system",
    "edit",
    "revoke",
)


def inject(sim: Simulator, request: Json) -> tuple[str, asyncio.Future[int | None] | None]:
    """Play one message of a customer. Returns its wamid and the webhook's first HTTP status.

    The future is None when nobody is subscribed. Raises `BadPatch` on a request without sense.
    """
    number = _number(sim, request)
    customer = _customer(sim, request)
    state = sim.state
    kind = str(request.get("type", "text"))
    content = _content(sim, number, kind, request)
    if kind == "system":
        content = complete_system(customer, content)
    wamid = str(request.get("id") or state.new_wamid())
    at = float(request.get("timestamp") or state.now())
    item = _item(sim, customer, request, wamid, kind, content, at)
    _remember(sim, number, customer, request, wamid, kind, content, at)
    value = _value(sim, number, customer, request, item)
    event = event_of(sim, number, customer.wa_id, value, f"message:{kind}")
    if kind == "system":
        change_identity(sim, customer, content)
    if event is None:
        return wamid, None
    event.wamid = wamid
    return wamid, sim.emitter.emit(event)


def _number(sim: Simulator, request: Json) -> Number:
    wanted = str(request.get("phone_number_id", ""))
    if not wanted and len(sim.state.numbers) == 1:
        return next(iter(sim.state.numbers.values()))
    if wanted not in sim.state.numbers:
        raise BadPatch(f"phone_number_id {wanted!r} is unknown")
    return sim.state.numbers[wanted]


def _customer(sim: Simulator, request: Json) -> Customer:
    key = str(request.get("from", "")).lstrip("+")
    if not key:
        raise BadPatch("'from' is needed: the wa_id or BSUID of the customer")
    customer = sim.state.customer(key)
    if request.get("name"):
        customer.name = str(request["name"])
    return customer


def _content(sim: Simulator, number: Number, kind: str, request: Json) -> Any:
    given = request.get(kind)
    if kind == "text":
        text = given if isinstance(given, str) else (given or {}).get("body")
        if not isinstance(text, str):
            raise BadPatch("text needs a 'body'")
        return {"body": text}
    if kind in SAMPLES or kind == "voice":
        return _media_content(sim, number, kind, given or {})
    if kind == "unsupported":
        return given or {"type": "poll"}
    if kind in PLAIN and given is None:
        raise BadPatch(f"{kind!r} needs an object named {kind!r}")
    return given


def _media_content(sim: Simulator, number: Number, kind: str, given: Json) -> Json:
    state = sim.state
    media = _media(sim, number, kind, given)
    content: Json = {
        "id": media.media_id,
        "mime_type": media.mime_type,
        "sha256": base64.b64encode(hashlib.sha256(media.content).digest()).decode(),
        "url": media_url(state, sim.base_url, media),
    }
    if kind == "document":
        content["filename"] = given.get("filename") or media.filename
    if kind == "audio":
        content["voice"] = bool(given.get("voice", True))
    if kind == "sticker":
        content["animated"] = bool(given.get("animated", False))
    if given.get("caption") and kind in ("image", "video", "document"):
        content["caption"] = str(given["caption"])
    return content


def _media(sim: Simulator, number: Number, kind: str, given: Json) -> Media:
    """The customer's own file by `id` or `base64`, else the sample of this kind."""
    if "id" in given:
        if str(given["id"]) not in sim.state.media:
            raise BadPatch(f"media {given['id']!r} is unknown")
        return sim.state.media[str(given["id"])]
    filename, mime_type, content = sample(
        "audio" if kind == "voice" else kind, str(given.get("mime_type", ""))
    )
    if "base64" in given:
        content = base64.b64decode(given["base64"])
    return sim.state.add_media(number.phone_number_id, mime_type, content, "inbound", filename)


def _item(
    sim: Simulator,
    customer: Customer,
    request: Json,
    wamid: str,
    kind: str,
    content: Any,
    at: float,
) -> Json:
    omit = frozenset(request.get("omit", ()))
    item = {**sender(sim.state, customer, omit), "id": wamid}
    item |= {"timestamp": stamp(sim.state, at), "type": kind}
    if content is not None and kind not in omit:
        item[kind] = content
    if kind == "unsupported":
        item["errors"] = [webhook_error(131051, "Message type is currently not supported.")]
    quoted = sim.state.messages.get(str(request.get("reply_to", "")))
    if request.get("reply_to"):
        author = customer.wa_id
        if quoted is None or quoted.direction == "outbound":
            author = _number(sim, request).digits
        item["context"] = {"from": author, "id": request["reply_to"]}
    passed = {name: request[name] for name in PASSED_ON if name in request and name != kind}
    if "context" in item and isinstance(passed.get("context"), dict):
        passed["context"] = {**item["context"], **passed["context"]}
    item |= passed
    return item


def _value(sim: Simulator, number: Number, customer: Customer, request: Json, item: Json) -> Json:
    omit = frozenset(request.get("omit", ()))
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if item["type"] != "system" and "contacts" not in omit:
        value["contacts"] = [contact(sim.state, customer, omit)]
    value["messages"] = [item]
    return value


def _remember(
    sim: Simulator,
    number: Number,
    customer: Customer,
    request: Json,
    wamid: str,
    kind: str,
    content: Any,
    at: float,
) -> None:
    state = sim.state
    pair = (number.phone_number_id, customer.wa_id)
    if kind not in NOT_WRITTEN:
        state.last_inbound[pair] = max(state.last_inbound.get(pair, 0.0), at)
    if kind in SILENT:
        EFFECTS[kind](sim, content)
        return
    message = Message(wamid, *pair, "inbound", kind, content, at, "sent")
    message.reply_to = str(request.get("reply_to", ""))
    show(sim, state.add_message(message))
