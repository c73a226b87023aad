"""Which app answers a customer: one of Meta's own agents, another tool, or this one.

Source: Meta's ``messaging_handovers`` webhook reference.
"""

from typing import Any

from channels.providers.events import Event, Ignored, ThreadControl
from channels.providers.whatsapp.access import as_object, as_text, as_time
from channels.providers.whatsapp.identity import person, read_names

Json = dict[str, Any]
_ACTIONS = {"control_passed": "pass", "control_taken": "take"}


def handover_events(value: Json) -> list[Event]:
    """Return the change of hands; one that names no customer, or is of another kind, is ignored."""
    kind = as_text(value, "type") or next((name for name in _ACTIONS if name in value), "")
    names = read_names(as_object(value, "sender"), phone="phone_number", user="user_id")
    at, part = as_time(value, "timestamp"), as_object(value, kind)
    if kind not in _ACTIONS or not names.order_key:
        return [Ignored(reason="field:messaging_handovers", provider_at=at)]
    return [
        ThreadControl(
            provider_at=at,
            action=_ACTIONS[kind],
            person=person(names, []),
            previous_app=as_text(part, "previous_owner_app_id"),
            new_app=as_text(part, "new_owner_app_id"),
            metadata=as_text(part, "metadata"),
        )
    ]
