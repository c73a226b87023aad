"""Reads of contacts."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from crm.errors import ContactNotFound
from crm.models import Contact, ContactIdentity
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_rows


def list_contacts(*, phone: str = "") -> QuerySet[Contact]:
    """Contacts, newest first; with ``phone`` those of exactly that number (digits)."""
    contacts = Contact.objects.all()
    return contacts.filter(phone=phone.lstrip("+")) if phone else contacts


def get_contact(contact_id: str) -> Contact:
    """One contact; raises ``ContactNotFound``."""
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        raise ContactNotFound
    return contact


def identities_of(contact_ids: Iterable[str]) -> dict[str, list[ContactIdentity]]:
    """The identities of each contact, strongest (oldest) first."""
    found: dict[str, list[ContactIdentity]] = defaultdict(list)
    rows = find_rows(
        ContactIdentity, {"contact_id": {"$in": [ObjectId(id_) for id_ in contact_ids]}}
    )
    for identity in sorted(rows, key=lambda row: row.pk):  # a few rows: MongoDB would sort too
        found[identity.contact_id].append(identity)
    return found
