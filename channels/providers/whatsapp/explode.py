"""One webhook body into items that can be routed, stored and parsed each on its own.

Meta batches up to 1,000 updates of several numbers, and so of several tenants, in one POST.
Each item takes along what parsing it needs, and a malformed one never hurts its siblings: it
becomes a `BadItem` with the reason. For no JSON value does `explode` raise.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.whatsapp.access import (
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
)
from channels.providers.whatsapp.identity import (
    Names,
    canonical_phone,
    contact_names,
    contradicts,
    message_names,
    read_names,
    status_names,
)
from kernel.jsonsafe import TooDeep, pruned, storable_json, storable_text

PHONE_NUMBER_ID = "phone_number_id"
WABA_ID = "waba_id"

_MAX_ID = 512
_METADATA = ("phone_number_id", "display_phone_number")
_CONTACT_DEPTH = 5  # a contact entry is two deep; a hostile one must not cost the message
_PERSON_LISTS = ("user_preferences", "user_id_update")


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
        return {key: text for key in _METADATA if (text := as_text(metadata, key)[:_MAX_ID])}

    @property
    def address(self) -> tuple[str, str]:
        """The kind and value to route by: the number where the field speaks of one."""
        number = self.metadata.get("phone_number_id", "")
        if number or self.field == "messages":
            return PHONE_NUMBER_ID, storable_text(number)
        # Partner events are filed under the business portfolio and name the account inside.
        waba = as_text(as_object(self.value, "waba_info"), "waba_id")
        return WABA_ID, storable_text(waba or self.entry_id)


def explode(payload: Any) -> Iterator[RawItem | BadItem]:
    """Yield every entry × change × item of a webhook body; see `RawItem.body` below.

    The body of an item is ``{"field", "metadata", "contacts", "entry_id", "entry_time"}`` and
    one of ``message``, ``status``, ``error`` or (every other field) ``value``. ``contacts``
    holds the entry of this item's person only. A status may carry ``errors`` of its change.
    """
    for change in _changes(payload):
        if isinstance(change, BadItem):
            yield change
        else:
            yield from _items(change)


def _changes(payload: Any) -> Iterator[Change | BadItem]:
    if not isinstance(payload, dict):
        yield _bad("the body is not an object", payload)
        return
    if not isinstance(payload.get("entry"), list):
        yield _bad("the body has no list of entries", payload)
        return
    for entry in payload["entry"]:
        if not isinstance(entry, dict):
            yield _bad("an entry is not an object", entry)
        elif not isinstance(entry.get("changes"), list):
            yield _bad("an entry has no list of changes", entry)
        else:
            for change in entry["changes"]:
                yield _change(entry, change)


def _change(entry: dict[str, Any], change: Any) -> Change | BadItem:
    if not isinstance(change, dict):
        return _bad("a change is not an object", change)
    field = storable_text(as_text(change, "field"))
    if not field or len(field) > _MAX_ID:
        return _bad("a change has no field", change)
    if not isinstance(change.get("value"), dict):
        return _bad("a change has no value object", change)
    return Change(field, change["value"], as_text(entry, "id")[:_MAX_ID], as_int(entry, "time"))


def _items(change: Change) -> Iterator[RawItem | BadItem]:
    if change.field != "messages":
        yield _whole(change)
        return
    contacts = _Contacts(change.value)
    found = False
    for list_name in ("messages", "statuses", "errors"):
        listed = change.value.get(list_name)
        if listed is None:
            continue
        found = True
        if not isinstance(listed, list):
            yield _bad(f"{list_name} is not a list", listed)
            continue
        for item in listed:
            yield _item(change, contacts, list_name, item)
    if not found:
        yield _whole(change)


def _item(change: Change, contacts: "_Contacts", list_name: str, item: Any) -> RawItem | BadItem:
    if not isinstance(item, dict):
        return _bad(f"an item of {list_name} is not an object", item)
    match list_name:
        case "messages":
            return _message(change, contacts, item)
        case "statuses":
            return _status(change, contacts, item)
    return _raw(change, "", "", {"error": item})


def _message(change: Change, contacts: "_Contacts", item: dict[str, Any]) -> RawItem | BadItem:
    wamid = _item_id(item)
    if not wamid:
        return _bad("a message has no usable id", item)
    names = message_names(item)
    body = {"contacts": contacts.of(names), "message": item}
    return _raw(change, f"msg:{wamid}", names.order_key, body)


def _status(change: Change, contacts: "_Contacts", item: dict[str, Any]) -> RawItem | BadItem:
    wamid, status = _item_id(item), as_text(item, "status")
    if not wamid:
        return _bad("a status has no usable id", item)
    if not status or len(status) > _MAX_ID:
        return _bad("a status does not say which", item)
    names = status_names(item)
    parts = ["st", wamid, status, as_text(item, "timestamp")[:_MAX_ID]]
    participant = _participant(item)
    if participant:
        parts.append(participant)
    body: dict[str, Any] = {"contacts": contacts.of(names), "status": item}
    if status == "failed" and not item.get("errors") and as_list(change.value, "errors"):
        body["errors"] = change.value["errors"]
    order_key = names.order_key or as_text(item, "recipient_id")[:_MAX_ID]
    return _raw(change, storable_text(":".join(parts)), storable_text(order_key), body)


def _whole(change: Change) -> RawItem | BadItem:
    """One item for a change that is not cut further; its person, if it lists any, orders it."""
    people = [item for name in _PERSON_LISTS for item in as_objects(change.value, name)]
    first = people[0] if people else {}
    user = as_object(first, "user_id")
    named = {**first, "user_id": as_text(user, "previous")} if user else first
    names = read_names(named, phone="wa_id", user="user_id", parent="parent_user_id")
    return _raw(change, "", names.order_key, {"value": change.value})


def _raw(change: Change, key: str, order_key: str, body: dict[str, Any]) -> RawItem | BadItem:
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
        return _bad(str(error), body)
    return RawItem(
        address_kind=kind,
        address=address,
        key=key or _fingerprint(safe),
        order_key=order_key,
        field=change.field,
        body=safe,
    )


def _fingerprint(body: dict[str, Any]) -> str:
    """Return the identity of an item that Meta gives no id: what it says, and when it was said.

    The entry's time is part of it, so that a state which comes back (approved, paused, approved)
    is not taken for a redelivery; at worst a redelivery is applied twice, which is harmless.
    """
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _participant(status: dict[str, Any]) -> str:
    names = ("recipient_participant_id", "recipient_participant_user_id")
    return next((text[:_MAX_ID] for name in names if (text := as_text(status, name))), "")


def _item_id(item: dict[str, Any]) -> str:
    """Return the item's id, or nothing for one too long to be Meta's."""
    found = storable_text(as_text(item, "id"))
    return found if len(found) <= _MAX_ID else ""


def _bad(reason: str, body: Any) -> BadItem:
    return BadItem(reason=reason, body=pruned(body))


class _Contacts:
    """The contact entries of one change, looked up by the ids of an item."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._all = as_objects(value, "contacts")
        self._by_id: dict[str, dict[str, Any]] = {}
        for contact in self._all:
            for key in _lookup_keys(contact_names(contact)):
                self._by_id.setdefault(key, contact)
        self._lone = self._all[0] if len(self._all) == 1 and _one_person(value) else None

    def of(self, names: Names) -> list[dict[str, Any]]:
        """Return the entry of this person; a lone one also when it merely does not contradict.

        A lone entry beside items of several people is nobody's: it would merge two customers.
        """
        for key in _lookup_keys(names):
            if key in self._by_id:
                return [_shallow(self._by_id[key])]
        if self._lone is None or contradicts(names, contact_names(self._lone)):
            return []
        return [_shallow(self._lone)]


def _shallow(contact: dict[str, Any]) -> dict[str, Any]:
    """The entry with what lies too deep cut off; as it is where nothing can lie that deep."""
    containers = sum(isinstance(value, dict | list) for value in contact.values())
    inner = as_object(contact, "profile").values()
    if containers <= ("profile" in contact) and not any(isinstance(v, dict | list) for v in inner):
        return contact
    cut: dict[str, Any] = pruned(contact, max_depth=_CONTACT_DEPTH)
    return cut


def _lookup_keys(names: Names) -> list[str]:
    return [key for key in (canonical_phone(names.phone), names.bsuid) if key]


def _one_person(value: dict[str, Any]) -> bool:
    if len(as_list(value, "messages")) + len(as_list(value, "statuses")) == 1:
        return True
    people = {message_names(item).order_key for item in as_objects(value, "messages")}
    people |= {status_names(item).order_key for item in as_objects(value, "statuses")}
    return len(people) == 1
