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
