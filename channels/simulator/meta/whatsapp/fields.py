"""Every webhook `field` beside `messages`: a body of Meta's shape, and what it changes here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from channels.simulator.meta.records import Customer, Json, Number, Template
from channels.simulator.meta.settings import BadPatch
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.webhooks import Event
from channels.simulator.meta.whatsapp.echoes import keep_echo
from channels.simulator.meta.whatsapp.envelope import callback_for, contact, metadata
from channels.simulator.meta.whatsapp.field_samples import CONVERSATION_SAMPLES, PLAIN_SAMPLES

# Fields whose value begins like that of `messages`, with the number's metadata.
WITH_METADATA = (
    "messages",
    "calls",
    "history",
    "smb_message_echoes",
    "smb_app_state_sync",
    "user_preferences",
    "user_id_update",
    "automatic_events",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
)
WITH_NUMBER = (
    "phone_number_quality_update",
    "phone_number_name_update",
    "security",
    "business_username_updates",
)
TEMPLATE_STATUSES = (
    "APPROVED",
    "PENDING",
    "REJECTED",
    "PAUSED",
    "DISABLED",
    "IN_APPEAL",
    "PENDING_DELETION",
    "DELETED",
    "LIMIT_EXCEEDED",
    "ARCHIVED",
)
# What the list shows after an event; after others, such as LOCKED, what it showed before.
TEMPLATE_EVENTS = {
    "REINSTATED": "APPROVED",
    "UNARCHIVED": "APPROVED",
    "FLAGGED": "APPROVED",
    **{status: status for status in TEMPLATE_STATUSES},
}


def announce_field(sim: Simulator, request: Json) -> asyncio.Future[int | None] | None:
    """Send one change of `request["field"]`; the value is a sample with `value` laid over it.

    `exact: true` sends `value` as it is, `entry_id` replaces the WABA's id, `from` names the
    customer of a field that concerns one. Returns the first attempt's HTTP status, or None when
    nobody is subscribed. Raises `BadPatch` on a request without sense.
    """
    field = str(request.get("field", ""))
    given = request.get("value", {})
    if not field or not isinstance(given, dict):
        raise BadPatch("'field' is needed, and 'value' must be an object")
    number = _number(sim, request)
    value = given if request.get("exact") else {**_sample(sim, number, field, request), **given}
    EFFECTS.get(field, _nothing)(sim, number, value)
    return emit_field(sim, number, field, value, str(request.get("entry_id", "")))


def emit_field(
    sim: Simulator, number: Number, field: str, value: Json, entry_id: str = ""
) -> asyncio.Future[int | None] | None:
    """Queue the change; overrides of the callback count only for `messages`."""
    state = sim.state
    url = callback_for(state, number) if field == "messages" else state.webhook_url
    if not url or state.app_id not in state.wabas[number.waba_id].subscribed_apps:
        return None
    lane = (number.waba_id, field)
    event = Event(entry_id or number.waba_id, lane, value, f"field:{field}", url, field)
    if field != "messages":
        event.at = state.now()
    return sim.emitter.emit(event)


def _number(sim: Simulator, request: Json) -> Number:
    wanted, waba_id = str(request.get("phone_number_id", "")), str(request.get("waba_id", ""))
    for number in sim.state.numbers.values():
        if wanted in ("", number.phone_number_id) and waba_id in ("", number.waba_id):
            return number
    raise BadPatch("no number with this phone_number_id and waba_id")


def _sample(sim: Simulator, number: Number, field: str, request: Json) -> Json:
    value: Json = {}
    if field in WITH_METADATA:
        value = {"messaging_product": "whatsapp", "metadata": metadata(number)}
    if field in WITH_NUMBER:
        value = {"display_phone_number": number.digits}
    if field.startswith(("message_template_", "template_")):
        value = _template_ids(_template(sim, number, request))
    build = CONVERSATION_SAMPLES.get(field)
    if build is None:
        return value | PLAIN_SAMPLES.get(field, {})
    customer = _customer(sim, request)
    if field in ("user_preferences", "user_id_update", "calls"):
        value["contacts"] = [contact(sim.state, customer)]
    return value | build(sim, number, customer)


def _customer(sim: Simulator, request: Json) -> Customer:
    key = str(request.get("from", "")) or next(iter(sim.state.customers), "")
    if not key:
        raise BadPatch("'from' is needed: the wa_id of the customer")
    return sim.state.customer(key)


def _template(sim: Simulator, number: Number, request: Json) -> Template | None:
    name = str(request.get("template", ""))
    mine = [one for one in sim.state.templates.values() if one.waba_id == number.waba_id]
    return next((one for one in mine if name in ("", one.name)), None)


def _template_ids(template: Template | None) -> Json:
    """Lists write a language as `en_US`, webhooks as `en-US`."""
    if template is None:
        raise BadPatch("the WABA has no such template")
    return {
        "message_template_id": int(template.template_id),
        "message_template_name": template.name,
        "message_template_language": template.language.replace("_", "-"),
    }


def _nothing(sim: Simulator, number: Number, value: Json) -> None:
    return


def _template_of(sim: Simulator, value: Json) -> Template | None:
    return sim.state.templates.get(str(value.get("message_template_id", "")))


def _template_status(sim: Simulator, number: Number, value: Json) -> None:
    template, event = _template_of(sim, value), str(value.get("event", ""))
    if template is not None and event in TEMPLATE_EVENTS:
        template.status = TEMPLATE_EVENTS[event]
        template.rejected_reason = str(value.get("reason") or "NONE")


def _template_quality(sim: Simulator, number: Number, value: Json) -> None:
    template = _template_of(sim, value)
    if template is not None:
        template.quality = str(value.get("new_quality_score", template.quality))


def _template_category(sim: Simulator, number: Number, value: Json) -> None:
    template = _template_of(sim, value)
    if template is not None and "correct_category" not in value:
        template.previous_category = template.category
        template.category = str(value.get("new_category", template.category))


def _number_name(sim: Simulator, number: Number, value: Json) -> None:
    number.name_status = {"REJECTED": "DECLINED"}.get(str(value.get("decision")), "APPROVED")
    if value.get("decision") == "APPROVED" and value.get("requested_verified_name"):
        number.verified_name = str(value["requested_verified_name"])


def _number_quality(sim: Simulator, number: Number, value: Json) -> None:
    if value.get("event") == "THROUGHPUT_UPGRADE":
        number.throughput_level = "HIGH"
    if value.get("event") in ("FLAGGED", "UNFLAGGED"):
        number.quality_rating = "RED" if value["event"] == "FLAGGED" else "GREEN"


def _account(sim: Simulator, number: Number, value: Json) -> None:
    """A ban closes all numbers of the WABA, its end opens them."""
    ban = (value.get("ban_info") or {}).get("waba_ban_state")
    if ban in ("DISABLE", "REINSTATE"):
        for one in sim.state.numbers.values():
            if one.waba_id == number.waba_id:
                one.status = "BANNED" if ban == "DISABLE" else "CONNECTED"


EFFECTS: dict[str, Callable[[Simulator, Number, Json], None]] = {
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "template_category_update": _template_category,
    "phone_number_name_update": _number_name,
    "phone_number_quality_update": _number_quality,
    "account_update": _account,
    "smb_message_echoes": keep_echo,
}
