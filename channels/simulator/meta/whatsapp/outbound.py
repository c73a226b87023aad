"""A business sends: the checks of Meta in their order, then the message and its statuses."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

from channels.simulator.meta.errors import CODES, GraphError, code_in_number
from channels.simulator.meta.faults import Fault
from channels.simulator.meta.records import Burst, Customer, Json, Message, Number
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import State
from channels.simulator.meta.whatsapp.checks import child, invalid, missing, only, text
from channels.simulator.meta.whatsapp.content import (
    check_contacts,
    check_location,
    check_media,
    check_reaction,
    check_text,
)
from channels.simulator.meta.whatsapp.interactive import check_interactive
from channels.simulator.meta.whatsapp.links import fetch_linked
from channels.simulator.meta.whatsapp.statuses import announce, play_statuses
from channels.simulator.meta.whatsapp.telephone import show, show_change
from channels.simulator.meta.whatsapp.template_send import check_template, find_template, render

BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
CHECKS: dict[str, Callable[[State, str, Json], Any]] = {
    "text": check_text,
    **{kind: check_media(kind) for kind in ("image", "video", "audio", "document", "sticker")},
    "location": check_location,
    "contacts": check_contacts,
    "reaction": check_reaction,
    "interactive": check_interactive,
    "template": check_template,
}
COMMON_KEYS = (
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
    "message_activity_sharing",
    "product_policy",
)
# Telephones of these countries have the address form; others answer 1026.
ADDRESS_PREFIXES = ("91", "65")
# One message in six seconds to a person. Within six seconds up to 45 may be borrowed from the
# future: after a burst of 20 the next one may leave two minutes after its beginning.
PAIR_BURST, PAIR_SECONDS = 45, 6.0


async def send_message(sim: Simulator, number: Number, body: Json, fault: Fault | None) -> Message:
    """Check and accept a message; raises `GraphError`. Statuses follow by themselves."""
    state = sim.state
    kind = str(body.get("type", "text"))
    if kind not in CHECKS:
        raise GraphError(100, f"Param type must be one of {', '.join(CHECKS).upper()}; got {kind}.")
    only(body, [*COMMON_KEYS, kind], "")
    customer = _recipient(state, number, body)
    _check_common(body, kind)
    content = CHECKS[kind](state, number.phone_number_id, body)
    _check_rates(state, number, customer)
    failure = _failure(state, number, customer, kind, content, fault)
    message = _message(state, number, customer, kind, content, body)
    if kind == "reaction":
        _react(sim, message)
    else:
        show(sim, message)
    await _first_status(sim, message, failure)
    return message


async def _first_status(sim: Simulator, message: Message, failure: int | None) -> None:
    is_sent = False
    if sim.state.chaos.statuses_before_response and failure is None:
        first = announce(sim, message, "sent")
        is_sent = True
        if first is not None:
            await first
    sim.emitter.background(_follow(sim, message, failure, is_sent))


async def _follow(sim: Simulator, message: Message, failure: int | None, is_sent: bool) -> None:
    """Fetch linked media, as Meta does only after accepting, then announce the statuses."""
    failure = failure or await fetch_linked(sim, message)
    await play_statuses(sim, message, failure, is_sent)


def _recipient(state: State, number: Number, body: Json) -> Customer:
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131041, "recipient_type: groups are not played by the simulator.")
    given = body.get("to") or body.get("recipient")
    if not given:
        raise missing("to")
    if not isinstance(given, str):
        raise GraphError(100, "Param to must be a string.")
    if not body.get("to"):
        if not BSUID.fullmatch(given):
            raise invalid("recipient", "is not a business-scoped user id.")
        if given not in state.by_bsuid:
            raise GraphError(131026, "recipient: this user id is not known.", http=400)
        return state.customer(given)
    digits = re.sub(r"[+\s()\-.]", "", given)
    if not re.fullmatch(r"\d{5,20}", digits):
        raise GraphError(100, "Param to is not a valid WhatsApp phone number.")
    if digits == number.digits:
        raise GraphError(131021, "to: the recipient is the sender.")
    return state.customer(digits)


def _check_common(body: Json, kind: str) -> None:
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None:
        text(body, "biz_opaque_callback_data", "biz_opaque_callback_data", 512, is_graph=True)
    if body.get("context") is not None:
        context = child(body, "context", "context")
        only(context, ("message_id",), "context")
        text(context, "message_id", "context['message_id']", 1000)
        if kind == "reaction":
            raise GraphError(100, 'Unexpected key "context" on a reaction.')


def _check_rates(state: State, number: Number, customer: Customer) -> None:
    now = state.now()
    if state.settings.throughput_per_s:
        limit = state.settings.throughput_per_s
        _count_send(state, number.phone_number_id, limit, 1.0, now, 130429)
    if state.settings.pair_rate:
        _count_pair(state, (number.phone_number_id, customer.wa_id), now)


def _count_send(state: State, key: Any, limit: int, seconds: float, now: float, code: int) -> None:
    recent = state.sends.setdefault(key, deque())
    while recent and now - recent[0] >= seconds:
        recent.popleft()
    if len(recent) >= limit:
        raise GraphError(code, f"more than {limit} messages within {seconds:g} s.")
    recent.append(now)


def _count_pair(state: State, pair: tuple[str, str], now: float) -> None:
    burst = state.bursts.get(pair)
    if burst is None or now >= burst.began + burst.count * PAIR_SECONDS:
        state.bursts[pair] = Burst(now)
    elif now - burst.began < PAIR_SECONDS and burst.count < PAIR_BURST:
        burst.count += 1
    else:
        wait = burst.began + burst.count * PAIR_SECONDS - now
        raise GraphError(131056, f"{burst.count} messages to this person; wait {wait:.0f} s.")


def _failure(
    state: State, number: Number, customer: Customer, kind: str, content: Any, fault: Fault | None
) -> int | None:
    """The code with which the accepted message will fail. Raises it when Meta says it at once."""
    if fault is not None and fault.is_late:
        return fault.code
    asked = code_in_number(customer.wa_id)
    if asked is not None:
        if not CODES[asked].late:
            raise GraphError(asked, f"to: {customer.wa_id} asks for this error.")
        return asked
    if is_address_form(content) and not customer.wa_id.startswith(ADDRESS_PREFIXES):
        return 1026
    is_open = state.is_window_open(number.phone_number_id, customer.wa_id)
    if kind == "template" or is_open or state.settings.window == "off":
        return None
    if state.settings.window == "async":
        return 131047
    raise GraphError(
        131047,
        "Message failed to send because more than 24 hours have passed since the customer last"
        " replied to this number.",
    )


def is_address_form(content: Any) -> bool:
    """Whether this is an address form, which most telephones cannot show."""
    return isinstance(content, dict) and content.get("type") == "address_message"


def _message(
    state: State, number: Number, customer: Customer, kind: str, content: Any, body: Json
) -> Message:
    message = Message(
        wamid=state.new_wamid(),
        phone_number_id=number.phone_number_id,
        wa_id=customer.wa_id,
        direction="outbound",
        type=kind,
        content=content,
        at=state.now(),
        status="accepted",
        reply_to=str((body.get("context") or {}).get("message_id", "")),
        opaque=body.get("biz_opaque_callback_data"),
        to_bsuid=not body.get("to"),
    )
    if kind == "template":
        language = content["language"]["code"]
        template = find_template(state, number.waba_id, content["name"], language)
        message.view = render(template, content)
        message.category = template.category.lower()
        is_open = state.is_window_open(number.phone_number_id, customer.wa_id)
        message.is_free = message.category == "utility" and is_open
    if kind == "reaction":
        state.messages[message.wamid] = message
        return message
    return state.add_message(message)


def _react(sim: Simulator, message: Message) -> None:
    content = message.content if isinstance(message.content, dict) else {}
    target = sim.state.messages[content["message_id"]]
    target.reactions["business"] = content["emoji"]
    show_change(sim, target)
