"""Values that the webhook fields have when a caller gives none: one of each, in Meta's shape."""

from __future__ import annotations

from collections.abc import Callable

from channels.simulator.meta.records import Customer, Json, Number
from channels.simulator.meta.simulator import Simulator

PLAIN_SAMPLES: dict[str, Json] = {
    "message_template_status_update": {
        "event": "APPROVED",
        "message_template_category": "UTILITY",
        "reason": "NONE",
    },
    "message_template_quality_update": {
        "previous_quality_score": "GREEN",
        "new_quality_score": "YELLOW",
    },
    "message_template_components_update": {
        "message_template_title": "Your order",
        "message_template_element": "Hi {{1}}, it is on its way.",
        "message_template_footer": "Reply for help",
        "message_template_buttons": [
            {
                "message_template_button_type": "URL",
                "message_template_button_text": "Open",
                "message_template_button_url": "https://example.com/o",
            }
        ],
    },
    "template_category_update": {"previous_category": "UTILITY", "new_category": "MARKETING"},
    "phone_number_quality_update": {
        "event": "THROUGHPUT_UPGRADE",
        "current_limit": "TIER_UNLIMITED",
        "old_limit": "TIER_10K",
        "max_daily_conversations_per_business": "TIER_UNLIMITED",
    },
    "phone_number_name_update": {
        "decision": "APPROVED",
        "requested_verified_name": "Acme Help",
        "rejection_reason": None,
    },
    "account_update": {
        "event": "ACCOUNT_RESTRICTION",
        "restriction_info": [
            {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1893456000}
        ],
    },
    "account_alerts": {
        "entity_type": "BUSINESS",
        "entity_id": "88001234500001",
        "alert_info": {
            "alert_severity": "WARNING",
            "alert_status": "ACTIVE",
            "alert_type": "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED",
            "alert_description": "Higher limits were not given yet.",
        },
    },
    "account_review_update": {"decision": "APPROVED"},
    "account_settings_update": {"messaging_product": "whatsapp", "type": "phone_number_settings"},
    "business_capability_update": {
        "max_daily_conversations_per_business": 2000,
        "max_phone_numbers_per_waba": 25,
    },
    "security": {"event": "PIN_CHANGED", "requester": "61551234500001"},
    "business_username_updates": {"username": "acme.help", "status": "approved"},
    "flows": {
        "event": "FLOW_STATUS_CHANGE",
        "message": "The Flow was published.",
        "flow_id": "660011",
        "old_status": "DRAFT",
        "new_status": "PUBLISHED",
    },
    "payment_configuration_update": {"configuration_name": "shop", "status": "Active"},
    "partner_solutions": {
        "event": "SOLUTION_CREATED",
        "solution_id": "7700112233",
        "solution_status": "INITIATED",
    },
    "group_lifecycle_update": {"groups": [{"group_id": "G.1", "type": "group_create"}]},
    "group_participants_update": {
        "groups": [{"group_id": "G.1", "type": "group_participants_add", "reason": "invite_link"}]
    },
    "group_settings_update": {"groups": [{"group_id": "G.1", "type": "group_settings_update"}]},
    "group_status_update": {"groups": [{"group_id": "G.1", "type": "group_suspend"}]},
}


def _seconds(sim: Simulator) -> str:
    return str(int(sim.state.now()))


def _echo(sim: Simulator, number: Number, customer: Customer) -> Json:
    item = {
        "from": number.digits,
        "to": customer.wa_id,
        "id": sim.state.new_wamid(),
        "timestamp": _seconds(sim),
        "type": "text",
        "text": {"body": "On my way"},
    }
    return {"message_echoes": [item]}


def _app_state(sim: Simulator, number: Number, customer: Customer) -> Json:
    person = {
        "full_name": customer.name,
        "first_name": customer.name.split(" ")[0],
        "phone_number": customer.wa_id,
    }
    item = {"type": "contact", "contact": person, "action": "add"}
    return {"state_sync": [{**item, "metadata": {"timestamp": _seconds(sim)}}]}


def _history(sim: Simulator, number: Number, customer: Customer) -> Json:
    message = {
        "from": customer.wa_id,
        "id": sim.state.new_wamid(),
        "timestamp": str(int(sim.state.now()) - 86_400),
        "type": "text",
        "text": {"body": "An earlier question"},
        "history_context": {"status": "READ"},
    }
    chunk = {"metadata": {"phase": 0, "chunk_order": 1, "progress": 100}}
    return {"history": [{**chunk, "threads": [{"id": customer.wa_id, "messages": [message]}]}]}


def _preference(sim: Simulator, number: Number, customer: Customer) -> Json:
    item: Json = {
        "wa_id": customer.wa_id,
        "category": "marketing_messages",
        "value": "stop",
        "detail": "The user asked for no more marketing messages.",
        "timestamp": int(sim.state.now()),
    }
    if customer.bsuid:
        item["user_id"] = customer.bsuid
    return {"user_preferences": [item]}


def _new_user_id(sim: Simulator, number: Number, customer: Customer) -> Json:
    ids = {"previous": customer.bsuid or "IL.1", "current": f"IL.{sim.state.new_id()}"}
    item = {"wa_id": customer.wa_id, "detail": "The user id changed.", "user_id": ids}
    return {"user_id_update": [{**item, "timestamp": _seconds(sim)}]}


def _call(sim: Simulator, number: Number, customer: Customer) -> Json:
    """A call opens the 24 hours as a message does."""
    sim.state.last_inbound[number.phone_number_id, customer.wa_id] = sim.state.now()
    item = {
        "id": f"wacid.{sim.state.new_id()}",
        "from": customer.wa_id,
        "to": number.digits,
        "event": "connect",
        "timestamp": _seconds(sim),
        "direction": "USER_INITIATED",
        "session": {"sdp_type": "offer", "sdp": "v=0"},
    }
    return {"calls": [item]}


def _lead(sim: Simulator, number: Number, customer: Customer) -> Json:
    item = {
        "id": sim.state.new_wamid(),
        "event_name": "LeadSubmitted",
        "timestamp": int(sim.state.now()),
        "ctwa_clid": "ARAkLkA8rm",
    }
    return {"automatic_events": [item]}


CONVERSATION_SAMPLES: dict[str, Callable[[Simulator, Number, Customer], Json]] = {
    "smb_message_echoes": _echo,
    "smb_app_state_sync": _app_state,
    "history": _history,
    "user_preferences": _preference,
    "user_id_update": _new_user_id,
    "calls": _call,
    "automatic_events": _lead,
}
