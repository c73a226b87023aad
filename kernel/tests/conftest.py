"""Two tenants that tests of the guard share, because none of them may change anything."""

import pytest
from bson import ObjectId

from kernel.scoping import tenant_scope
from tests.factories import Contact, contact, new_world


class Two:
    """Two tenants with a contact each; the second one is active."""

    def __init__(self, one, two):
        self.theirs_id, self.ours_id = ObjectId(one.tenant.pk), ObjectId(two.tenant.pk)
        self.one, self.two = one, two
        with tenant_scope(one.tenant):
            self.theirs = contact(name="theirs")
        with tenant_scope(two.tenant):
            self.ours = contact(name="ours")
        self.before = self.rows()

    def untouched(self):
        """Both rows are as they were, and there are no others."""
        return self.rows() == self.before

    def rows(self):
        kept = []
        for world in (self.one, self.two):
            with tenant_scope(world.tenant):
                kept += list(Contact.objects.values_list("id", "name", "tenant_id"))
        return kept


@pytest.fixture(scope="module")
def both(django_db_setup, django_db_blocker):
    """Every test here leaves them as they were, so one pair serves all."""
    with django_db_blocker.unblock():
        yield Two(new_world(), new_world())


@pytest.fixture
def two(both):
    with tenant_scope(both.two.tenant):
        yield both
    assert both.untouched()
