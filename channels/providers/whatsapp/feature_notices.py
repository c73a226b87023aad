"""News of Flows, of groups, and of what Meta's own detection made of a chat."""

from channels.providers.whatsapp.access import as_object, as_text
from channels.providers.whatsapp.content import first_error
from channels.providers.whatsapp.notice import INFO, WARNING, Json, Notice, Reader, told, words

_HEALTH_EVENTS = frozenset(
    {"CLIENT_ERROR_RATE", "ENDPOINT_ERROR_RATE", "ENDPOINT_LATENCY", "ENDPOINT_AVAILABILITY"}
)
_BAD_STATES = frozenset({"BLOCKED", "THROTTLED"})


def _flow(value: Json) -> Notice:
    event, flow = as_text(value, "event").upper(), as_text(value, "flow_id")
    new, alert = as_text(value, "new_status").upper(), as_text(value, "alert_state").upper()
    bad = new in _BAD_STATES or event == "FLOW_VERSION_EXPIRY_WARNING"
    bad = bad or (event in _HEALTH_EVENTS and alert != "DEACTIVATED")
    old = words(as_text(value, "old_status"))
    return Notice(
        sentence=told(
            f"Flow {flow}: {words(event) or 'changed'}",
            f"It is {words(new)}{f', before it was {old}' if old else ''}" if new else "",
            as_text(value, "message"),
        ),
        severity=WARNING if bad else INFO,
        facts={"flow_id": flow, "flow_status": new} if flow and new else {},
    )


def _group(item: Json) -> Notice:
    kind, group = as_text(item, "type"), as_text(item, "group_id")
    error = first_error(item)
    suspended = kind == "group_suspend"
    return Notice(
        sentence=told(
            f"Group {as_text(item, 'subject') or group}: {words(kind) or 'changed'}",
            f"Reason: {words(as_text(item, 'reason'))}" if as_text(item, "reason") else "",
            f"It failed: {error.title} ({error.code})" if error else "",
        ),
        severity=WARNING if error or suspended else INFO,
    )


def _automatic_event(item: Json) -> Notice:
    data = as_object(item, "custom_data")
    amount = " ".join(filter(None, (as_text(data, "value"), as_text(data, "currency"))))
    return Notice(
        sentence=told(
            f"Meta detected in a chat from an ad: {as_text(item, 'event_name') or 'an event'}",
            f"Value: {amount}" if amount else "",
        )
    )


FEATURE_NOTICES: dict[str, Reader] = {"flows": _flow}

LISTED_NOTICES: dict[str, Reader] = {
    "group_lifecycle_update": _group,
    "group_participants_update": _group,
    "group_settings_update": _group,
    "group_status_update": _group,
    "automatic_events": _automatic_event,
}
"""Of fields that hold a list, of which each element is a notice of its own."""
