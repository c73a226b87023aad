"""Numbers and accounts as Graph nodes: fields, health, lists, callback overrides."""

from __future__ import annotations

from channels.simulator.meta.errors import GraphError
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.handshake import check_callback
from channels.simulator.meta.graph.paging import page_of
from channels.simulator.meta.graph.permits import MANAGEMENT, demand, identify
from channels.simulator.meta.records import Json, Number, Waba
from channels.simulator.meta.state import State

NUMBER_FIELDS = (
    "id,verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,"
    "throughput,webhook_configuration"
)
WABA_FIELDS = "id,name,currency,timezone_id,message_template_namespace"
USABLE_STATUSES = {"CONNECTED": "AVAILABLE", "RATE_LIMITED": "LIMITED", "FLAGGED": "LIMITED"}


def health(state: State, number: Number) -> Json:
    """`health_status` of a number: the worst of the number, its WABA, business and app."""
    mine = USABLE_STATUSES.get(number.status, "BLOCKED")
    phone: Json = {"entity_type": "PHONE_NUMBER", "id": number.phone_number_id}
    phone["can_send_message"] = mine
    if mine == "BLOCKED":
        error = {"error_code": 133010, "error_description": f"The number is {number.status}."}
        phone["errors"] = [{**error, "possible_solution": "Register the number."}]
    others = (("WABA", number.waba_id), ("BUSINESS", "88001234500001"), ("APP", state.app_id))
    entities = [phone] + [
        {"entity_type": kind, "id": found, "can_send_message": "AVAILABLE"}
        for kind, found in others
    ]
    return {"can_send_message": mine, "entities": entities}


def number_node(state: State, number: Number) -> Json:
    """All fields of a number."""
    configuration = {"application": state.webhook_url}
    waba = state.wabas[number.waba_id]
    if waba.override_callback_uri:
        configuration["whatsapp_business_account"] = waba.override_callback_uri
    if number.override_callback_uri:
        configuration["phone_number"] = number.override_callback_uri
    return {
        "id": number.phone_number_id,
        "verified_name": number.verified_name,
        "code_verification_status": number.code_verification_status,
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality_rating,
        "quality_score": {"score": number.quality_rating},
        "platform_type": "CLOUD_API",
        "throughput": {"level": number.throughput_level},
        "webhook_configuration": configuration,
        "status": number.status,
        "name_status": number.name_status,
        "new_name_status": "NONE",
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_on_biz_app": False,
        "is_pin_enabled": bool(number.pin),
        "messaging_limit_tier": "TIER_1K",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": health(state, number),
        "last_onboarded_time": "2026-01-01T00:00:00+0000",
        "certificate": "",
    }


def waba_node(state: State, waba: Waba) -> Json:
    """All fields of a WABA; its health is that of its worst number."""
    mine = [number for number in state.numbers.values() if number.waba_id == waba.waba_id]
    ranks = {"AVAILABLE": 0, "LIMITED": 1, "BLOCKED": 2}
    states = [health(state, number) for number in mine]
    worst = max(states, key=lambda item: ranks[item["can_send_message"]], default={})
    return {
        "id": waba.waba_id,
        "name": waba.name,
        "status": "ACTIVE",
        "currency": "USD",
        "country": "IL",
        "timezone_id": "70",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "CLIENT_OWNED",
        "message_template_namespace": f"ns_{waba.waba_id}",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": worst,
    }


def pick(node: Json, wanted: list[str], kind: str) -> Json:
    """The wanted fields and always `id`; code 100 for a field that the node does not have."""
    for name in wanted:
        if name not in node:
            words = f"Tried accessing nonexisting field ({name}) on node type ({kind})"
            raise GraphError(100, words, message=f"(#100) {words}")
    return {name: node[name] for name in dict.fromkeys([*wanted, "id"])}


async def get_number(call: Call) -> Answer:
    """`GET /{phone_number_id}?fields=`."""
    demand(call, identify(call), phone=call.node, scope=MANAGEMENT)
    node = number_node(call.state, call.state.numbers[call.node])
    return Answer(pick(node, call.fields(NUMBER_FIELDS), "WhatsAppBusinessPhoneNumber"))


async def post_number(call: Call) -> Answer:
    """`POST /{phone_number_id}` with `webhook_configuration`: override the callback, or stop."""
    demand(call, identify(call), phone=call.node, scope=MANAGEMENT)
    asked = call.body.get("webhook_configuration")
    if not isinstance(asked, dict):
        raise GraphError(100, "The parameter webhook_configuration is required.")
    uri = str(asked.get("override_callback_uri", ""))
    if uri:
        await check_callback(call.sim, uri, str(asked.get("verify_token", "")))
    call.state.numbers[call.node].override_callback_uri = uri
    return Answer({"success": True})


async def get_waba(call: Call) -> Answer:
    """`GET /{waba_id}?fields=`."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    node = waba_node(call.state, call.state.wabas[call.node])
    return Answer(pick(node, call.fields(WABA_FIELDS), "WhatsAppBusinessAccount"))


async def list_numbers(call: Call) -> Answer:
    """`GET /{waba_id}/phone_numbers`, a page at a time."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    wanted = call.fields(NUMBER_FIELDS)
    found = [number for number in call.state.numbers.values() if number.waba_id == call.node]
    nodes = [
        pick(number_node(call.state, number), wanted, "WhatsAppBusinessPhoneNumber")
        for number in found
    ]
    return Answer(page_of(call, nodes))
