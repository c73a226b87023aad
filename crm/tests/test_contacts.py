"""Changing a contact by hand."""

import pytest

from crm.errors import ContactNotFound, StaleContact
from crm.models import Contact
from crm.selectors import list_contacts
from crm.services.contacts import change_contact
from kernel.models import AuditEntry, DomainEvent
from kernel.scoping.context import outside_scope
from tenants.access import acting
from tenants.errors import InvalidFields, PermissionDenied
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        world.contact = factories.contact(name="Noa", phone="972501234567")
        yield world


def kept():
    return list(Contact.objects.values()), AuditEntry.objects.count(), DomainEvent.objects.count()


def refused(error, operation):
    before = kept()
    with pytest.raises(error):
        operation()
    assert kept() == before


def test_a_change_counts_the_version_and_keeps_values_out_of_the_log(shop):
    changed = change_contact(
        contact_id=shop.contact.pk, version=1, name="Noa Levi", email="n@example.test"
    )
    assert (changed.name, changed.email, changed.version) == ("Noa Levi", "n@example.test", 2)
    entry = AuditEntry.objects.get(action="contact.changed")
    assert entry.changes == {"name": None, "email": None}
    assert "Noa" not in str(entry.changes) + str(
        DomainEvent.objects.get(type="contact.changed").data
    )


def test_refusals_change_nothing(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            theirs = factories.contact()
    pk = shop.contact.pk
    refused(StaleContact, lambda: change_contact(contact_id=pk, version=7, name="x"))
    refused(InvalidFields, lambda: change_contact(contact_id=pk, email="not an address"))
    refused(InvalidFields, lambda: change_contact(contact_id=pk, name="x" * 201))
    refused(ContactNotFound, lambda: change_contact(contact_id=theirs.pk, name="x"))
    with acting(factories.principal(shop, "viewer")):
        refused(PermissionDenied, lambda: change_contact(contact_id=pk, name="x"))


def test_a_list_by_phone_is_exact(shop):
    factories.contact(phone="9725012345678")
    assert [c.pk for c in list_contacts(phone="+972501234567")] == [shop.contact.pk]
    assert list_contacts().count() == 2
