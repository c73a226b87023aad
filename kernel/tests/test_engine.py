"""The engine's queries: the filter first, then the order that an index serves, then joins and projection."""

import json
from datetime import timedelta

import pytest
from bson import ObjectId
from django.db import IntegrityError, connection
from django.db.models import F

from kernel.clock import now
from kernel.mongo.wire import wire_log
from kernel.scoping import tenant_scope
from tests.explain import assert_indexed
from tests.factories import Contact, ContactIdentity, Conversation, Message, channel, contact

PAGE = 25


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker):
    """Two tenants with 800 conversations each; the tests here only read them."""
    from accounts.models import User
    from tenants.services.tenant import create_tenant

    with django_db_blocker.unblock():
        made = []
        for slug in ("engine-a", "engine-b"):
            user = User.objects.create_user(f"{slug}@example.test", None)
            tenant = create_tenant(maker=user, name=slug, slug=slug)
            with tenant_scope(tenant):
                fill()
            made.append(tenant)
        connection.database.command("planCacheClear", "conversations")
        yield made[0]


def fill():
    on = channel()
    contacts = [Contact(name=f"c{n}", phone=f"{n:09d}") for n in range(800)]
    Contact.objects.bulk_create(contacts)
    ContactIdentity.objects.bulk_create(
        ContactIdentity(contact=c, kind="wa_id", value=c.phone) for c in contacts
    )
    at = now()
    Conversation.objects.bulk_create(
        Conversation(
            number=n, channel=on, channel_kind="whatsapp", contact=c, contact_name=c.name,
            status=("open", "closed")[n % 2], active=n % 2 == 0,
            last_activity_at=at - timedelta(seconds=n * 7 % 800),
        )
        for n, c in enumerate(contacts)
    )  # fmt: skip


@pytest.fixture
def scope(shop):
    with tenant_scope(shop):
        yield shop


def sent_by(operation):
    with wire_log.record() as sent:
        result = operation()
    return result, [c for c in sent if c.name != "getMore"]


def pipeline_of(operation):
    _, (command,) = sent_by(operation)
    return command.body["pipeline"]


def stages(operation):
    return [next(iter(stage)) for stage in pipeline_of(operation)]


OPEN = {"status": "open"}
ORDER = ("-last_activity_at", "-id")


def recent():
    return Conversation.objects.filter(**OPEN).order_by(*ORDER)


def test_order_by_leaves_the_index_to_the_sort(scope):
    pipeline = pipeline_of(lambda: list(recent()[:PAGE]))
    assert [next(iter(s)) for s in pipeline] == ["$match", "$sort", "$limit"]
    assert pipeline[0] == {
        "$match": {"$and": [{"tenantId": ObjectId(scope.pk)}, {"status": "open"}]}
    }
    assert pipeline[1] == {"$sort": {"last_activity_at": -1, "_id": -1}}


@pytest.mark.parametrize("narrow", [
    lambda q: q.values("id", "number"),
    lambda q: q.values_list("number", flat=True),
    lambda q: q.only("number"),
    lambda q: q.defer("last_message"),
])  # fmt: skip
def test_a_projection_comes_after_the_page(scope, narrow):
    found = stages(lambda: list(narrow(recent())[:PAGE]))
    assert found[:3] == ["$match", "$sort", "$limit"]
    assert set(found[3:]) <= {"$project"}
    rows, sent = sent_by(lambda: list(narrow(recent())[:PAGE]))
    assert len(rows) == PAGE
    assert_indexed(sent)


def test_an_offset_is_served_by_the_same_index(scope):
    assert stages(lambda: list(recent()[50:75])) == ["$match", "$sort", "$skip", "$limit"]


def test_the_page_is_right(scope):
    every = sorted(
        Conversation.objects.all(), key=lambda c: (c.last_activity_at, c.pk), reverse=True
    )
    expected = [c.pk for c in every if c.status == "open"]
    assert [c.pk for c in recent()] == expected
    assert [c.pk for c in recent()[10:20]] == expected[10:20]
    assert list(recent().values_list("id", flat=True)[:5]) == expected[:5]
    assert [c.pk for c in recent().select_related("contact")[:5]] == expected[:5]


def test_a_list_reads_exactly_what_it_returns(scope):
    rows, sent = sent_by(lambda: list(recent()[:PAGE]))
    (plan,) = assert_indexed(sent)
    assert (len(rows), plan.examined, plan.indexes) == (PAGE, PAGE, ("list_status",))


def test_prefetch_is_a_plain_in(scope):
    rows, sent = sent_by(lambda: list(recent().prefetch_related("contact")[:PAGE]))
    assert [c.collection for c in sent] == ["conversations", "contacts"]
    match = sent[1].body["pipeline"][0]["$match"]
    assert "$expr" not in json.dumps(match, default=str)
    assert [r.contact.name for r in rows] == [r.contact_name for r in rows]
    assert_indexed(sent)


def test_reverse_prefetch_reads_by_index(scope):
    people = Contact.objects.order_by("-id")
    rows, sent = sent_by(lambda: list(people.prefetch_related("identities")[:PAGE]))
    assert [len(r.identities.all()) for r in rows] == [1] * PAGE
    assert_indexed(sent)


def test_select_related_joins_after_the_page_and_inside_the_tenant(scope):
    rows, sent = sent_by(lambda: list(recent().select_related("contact", "assignee")[:PAGE]))
    pipeline = sent[0].body["pipeline"]
    assert [next(iter(s)) for s in pipeline][:3] == ["$match", "$sort", "$limit"]
    for stage in pipeline:
        if "$lookup" in stage:
            assert stage["$lookup"]["pipeline"][0] == {"$match": {"tenantId": ObjectId(scope.pk)}}
    assert [r.contact.name for r in rows] == [r.contact_name for r in rows]
    assert [r.assignee for r in rows] == [None] * PAGE
    assert_indexed(sent)


def test_a_filter_across_a_relation_starts_with_the_local_filter(scope):
    operation = lambda: list(Conversation.objects.filter(contact__phone="000000004", **OPEN))  # noqa: E731
    pipeline = pipeline_of(operation)
    assert next(iter(pipeline[0])) == "$match"
    assert {"tenantId": ObjectId(scope.pk)} in pipeline[0]["$match"]["$and"]
    assert [c.contact_name for c in operation()] == ["c4"]


def test_a_filter_across_a_relation_cannot_page_before_the_join(scope):
    found = Conversation.objects.filter(contact__phone__in=["000000004", "000000008"]).order_by(
        "number"
    )
    assert [c.number for c in found[:1]] == [4]
    assert [c.number for c in found[1:2]] == [8]


def test_a_unique_lookup_uses_its_index(scope):
    identity, sent = sent_by(
        lambda: ContactIdentity.objects.get(kind="wa_id", scope="", value="000000017")
    )
    (plan,) = assert_indexed(sent)
    assert (identity.value, plan.indexes) == ("000000017", ("identity_once",))


def test_the_first_row_of_a_unique_key_is_looked_up_and_not_searched_in_the_order_of_ids(scope):
    where = {"kind": "wa_id", "scope": "", "value": "000000600"}
    assert stages(lambda: ContactIdentity.objects.filter(**where).first()) == ["$match", "$limit"]
    found, sent = sent_by(lambda: ContactIdentity.objects.filter(**where).first())
    (plan,) = assert_indexed(sent)
    assert (found.value, plan.examined, plan.indexes) == ("000000600", 1, ("identity_once",))
    partly = ContactIdentity.objects.filter(kind="wa_id").order_by("-value")
    assert stages(lambda: partly.first()) == ["$match", "$sort", "$limit"]
    assert [i.value for i in partly[:2]] == ["000000799", "000000798"]
    several = ContactIdentity.objects.filter(
        kind="wa_id", scope="", value__in=["000000001", "000000002"]
    )
    assert [i.value for i in several.order_by("-value")] == ["000000002", "000000001"]


def test_a_partial_unique_index_serves_the_lookup_that_states_its_condition(scope):
    any_open = Conversation.objects.filter(active=True).first()
    where = {"channel": any_open.channel_id, "contact": any_open.contact_id, "active": True}
    rows, sent = sent_by(lambda: list(Conversation.objects.filter(**where)))
    assert len(rows) == 1
    assert_indexed(sent)


def test_a_primary_key_lookup_reads_one_document(scope):
    some = Contact.objects.order_by("-id")[3].pk
    _, sent = sent_by(lambda: Contact.objects.get(pk=some))
    (plan,) = assert_indexed(sent)
    assert plan.examined == 1


def test_annotations_unions_and_aggregates_still_answer_rightly(scope):
    from django.db.models import Count, Max, Q

    by_alias = Conversation.objects.values(n=F("number")).order_by("-n")[:2]
    assert list(by_alias) == [{"n": 799}, {"n": 798}]
    rows = Conversation.objects.annotate(twice=F("number") * 2).order_by("-twice")[:3]
    assert [r.twice for r in rows] == [1598, 1596, 1594]
    totals = Conversation.objects.aggregate(n=Count("id"), most=Max("number"))
    assert totals == {"n": 800, "most": 799}
    grouped = Conversation.objects.values("status").annotate(n=Count("id")).order_by("status")
    assert list(grouped) == [{"status": "closed", "n": 400}, {"status": "open", "n": 400}]
    low, high = (
        Conversation.objects.filter(number__lt=2),
        Conversation.objects.filter(number__gt=797),
    )
    assert sorted(low.union(high).values_list("number", flat=True)) == [0, 1, 798, 799]
    either = Conversation.objects.filter(Q(number=3) | Q(contact__phone="000000005"))
    assert sorted(either.values_list("number", flat=True)) == [3, 5]


def test_plain_and_partial_unique_indexes():
    def partial(collection, name):
        return (
            connection.database[collection].index_information()[name].get("partialFilterExpression")
        )

    assert partial("contact_identities", "identity_once") is None
    assert partial("messages", "message_once") is None
    assert partial("messages", "message_order") is None
    assert partial("conversations", "conversation_one_active") == {"active": {"$eq": True}}
    assert partial("domain_events", "event_number") == {"number": {"$gt": 0}}


def test_uniqueness_holds_inside_a_tenant_and_not_between_two(new_tenant):
    one, two = new_tenant(), new_tenant()
    for world in (one, two):
        with tenant_scope(world.tenant):
            ContactIdentity.objects.create(contact=contact(), kind="wa_id", value="4711")
    with tenant_scope(two.tenant):
        with pytest.raises(IntegrityError):
            ContactIdentity.objects.create(contact=contact(), kind="wa_id", value="4711")
        assert ContactIdentity.objects.filter(value="4711").count() == 1
        assert Message.objects.count() == 0


def test_a_migration_waits_for_an_index_as_long_as_it_takes():
    """Its commands carry a deadline of a day, which replaces the seconds after which others give up."""
    from pymongo import _csot

    with connection.schema_editor() as editor:
        assert _csot.remaining() > 3600
        editor.get_collection("contacts").index_information()
    assert _csot.remaining() is None
