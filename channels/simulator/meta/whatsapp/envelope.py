"""The `value` object around messages and statuses, and who is named in it."""

from __future__ import annotations

from channels.simulator.meta.records import Customer, Json, Number
from channels.simulator.meta.simulator import Simulator
from channels.simulator.meta.state import State
from channels.simulator.meta.webhooks import Event


def metadata(number: Number) -> Json:
    """`value.metadata`, on which receivers route."""
    return {
        "display_phone_number": number.digits,
        "phone_number_id": number.phone_number_id,
    }


def contact(state: State, customer: Customer, omit: frozenset[str] = frozenset()) -> Json:
    """One item of `value.contacts`, less what `omit` and chaos take away."""
    entry: Json = {}
    if "profile" not in omit and not state.chaos.drop_profile:
        entry["profile"] = {"name": customer.name}
        if customer.username:
            entry["profile"]["username"] = customer.username
    if not (customer.hide_phone or "wa_id" in omit):
        entry["wa_id"] = customer.wa_id
    if customer.bsuid and "user_id" not in omit and not state.chaos.drop_user_id:
        entry["user_id"] = customer.bsuid
    if state.chaos.bsuid_in_from and customer.bsuid:
        entry["wa_id"] = customer.bsuid
    return entry


def sender(state: State, customer: Customer, omit: frozenset[str] = frozenset()) -> Json:
    """`from` and `from_user_id` of an inbound message."""
    entry: Json = {}
    if state.chaos.bsuid_in_from and customer.bsuid:
        entry["from"] = customer.bsuid
    elif not (customer.hide_phone or "from" in omit):
        entry["from"] = customer.wa_id
    if customer.bsuid and "user_id" not in omit and not state.chaos.drop_user_id:
        entry["from_user_id"] = customer.bsuid
    return entry


def stamp(state: State, at: float) -> str | int:
    """Seconds as Meta writes them in `messages`: a string, or an int when chaos says so."""
    return int(at) if state.chaos.int_timestamps else str(int(at))


def callback_for(state: State, number: Number) -> str:
    """Where events of this number go: its own override, its WABA's, or the app's callback."""
    waba = state.wabas[number.waba_id]
    return number.override_callback_uri or waba.override_callback_uri or state.webhook_url


def event_of(sim: Simulator, number: Number, wa_id: str, value: Json, kind: str) -> Event | None:
    """The event for `value`; None when nobody subscribed to the WABA."""
    state = sim.state
    url = callback_for(state, number)
    if not url or state.app_id not in state.wabas[number.waba_id].subscribed_apps:
        return None
    if state.chaos.unknown_fields:
        value = {**value, "_new_property": {"since": "tomorrow"}}
    if state.chaos.drop_contacts:
        value = {name: item for name, item in value.items() if name != "contacts"}
    lane = (number.phone_number_id, wa_id)
    return Event(number.waba_id, lane, value, kind, url)
