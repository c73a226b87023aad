"""Which contact entry of a change describes the person of an item."""

from typing import Any

from channels.providers.whatsapp.access import as_object, as_objects
from channels.providers.whatsapp.identity import (
    Names,
    call_names,
    canonical_phone,
    contact_names,
    contradicts,
    echo_names,
    message_names,
    status_names,
)
from kernel.jsonsafe import pruned

_CONTACT_DEPTH = 5  # a contact entry is two deep; a hostile one must not cost the message
_NAMES_IN = {
    "messages": message_names,
    "statuses": status_names,
    "message_echoes": echo_names,
    "calls": call_names,
    "user_preferences": contact_names,
    "user_id_update": contact_names,
}


class Contacts:
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
    listed = [(item, read) for name, read in _NAMES_IN.items() for item in as_objects(value, name)]
    return len(listed) == 1 or len({read(item).order_key for item, read in listed}) == 1
