"""One webhook body into items that can be routed, stored and parsed each on its own.

Meta batches up to 1,000 updates of several numbers, and so of several tenants, in one POST.
Each item takes along what parsing it needs, and a malformed one never hurts its siblings: it
becomes a `BadItem` with the reason. For no JSON value does `explode` raise.
"""

from collections.abc import Callable, Iterator
from typing import Any

from channels.providers.contract import BadItem, RawItem
from channels.providers.whatsapp.access import as_int, as_list, as_object, as_objects, as_text
from channels.providers.whatsapp.change import MAX_ID, Change, bad_item, item_id, raw_item
from channels.providers.whatsapp.contacts import Contacts
from channels.providers.whatsapp.history import cut_chunk
from channels.providers.whatsapp.identity import (
    Names,
    call_names,
    contact_names,
    echo_names,
    message_names,
    read_names,
    status_names,
)
from channels.providers.whatsapp.unwrap import unwrapped
from kernel.jsonsafe import pruned, storable_text

Items = Iterator[RawItem | BadItem]
Cut = Callable[[Change, Contacts, dict[str, Any]], Items]

_ERROR_DEPTH = 6  # errors are three deep; a hostile one must not cost the statuses beside it


def explode(payload: Any) -> Items:
    """Yield every entry × change × item of a webhook body; see `RawItem.body` below.

    The body of an item is ``{"field", "metadata", "contacts", "entry_id", "entry_time"}`` and
    one of ``message``, ``status``, ``echo``, ``call``, ``error``, ``thread`` and ``progress``
    (of a history), ``item`` (of the other lists) or ``value`` (what is not cut). ``contacts``
    holds the entry of this item's person only. A status may carry ``errors`` of its change.
    """
    for change in _changes(payload):
        if isinstance(change, BadItem):
            yield change
        else:
            yield from _items(change)


def _changes(payload: Any) -> Iterator[Change | BadItem]:
    if not isinstance(payload, dict):
        yield bad_item("the body is not an object", payload)
        return
    if not isinstance(payload.get("entry"), list):
        yield bad_item("the body has no list of entries", payload)
        return
    for entry in payload["entry"]:
        if not isinstance(entry, dict):
            yield bad_item("an entry is not an object", entry)
        elif not isinstance(entry.get("changes"), list):
            yield bad_item("an entry has no list of changes", entry)
        else:
            for change in entry["changes"]:
                yield _change(entry, change)


def _change(entry: dict[str, Any], change: Any) -> Change | BadItem:
    if not isinstance(change, dict):
        return bad_item("a change is not an object", change)
    field = storable_text(as_text(change, "field"))
    if not field or len(field) > MAX_ID:
        return bad_item("a change has no field", change)
    if not isinstance(change.get("value"), dict):
        return bad_item("a change has no value object", change)
    return Change(
        field, unwrapped(change["value"]), as_text(entry, "id")[:MAX_ID], as_int(entry, "time")
    )


def _items(change: Change) -> Items:
    contacts = Contacts(change.value)
    found = False
    for list_name in LISTS.get(change.field, ()):
        listed = change.value.get(list_name)
        if listed is None:
            continue
        found = True
        if not isinstance(listed, list):
            yield bad_item(f"{list_name} is not a list", listed)
            continue
        for item in listed:
            if isinstance(item, dict):
                yield from _CUTS[list_name](change, contacts, item)
            else:
                yield bad_item(f"an item of {list_name} is not an object", item)
    if not found:
        yield raw_item(change, {"value": change.value}, order_key=_whose(change))


def _whose(change: Change) -> str:
    """The customer whose thread changed hands, in the order of what they write."""
    sender = as_object(change.value, "sender") if change.field == "messaging_handovers" else {}
    return read_names(sender, phone="phone_number", user="user_id").order_key


# ------------------------------------------------------------------------ items with an id


def _message(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    kind = "history" if change.field == "history" else "msg"
    yield _written(change, contacts, item, message_names(item), kind, "message")


def _echo(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    kind = "history" if change.field == "history" else "echo"
    yield _written(change, contacts, item, echo_names(item), kind, "echo")


def _written(
    change: Change, contacts: Contacts, item: dict[str, Any], names: Names, kind: str, name: str
) -> RawItem | BadItem:
    wamid = item_id(item)
    if not wamid:
        return bad_item("a message has no usable id", item)
    theirs = contacts.of(names)
    order_key = names.order_key or next((contact_names(c).order_key for c in theirs), "")
    key = f"{kind}:{wamid}{_of_the_same_id(item, wamid)}"
    return raw_item(change, {"contacts": theirs, name: item}, key=key, order_key=order_key)


def _of_the_same_id(item: dict[str, Any], wamid: str) -> str:
    """Tell an edit or revocation that carries its target's own id from a redelivery of that."""
    declared = as_text(item, "type")
    if as_text(as_object(item, declared), "original_message_id") != wamid:
        return ""
    return f":{declared}:{as_text(item, 'timestamp')[:MAX_ID]}"


def _status(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    wamid, status = item_id(item), as_text(item, "status")
    if not wamid:
        yield bad_item("a status has no usable id", item)
        return
    if not status or len(status) > MAX_ID:
        yield bad_item("a status does not say which", item)
        return
    names = status_names(item)
    parts = ["st", wamid, status, as_text(item, "timestamp")[:MAX_ID]]
    participant = _participant(item)
    if participant:
        parts.append(participant)
    body: dict[str, Any] = {"contacts": contacts.of(names), "status": item}
    if _lacks_errors(item) and as_list(change.value, "errors"):
        body["errors"] = pruned(change.value["errors"], max_depth=_ERROR_DEPTH)
    order_key = names.order_key or as_text(item, "recipient_id")[:MAX_ID]
    yield raw_item(change, body, key=":".join(parts), order_key=order_key)


def _participant(status: dict[str, Any]) -> str:
    names = ("recipient_participant_id", "recipient_participant_user_id")
    return next((text[:MAX_ID] for name in names if (text := as_text(status, name))), "")


def _call(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    wacid = item_id(item)
    if not wacid:
        yield bad_item("a call has no usable id", item)
        return
    names = call_names(item, change.metadata.get("display_phone_number", ""))
    parts = ["call", wacid, *(as_text(item, key)[:MAX_ID] for key in ("event", "timestamp"))]
    if _fails_unexplained(item) and as_list(change.value, "errors"):
        item = {**item, "errors": pruned(change.value["errors"], max_depth=_ERROR_DEPTH)}
    body = {"contacts": contacts.of(names), "call": item}
    yield raw_item(change, body, key=":".join(parts), order_key=names.order_key)


# --------------------------------------------------------------------- items without an id


def _error(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    statuses, calls = (as_objects(change.value, name) for name in ("statuses", "calls"))
    is_told = any(map(_lacks_errors, statuses)) or any(map(_fails_unexplained, calls))
    yield raw_item(change, {"error": item, "of_status": is_told})


def _lacks_errors(status: dict[str, Any]) -> bool:
    """Whether a status failed without saying why: then the change's own errors say it."""
    return as_text(status, "status") == "failed" and not status.get("errors")


def _fails_unexplained(call: dict[str, Any]) -> bool:
    """The same of a call."""
    return as_text(call, "status").upper() == "FAILED" and not call.get("errors")


def _listed(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    yield raw_item(change, {"item": item})


def _personal(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    """An item about one person, who may be named by the ids they had before."""
    user = as_object(item, "user_id")
    named = {**item, "user_id": as_text(user, "previous")} if user else item
    names = contact_names(named)
    theirs = contacts.of(names)
    order_key = names.order_key or next((contact_names(c).order_key for c in theirs), "")
    yield raw_item(change, {"contacts": theirs, "item": item}, order_key=order_key)


def _address_book(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    entry = as_object(item, "contact")
    names = read_names(entry, phone="phone_number", user="user_id", parent="parent_user_id")
    yield raw_item(change, {"item": item}, order_key=names.order_key)


def _history(change: Change, contacts: Contacts, item: dict[str, Any]) -> Items:
    yield from cut_chunk(change, contacts, item)


_CUTS: dict[str, Cut] = {
    "messages": _message,
    "statuses": _status,
    "errors": _error,
    "message_echoes": _echo,
    "calls": _call,
    "history": _history,
    "state_sync": _address_book,
    "user_preferences": _personal,
    "user_id_update": _personal,
    "groups": _listed,
    "automatic_events": _listed,
}

LISTS: dict[str, tuple[str, ...]] = {
    "messages": ("messages", "statuses", "errors"),
    "standby": ("messages", "message_echoes", "statuses", "errors"),
    "smb_message_echoes": ("message_echoes", "errors"),
    "message_echoes": ("message_echoes", "errors"),
    "smb_app_state_sync": ("state_sync", "errors"),
    "history": ("history", "messages", "message_echoes", "errors"),
    "calls": ("calls", "statuses", "errors"),
    "user_preferences": ("user_preferences",),
    "user_id_update": ("user_id_update",),
    "group_lifecycle_update": ("groups", "errors"),
    "group_participants_update": ("groups", "errors"),
    "group_settings_update": ("groups", "errors"),
    "group_status_update": ("groups", "errors"),
    "automatic_events": ("automatic_events", "errors"),
}
"""The lists of each field whose elements are items of their own; other fields stay whole."""
