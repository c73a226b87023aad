"""Changing a contact by hand."""

from typing import Any

from crm.errors import StaleContact
from crm.events import ContactChanged
from crm.models import Contact
from crm.selectors import get_contact
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.transactions import transactional
from tenants.access import require
from tenants.permissions import Permission
from tenants.services.validation import validated


@transactional
def change_contact(*, contact_id: str, version: int | None = None, **changes: Any) -> Contact:
    """Change fields; with ``version`` only if nobody changed the contact since (``StaleContact``)."""
    require(Permission.CONTACTS_WRITE)
    contact = get_contact(contact_id)
    if version is not None and version != contact.version:
        raise StaleContact(f"it is at version {contact.version}", version=contact.version)
    for name, value in changes.items():
        setattr(contact, name, value)
    contact.version, contact.updated_at = contact.version + 1, now()
    validated(contact, exclude=("attributes",))
    contact.save(update_fields=[*changes, "version", "updated_at"])
    # Names of the fields only: what they hold is personal.
    audit.record("contact.changed", contact, dict.fromkeys(changes))
    emit(ContactChanged(contact_id=contact.pk, fields=tuple(changes)))
    return contact
