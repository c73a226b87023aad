"""Who a WhatsApp webhook is about: phone ids, business-scoped ids, and the matching contact.

Since 2026 a person may come with a phone (``wa_id``), a business-scoped user id (BSUID), or
both, and a BSUID has been seen in the place of the phone. A contact entry and an item may also
spell one phone differently, because three countries' numbers gain or lose a digit on the way.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from channels.providers.events import Identity, Person
from channels.providers.whatsapp.access import as_object, as_objects, as_text
from kernel.jsonsafe import storable_text

WA_ID = "wa_id"
BSUID = "bsuid"
PARENT_BSUID = "parent_bsuid"

_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9 ().-]*[0-9][0-9 ().-]*", re.ASCII)
_NOT_DIGITS = re.compile(r"[^0-9]")
_OPTIONAL_DIGIT = {"55": (4, "9"), "52": (2, "1"), "54": (2, "9")}
_MAX_ID = 160  # the longest documented id has 135 characters


@dataclass(frozen=True, kw_only=True)
class Names:
    """The ids one object gives for a person; empty where it gives none."""

    phone: str = ""
    bsuid: str = ""
    parent: str = ""

    @property
    def order_key(self) -> str:
        """The name that keeps this person's items in one lane; the phone when there is one."""
        return self.phone or self.bsuid or self.parent


def read_names(source: Any, *, phone: str, user: str = "", parent: str = "") -> Names:
    """Return the ids under those keys, moving a BSUID found in the phone's place."""
    number = _clean(as_text(source, phone))
    bsuid = _clean(as_text(source, user)) if user else ""
    parent_id = _clean(as_text(source, parent)) if parent else ""
    if is_bsuid(number):
        if ".ENT." in number:
            parent_id = parent_id or number
        else:
            bsuid = bsuid or number
        number = ""
    return Names(phone=phone_digits(number), bsuid=bsuid, parent=parent_id)


def message_names(message: Any) -> Names:
    """Return the ids of a message's sender.

    The notice that somebody's id or number changed may name them only inside ``system``; the
    ids from before the change come first, because what that person wrote is filed under them.
    """
    names = _sender_names(message)
    if names.order_key:
        return names
    before, after = changed_names(message)
    return before if before.order_key else after


def changed_names(message: Any) -> tuple[Names, Names]:
    """Return the ids of a ``system`` message's person before and after the change.

    The sentence in ``system.body`` is never read for ids: it holds the customer's own name for
    themselves, and who is called "changed from … to …" would take over somebody else's thread.
    """
    system = as_object(message, "system")
    after = read_names(system, phone="wa_id", user="user_id", parent="parent_user_id")
    renamed = read_names(system, phone="new_wa_id")
    after = replace(after, phone=renamed.phone or after.phone)
    told = read_names(
        system, phone="customer", user="previous_user_id", parent="previous_parent_user_id"
    )
    sender = _sender_names(message)
    before = Names(
        phone=sender.phone or told.phone,
        bsuid=told.bsuid or _unless(sender.bsuid, after.bsuid),
        parent=told.parent or _unless(sender.parent, after.parent),
    )
    return before, after


def _unless(text: str, taken: str) -> str:
    """Return ``text``, but nothing where it already is the new value."""
    return "" if text == taken else text


def _sender_names(message: Any) -> Names:
    return read_names(message, phone="from", user="from_user_id", parent="from_parent_user_id")


def echo_names(echo: Any) -> Names:
    """Return the ids of the customer to whom the business wrote."""
    names = read_names(echo, phone="to", user="to_user_id", parent="to_parent_user_id")
    asked = _clean(as_text(echo, "recipient"))  # as a request names a hidden number
    if is_bsuid(asked) and not names.bsuid:
        names = replace(names, bsuid=asked)
    return names if names.order_key else status_names(echo)


def call_names(call: Any, our_phone: str = "") -> Names:
    """Return the ids of the customer in a call: who called, or whom the business called.

    ``our_phone`` tells the two apart where the call does not say its direction.
    """
    caller, called = _sender_names(call), echo_names(call)
    ours = is_same_phone(caller.phone, our_phone)
    if direction := as_text(call, "direction").upper():
        ours = direction.startswith("BUSINESS")
    first, second = (
        replace(names, phone="") if is_same_phone(names.phone, our_phone) else names
        for names in ((called, caller) if ours else (caller, called))
    )
    return first if first.order_key else second


def status_names(status: Any) -> Names:
    """Return the ids of a status's recipient; in a group, of the participant it is about."""
    if as_text(status, "recipient_type") == "group" and not _names_participant(status):
        return Names()
    kind = "recipient_participant" if _names_participant(status) else "recipient"
    return read_names(
        status, phone=f"{kind}_id", user=f"{kind}_user_id", parent=f"{kind}_parent_user_id"
    )


def contact_names(contact: Any) -> Names:
    """Return the ids of an entry of ``value.contacts``."""
    return read_names(contact, phone="wa_id", user="user_id", parent="parent_user_id")


def is_bsuid(text: str) -> bool:
    """Return whether ``text`` has the form of a business-scoped id, parent form included."""
    return _BSUID.fullmatch(text) is not None


def phone_digits(text: str) -> str:
    """Return a phone's digits; an id that is no phone stays as it is, so nobody is lost."""
    if text.isdigit() and text.isascii():
        return text
    return _NOT_DIGITS.sub("", text) if _PHONE.fullmatch(text) else text


def canonical_phone(phone: str) -> str:
    """Return a phone without the digit that some spellings leave out, for comparing only.

    Brazil's ninth digit, Mexico's ``1`` and Argentina's ``9`` after the country code.
    """
    position, digit = _OPTIONAL_DIGIT.get(phone[:2], (0, ""))
    if len(phone) == 13 and digit and phone[position] == digit:
        return phone[:position] + phone[position + 1 :]
    return phone


def is_same_phone(one: str, other: str) -> bool:
    """Return whether two spellings are one phone; no phone is nobody's."""
    return bool(one) and canonical_phone(phone_digits(one)) == canonical_phone(phone_digits(other))


def matches(names: Names, contact: Names) -> bool:
    """Return whether an item and a contact entry share an id."""
    if is_same_phone(names.phone, contact.phone):
        return True
    return bool(names.bsuid and names.bsuid == contact.bsuid)


def contradicts(names: Names, contact: Names) -> bool:
    """Return whether an item and a contact entry name different people."""
    if matches(names, contact):
        return False
    return bool((names.phone and contact.phone) or (names.bsuid and contact.bsuid))


def person(names: Names, contacts: list[dict[str, Any]]) -> Person:
    """Return the person with all ids the item and its contact entry give, the phone first."""
    contact = _best_contact(names, contacts)
    theirs = contact_names(contact)
    profile = as_object(contact, "profile")
    identities = dict.fromkeys(
        Identity(kind=kind, value=value)
        for kind, value in (
            (WA_ID, names.phone),
            (WA_ID, theirs.phone),
            (BSUID, names.bsuid or theirs.bsuid),
            (PARENT_BSUID, names.parent or theirs.parent),
        )
        if value
    )
    return Person(
        identities=tuple(identities),
        name=_shown(as_text(profile, "name"), 200),
        username=_shown(as_text(profile, "username"), 100).lstrip("@"),
        phone=_e164(names.phone or theirs.phone),
    )


def named_person(names: Names, name: str, username: str = "") -> Person:
    """Return a person who is called ``name`` by somebody other than themselves."""
    return replace(
        person(names, []), name=_shown(name, 200), username=_shown(username, 100).lstrip("@")
    )


def _shown(text: str, limit: int) -> str:
    return storable_text(text).strip()[:limit]


def own_phone(card: Any) -> Identity | None:
    """Return the one WhatsApp number of a contact card, or None where it has none or several."""
    phones = [
        read_names(phone, phone="wa_id").phone or read_names(phone, phone="phone").phone
        for phone in as_objects(card, "phones")
    ]
    numbers = {phone for phone in phones if _e164(phone)}
    return Identity(kind=WA_ID, value=numbers.pop()) if len(numbers) == 1 else None


def contacts_of(body: Any) -> list[dict[str, Any]]:
    """Return the contact entries an exploded item carries."""
    return as_objects(body, "contacts")


def _best_contact(names: Names, contacts: list[dict[str, Any]]) -> dict[str, Any]:
    for contact in contacts:
        if matches(names, contact_names(contact)):
            return contact
    lone = contacts[0] if len(contacts) == 1 else {}
    return {} if contradicts(names, contact_names(lone)) else lone


def _names_participant(status: Any) -> bool:
    return any(
        as_text(status, key)
        for key in ("recipient_participant_id", "recipient_participant_user_id")
    )


def _clean(text: str) -> str:
    if not text:
        return ""
    text = text.strip()
    return storable_text(text) if len(text) <= _MAX_ID else ""


def _e164(phone: str) -> str:
    return f"+{phone}" if phone.isascii() and phone.isdigit() else ""
