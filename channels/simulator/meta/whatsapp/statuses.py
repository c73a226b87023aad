"""The statuses that follow an accepted message: sent, delivered, read, or failed."""

from __future__ import annotations

import asyncio

from channels.simulator.meta.errors import webhook_error
from channels.simulator.meta.records import Customer, Json, Message
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.whatsapp.envelope import contact, event_of, metadata, stamp
from channels.simulator.meta.whatsapp.telephone import show_change


def announce(
    sim: Simulator,
    message: Message,
    status: str,
    error: Json | None = None,
    more: Json | None = None,
) -> asyncio.Future[int | None] | None:
    """Move `message` to `status`, redraw it, and queue the webhook unless chaos skips it.

    `more` is laid over the status item, for pricing and the like.
    """
    message.status, message.error = status, error
    show_change(sim, message)
    chaos = sim.state.chaos
    if (status == "sent" and chaos.skip_sent) or (status == "delivered" and chaos.skip_delivered):
        return None
    number = sim.state.numbers[message.phone_number_id]
    customer = sim.state.customer(message.wa_id)
    value: Json = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    value["contacts"] = [contact(sim.state, customer)]
    if status == "failed":
        # Payloads seen in the wild name only the wa_id here, without a profile.
        value["contacts"] = [{"wa_id": customer.wa_id}]
    value["statuses"] = [_item(sim, message, customer, status, error) | (more or {})]
    event = event_of(sim, number, customer.wa_id, value, f"status:{status}")
    if event is None:
        return None
    event.wamid = message.wamid
    return sim.emitter.emit(event)


def _item(
    sim: Simulator, message: Message, customer: Customer, status: str, error: Json | None
) -> Json:
    now = sim.state.now()
    item: Json = {"id": message.wamid, "status": status, "timestamp": stamp(sim.state, now)}
    if not (customer.hide_phone and message.to_bsuid):
        item["recipient_id"] = customer.wa_id
    if customer.bsuid and status != "failed" and not sim.state.chaos.drop_user_id:
        item["recipient_user_id"] = customer.bsuid
    if message.opaque is not None:
        item["biz_opaque_callback_data"] = message.opaque
    if error is not None:
        item["errors"] = [error]
        return item
    if sim.state.settings.webhook_version < 24:
        item["conversation"] = _conversation(message, status, now)
    item["pricing"] = {
        "billable": not message.is_free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if message.is_free else "regular",
        "category": message.category,
    }
    return item


def _conversation(message: Message, status: str, now: float) -> Json:
    conversation: Json = {"id": message.wamid[-24:], "origin": {"type": message.category}}
    if status == "sent":
        conversation["expiration_timestamp"] = str(int(now) + 86_400)
    return conversation


async def play_statuses(
    sim: Simulator, message: Message, failure: int | None, is_sent: bool = False
) -> None:
    """Announce, one after the other, what becomes of an accepted message.

    `failure` is the code with which it fails instead; `is_sent` when `sent` was said before.
    """
    delays = sim.state.settings.status_delay_ms
    if not is_sent:
        await asyncio.sleep(delays["sent"] / 1000)
        if failure is not None:
            announce(sim, message, "failed", webhook_error(failure))
            return
        announce(sim, message, "sent")
    if message.type == "reaction":
        return
    await asyncio.sleep(delays["delivered"] / 1000)
    customer = sim.state.customer(message.wa_id)
    if customer.reachable and message.status == "sent":
        announce(sim, message, "delivered")
        await read_soon(sim, message, customer)


async def read_soon(sim: Simulator, message: Message, customer: Customer) -> None:
    """Announce `read` if the customer is looking at the conversation."""
    if not sim.state.reads_messages(customer, message.phone_number_id):
        return
    await asyncio.sleep(sim.state.settings.status_delay_ms["read"] / 1000)
    if message.status == "delivered":
        announce(sim, message, "read")


def catch_up(sim: Simulator, customer: Customer, phone_number_id: str | None = None) -> None:
    """Deliver and read what waited: the telephone was switched on or a conversation opened."""
    for (phone, wa_id), wamids in sim.state.threads.items():
        if wa_id != customer.wa_id or phone_number_id not in (None, phone):
            continue
        for wamid in list(wamids):
            message = sim.state.messages.get(wamid)
            if message is None or message.direction != "outbound" or message.type == "reaction":
                continue
            if message.status == "sent" and customer.reachable and phone_number_id is None:
                announce(sim, message, "delivered")
            if message.status == "delivered" and sim.state.reads_messages(customer, phone):
                announce(sim, message, "read")


def give_status(sim: Simulator, request: Json) -> asyncio.Future[int | None] | None:
    """A status by command: `{wamid, status, code?, details?, more?}`, of any order.

    An id that nobody knows is announced all the same when `phone_number_id` and `wa_id` say for
    whom, as for messages of another program. Raises `KeyError` when something is missing.
    """
    wamid, status = str(request["wamid"]), str(request["status"])
    message = sim.state.messages.get(wamid)
    if message is None:
        pair = (str(request["phone_number_id"]), str(request["wa_id"]))
        sim.state.numbers[pair[0]]
        message = Message(wamid, *pair, "outbound", "text", {}, sim.state.now(), status)
    error = None
    if request.get("code"):
        error = webhook_error(int(request["code"]), str(request.get("details", "")))
    return announce(sim, message, status, error, request.get("more"))


def play_voice(sim: Simulator, wamid: str) -> None:
    """The customer listens to a voice message; the first time is told to the business."""
    message = sim.state.messages[wamid]
    content = message.content if isinstance(message.content, dict) else {}
    if content.get("voice") and message.status in ("delivered", "read"):
        announce(sim, message, "played")
