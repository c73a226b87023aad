"""News of a person that is no message: their ids, their wishes, their entry in our address book."""

from typing import Any

from channels.providers.events import (
    ContactNoted,
    Event,
    IdentityChanged,
    Ignored,
    Person,
    PreferenceChanged,
)
from channels.providers.whatsapp.access import as_object, as_text, as_time, bounded_reason
from channels.providers.whatsapp.identity import (
    contact_names,
    named_person,
    person,
    read_names,
)
from channels.providers.whatsapp.unparsable import Unparsable

Json = dict[str, Any]

_CATEGORIES = {"marketing_messages": "marketing"}
_WANTED = {"stop": False, "resume": True, "signup": True}


def preference_events(item: Json, contacts: list[Json]) -> list[Event]:
    """Return which kind of messages a customer wants or no longer wants; raises `Unparsable`."""
    who = _known(person(contact_names(item), contacts))
    value, category = as_text(item, "value").lower(), as_text(item, "category")
    if value not in _WANTED or not category:
        return [Ignored(reason=bounded_reason("preference", value))]
    return [
        PreferenceChanged(
            provider_at=as_time(item, "timestamp"),
            person=who,
            category=_CATEGORIES.get(category, category[:60]),
            is_wanted=_WANTED[value],
            detail=as_text(item, "detail"),
        )
    ]


def user_id_events(item: Json, contacts: list[Json]) -> list[Event]:
    """Return that a person's business-scoped id was replaced; raises `Unparsable`."""
    changed, parents = as_object(item, "user_id"), as_object(item, "parent_user_id")
    phones = [contact_names(source).phone for source in (item, *contacts)]
    known = {"wa_id": next(filter(None, phones), "")}
    before, after = (
        contact_names(
            known | {"user_id": as_text(changed, when), "parent_user_id": as_text(parents, when)}
        )
        for when in ("previous", "current")
    )
    previous, current = _known(person(before, [])), person(after, [])
    if not set(current.identities) - set(previous.identities):
        return [Ignored(reason="user_id_update:unchanged")]
    return [
        IdentityChanged(
            provider_at=as_time(item, "timestamp"),
            previous=previous,
            current=current,
            text=as_text(item, "detail"),
        )
    ]


def address_book_events(item: Json) -> list[Event]:
    """Return what the telephone's address book says of a person; raises `Unparsable`."""
    declared = as_text(item, "type")
    if declared not in ("", "contact"):
        return [Ignored(reason=bounded_reason("state_sync", declared))]
    entry = as_object(item, "contact")
    names = read_names(entry, phone="phone_number", user="user_id", parent="parent_user_id")
    name = as_text(entry, "full_name") or as_text(entry, "first_name")
    return [
        ContactNoted(
            provider_at=as_time(as_object(item, "metadata"), "timestamp"),
            person=_known(named_person(names, name, as_text(entry, "username"))),
            is_removed=as_text(item, "action").lower() == "remove",
        )
    ]


def _known(who: Person) -> Person:
    if not who.identities:
        raise Unparsable("the item does not say whom it is about")
    return who
