"""A contact is found by what a provider knows of them, never by phone alone."""

from dataclasses import dataclass

import pytest

from crm.models import Contact, ContactIdentity
from crm.services.resolve import resolve_contacts
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope


@dataclass(frozen=True, kw_only=True)
class Identity:
    kind: str
    value: str
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Person:
    identities: tuple[Identity, ...]
    name: str = ""
    username: str = ""
    phone: str = ""


WA = Identity(kind="wa_id", value="972501234567")
BSUID = Identity(kind="bsuid", value="IL.482133")


def person(*identities, name="Noa", phone="", username=""):
    return Person(identities=identities, name=name, phone=phone, username=username)


@pytest.fixture(autouse=True)
def scope(world):
    with tenant_scope(world.tenant):
        yield


def resolved(*people):
    return run_transaction(lambda: resolve_contacts(people))


def test_a_new_person_is_made_once_with_all_identities():
    found = resolved(person(WA, BSUID, phone="+972501234567"))
    assert {c.pk for c in found.values()} == {Contact.objects.get().pk}
    assert sorted(ContactIdentity.objects.values_list("kind", flat=True)) == ["bsuid", "wa_id"]
    again = resolved(person(WA), person(BSUID))
    assert {c.pk for c in again.values()} == {Contact.objects.get().pk}
    assert ContactIdentity.objects.count() == 2


def test_two_statements_of_one_person_in_a_batch_are_one_contact():
    resolved(person(WA), person(WA, BSUID), person(BSUID))
    assert Contact.objects.count() == 1
    assert ContactIdentity.objects.count() == 2


def test_somebody_who_hides_their_number_later_is_still_the_same():
    first = resolved(person(WA, BSUID))
    later = resolved(person(BSUID, name="Noa L."))
    assert next(iter(later.values())).pk == next(iter(first.values())).pk
    assert Contact.objects.get().name == "Noa"


def test_what_an_agent_wrote_is_never_overwritten_and_what_is_empty_is_filled():
    resolved(person(WA, name=""))
    Contact.objects.update(name="Dr. Levi")
    resolved(person(WA, name="Noa", phone="+972501234567", username="noa.l"))
    contact = Contact.objects.get()
    assert (contact.name, contact.phone, contact.username) == ("Dr. Levi", "+972501234567", "noa.l")


def test_the_same_phone_is_not_the_same_person():
    resolved(person(WA, phone="+1555"), person(Identity(kind="wa_id", value="1556"), phone="+1555"))
    assert Contact.objects.count() == 2


def test_a_person_without_identities_is_nobody():
    assert resolved(person()) == {}
    assert Contact.objects.count() == 0


def test_a_scope_separates_ids_that_mean_nothing_elsewhere():
    one, two = (Identity(kind="igsid", value="7", scope=s) for s in ("a", "b"))
    resolved(person(one), person(two))
    assert Contact.objects.count() == 2


def test_another_tenants_person_is_another_contact(new_tenant):
    resolved(person(WA))
    with outside_scope(), tenant_scope(new_tenant().tenant):
        resolved(person(WA))
        assert Contact.objects.count() == 1
