"""One entry × change of a webhook body: where it belongs, and the items that are cut from it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.whatsapp.access import as_object, as_text
from kernel.jsonsafe import TooDeep, pruned, storable_json, storable_text

PHONE_NUMBER_ID = "phone_number_id"
WABA_ID = "waba_id"

MAX_ID = 512
_METADATA = ("phone_number_id", "display_phone_number")
# What happens on one number; without that number's id an account would be the wrong address.
_NUMBER_FIELDS = frozenset(
    {
        "messages",
        "standby",
        "history",
        "smb_message_echoes",
        "message_echoes",
        "smb_app_state_sync",
        "calls",
        "user_preferences",
        "user_id_update",
    }
)


@dataclass(frozen=True)
class Change:
    """One entry × change of the body, and the address that routes its items."""

    field: str
    value: dict[str, Any]
    entry_id: str
    entry_time: int | None

    @property
    def metadata(self) -> dict[str, str]:
        """The number the change is about, as Meta names it."""
        metadata = as_object(self.value, "metadata")
        return {key: text for key in _METADATA if (text := as_text(metadata, key)[:MAX_ID])}

    @property
    def address(self) -> tuple[str, str]:
        """The kind and value to route by: the number where the field speaks of one."""
        settings = as_object(self.value, "phone_number_settings")
        receiver = as_object(self.value, "recipient")
        number = (
            self.metadata.get("phone_number_id")
            or as_text(settings, "phone_number_id")
            or as_text(receiver, "phone_number_id")
        )
        if number or self.field in _NUMBER_FIELDS:
            return PHONE_NUMBER_ID, storable_text(number[:MAX_ID])
        # Partner events are filed under the business portfolio and name the account inside.
        waba = as_text(as_object(self.value, "waba_info"), "waba_id")[:MAX_ID]
        return WABA_ID, storable_text(waba or self.entry_id)


def raw_item(
    change: Change, body: dict[str, Any], *, key: str = "", order_key: str = ""
) -> RawItem | BadItem:
    """Return an item with what parsing it needs; its fingerprint is the key of one without id."""
    kind, address = change.address
    whole = {
        "field": change.field,
        "metadata": change.metadata,
        "contacts": [],
        "entry_id": change.entry_id,
        "entry_time": change.entry_time,
        **body,
    }
    try:
        safe = storable_json(whole)
    except TooDeep as error:
        return bad_item(str(error), body)
    return RawItem(
        address_kind=kind,
        address=address,
        key=storable_text(key) or fingerprint(safe),
        order_key=storable_text(order_key),
        field=change.field,
        body=safe,
    )


def fingerprint(body: Any) -> str:
    """Return the identity of an item that Meta gives no id: what it says, and when it was said.

    The entry's time is part of it, so that a state which comes back (approved, paused, approved)
    is not taken for a redelivery; at worst a redelivery is applied twice, which is harmless.
    """
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def item_id(item: dict[str, Any]) -> str:
    """Return the item's id, or nothing for one too long to be Meta's."""
    found = storable_text(as_text(item, "id"))
    return found if len(found) <= MAX_ID else ""


def bad_item(reason: str, body: Any) -> BadItem:
    """Return what could not be cut, with its body as far as it can be kept."""
    return BadItem(reason=reason, body=pruned(body))
