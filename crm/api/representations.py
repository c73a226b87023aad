"""How contacts look in answers."""

from collections.abc import Iterable
from typing import Any

from config.api.rendering import moment
from crm.models import Contact
from crm.selectors import identities_of

Json = dict[str, Any]


def contact_json(contact: Contact) -> Json:
    return {
        "id": contact.pk,
        "name": contact.name,
        "username": contact.username,
        "phone": contact.phone,
        "email": contact.email,
        "attributes": contact.attributes,
        "preferences": contact.preferences,
        "blocked": contact.blocked,
        "merged_into_id": contact.merged_into_id or None,
        "version": contact.version,
        "created_at": moment(contact.created_at),
        "updated_at": moment(contact.updated_at),
        "last_seen_at": moment(contact.last_seen_at),
    }


def contacts_json(contacts: Iterable[Contact]) -> list[Json]:
    return [contact_json(contact) for contact in contacts]


def one_contact_json(contact: Contact) -> Json:
    """A contact with how each provider knows it."""
    known = identities_of([contact.pk])[contact.pk]
    identities = [
        {"kind": identity.kind, "value": identity.value, "retired": bool(identity.retired)}
        for identity in known
    ]
    return {**contact_json(contact), "identities": identities}
