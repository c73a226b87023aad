"""A body without every property that is neither a discriminator nor a natural key, all gone at once.

What is left tells what an item is, of which number or account, of whom, and which message or
template it speaks of. Only where nothing else names the sender do the entries of ``contacts`` stay.
"""

import re
from typing import Any

from channels.providers.whatsapp.explode import LISTS

_ENVELOPE = (
    "object entry changes field value metadata phone_number_id display_phone_number standby message"
)
_KINDS = "type status event category event_name reaction edit revoke system"
_PEOPLE = (
    "from from_user_id to to_user_id recipient_id recipient_user_id recipient_participant_id "
    "recipient_participant_user_id wa_id user_id contact phone_number customer new_wa_id "
    "previous_user_id previous current"
)
_NAMES = (
    "id message_id original_message_id waba_info waba_id message_template_id "
    "message_template_name new_quality_score new_category correct_category"
)
_HISTORY = "threads history_context"
_HANDS = "sender recipient control_passed control_taken"
KEPT = {name for names in LISTS.values() for name in names}.union(
    *(re.findall(r"\S+", names) for names in (_ENVELOPE, _KINDS, _PEOPLE, _NAMES, _HISTORY, _HANDS))
)
# An edit without its words is shown as a message that cannot be displayed.
POORER = {"MessageEdited": frozenset({"InboundMessage", "Echo"})}


def bare(value: Any) -> Any:
    """Return ``value`` without what is optional; an object keeps the part that its type names."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = KEPT | {value["type"]} if isinstance(value.get("type"), str) else KEPT
    if _is_named_by_its_contact(value):
        kept = kept | {"contacts"}
    if "messages" in value and not value.get("id"):  # a thread that only its context names
        kept = kept | {"context"}
    return {name: bare(item) for name, item in value.items() if name in kept}


def _is_named_by_its_contact(value: dict[str, Any]) -> bool:
    listed = value.get("messages")
    messages = [item for item in listed if isinstance(item, dict)] if listed else []
    return any(not (item.get("from") or item.get("from_user_id")) for item in messages)
