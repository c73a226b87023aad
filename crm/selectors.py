"""Reads of contacts."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from crm.errors import ContactNotFound
from crm.models import Contact, ContactIdentity
from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_rows
from tenants.access import require
from tenants.needs import any_of
from tenants.permissions import Permission


def list_contacts(*, phone: str = "") -> QuerySet[Contact]:
    """Contacts, newest first; with ``phone`` those of exactly that number (digits).

    Without those who turned out to be somebody else. Contacts are the whole tenant's: whoever reads
    them reads all of them, whichever conversations they see.
    """
    require(Permission.CONTACTS_READ)
    contacts = Contact.objects.filter(merged_into_id="")
    return contacts.filter(phone=phone.lstrip("+")) if phone else contacts


def get_contact(contact_id: str) -> Contact:
    """One contact; raises ``ContactNotFound``. For a caller that may read or change contacts."""
    require(any_of(Permission.CONTACTS_READ, Permission.CONTACTS_WRITE))
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        raise ContactNotFound
    return contact


def identities_of(contact_ids: Iterable[str]) -> dict[str, list[ContactIdentity]]:
    """The identities of each contact, strongest (oldest) first, those they gave up last."""
    found: dict[str, list[ContactIdentity]] = defaultdict(list)
    rows = find_rows(
        ContactIdentity, {"contact_id": {"$in": [ObjectId(id_) for id_ in contact_ids]}}
    )
    # A few rows: MongoDB would sort them too.
    for identity in sorted(rows, key=lambda row: (bool(row.retired), row.pk)):
        found[identity.contact_id].append(identity)
    return found


def count_contacts(most: int) -> int:
    """How many contacts the tenant has, counted no further than ``most``."""
    return len(Contact.objects.values_list("pk")[:most])
