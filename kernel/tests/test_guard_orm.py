"""What Django itself sends behind the manager's back: joins, cascades, collectors."""

import pytest
from bson import ObjectId
from django.db import connection
from django.db.models.deletion import Collector

from kernel.scoping import Reason, unscoped
from tests.factories import (
    Contact,
    ContactIdentity,
    Conversation,
    contact,
    conversation,
    identity,
)


def test_a_corrupted_reference_shows_nothing_of_another_tenant(two):
    row = conversation()
    raw = connection.database["conversations"]
    mine = {"_id": ObjectId(row.pk), "tenantId": two.ours_id}
    raw.update_one(mine, {"$set": {"contact_id": ObjectId(two.theirs.pk)}})
    joined = Conversation.objects.select_related("contact")
    assert [c.contact.name for c in joined.filter(pk=row.pk)] in ([], [None])
    assert [c.contact.name for c in joined.order_by("-id")[:5]] in ([], [None])
    (plain,) = Conversation.objects.filter(pk=row.pk).prefetch_related("contact")
    with pytest.raises(Contact.DoesNotExist):
        assert plain.contact.name != "theirs"
    assert not Conversation.objects.filter(contact__name="theirs").exists()
    raw.delete_one(mine)
    Contact.objects.filter(name__startswith="Contact ").delete()


def test_a_cascade_stays_inside_the_tenant(two):
    """Deleting a contact takes its identities; one that wrongly points here from elsewhere stays."""
    mine = identity(contact())
    with unscoped(Reason.MIGRATE):
        foreign = ContactIdentity(
            tenant_id=two.one.tenant.pk, contact_id=mine.contact_id, kind="x", value="x"
        )
        foreign.save(force_insert=True)
    Contact.objects.get(pk=mine.contact_id).delete()
    assert not ContactIdentity.objects.filter(pk=mine.pk).exists()
    with unscoped(Reason.AUDIT_INTEGRITY):
        assert ContactIdentity.objects.get(pk=foreign.pk).contact_id == mine.contact_id


def test_a_collector_delete_of_a_foreign_instance_deletes_nothing(two):
    theirs = Contact(pk=two.theirs.pk, tenant_id=two.one.tenant.pk, name="theirs")
    collector = Collector(using="default", origin=theirs)
    collector.add([theirs])
    collector.delete()
