"""Facts about contacts."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ContactCreated(Event):
    type = "contact.created"
    contact_id: str


@dataclass(frozen=True, kw_only=True)
class ContactChanged(Event):
    type = "contact.changed"
    contact_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContactIdentityChanged(Event):
    """A provider knows the person by another number or id from now on."""

    type = "contact.identity_changed"
    contact_id: str


@dataclass(frozen=True, kw_only=True)
class ContactMerged(Event):
    """``merged_id`` was the same person: its identities and conversations are ``contact_id``'s now."""

    type = "contact.merged"
    contact_id: str
    merged_id: str


@dataclass(frozen=True, kw_only=True)
class ContactPreferenceChanged(Event):
    """The person stopped or resumed a category of messages, such as ``marketing``."""

    type = "contact.preference_changed"
    contact_id: str
    category: str
    is_wanted: bool
