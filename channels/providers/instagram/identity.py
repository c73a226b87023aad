"""Who an Instagram event is about: the account it reached, and the customer on the other side.

An Instagram-scoped id (IGSID) names a person to one account only. The account is the entry's
id; where that is a placeholder or, as in some of Meta's samples, the customer's own id, the two
sides of the event tell it.
"""

import re
from dataclasses import dataclass
from typing import Any

from channels.providers.events import Identity, Person
from channels.providers.meta.access import as_flag, as_object, as_text
from kernel.jsonsafe import storable_text

IGSID = "igsid"
IG_ID = "ig_id"

_ACCOUNT = re.compile(r"17841\d{12}", re.ASCII)  # the ids of professional accounts
_PLACEHOLDERS = ("", "0")  # what the dashboard's test button sends as the entry's id
_MAX_ID = 160


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The two ends of an event. ``is_ours``: the account acted, not the customer."""

    account: str
    customer: str = ""
    is_ours: bool = False

    @property
    def person(self) -> Person:
        """The customer; without an identity where the event names none."""
        return person(self.account, self.customer)


def read_sides(entry_id: str, event: Any) -> Sides:
    """Return who an item of ``messaging`` is about; ``sender`` and ``recipient`` may be missing."""
    sender, recipient = _id_of(event, "sender"), _id_of(event, "recipient")
    is_echo = as_flag(as_object(event, "message"), "is_echo")
    account = _account(clean_id(entry_id), sender, recipient, is_echo=is_echo)
    is_ours = is_echo or bool(sender and sender == account)
    customer = recipient if is_ours else sender
    return Sides(account=account, customer=customer, is_ours=is_ours)


def _account(entry_id: str, sender: str, recipient: str, *, is_echo: bool) -> str:
    ours, theirs = (sender, recipient) if is_echo else (recipient, sender)
    if entry_id in _PLACEHOLDERS:
        return ours or entry_id
    is_theirs = entry_id == theirs and _ACCOUNT.fullmatch(ours) and not _ACCOUNT.fullmatch(theirs)
    return ours if is_theirs else entry_id


def person(account: str, igsid: str, *, name: str = "", username: str = "") -> Person:
    """Return the customer whom ``account`` knows by this id; no identity for an empty id."""
    identity = Identity(kind=IGSID, value=igsid, scope=account)
    return Person(
        identities=(identity,) if igsid else (),
        name=storable_text(name).strip()[:200],
        username=storable_text(username).strip().lstrip("@")[:100],
    )


def clean_id(text: str) -> str:
    """Return an id without surrounding space; nothing for one too long to be Meta's."""
    text = storable_text(text.strip())
    return text if len(text) <= _MAX_ID else ""


def _id_of(event: Any, side: str) -> str:
    return clean_id(as_text(as_object(event, side), "id"))
