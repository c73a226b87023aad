"""What people do to a conversation: permitted, versioned, told and audited; a refusal changes nothing."""

import threading

import pytest

from conversations.errors import (
    AnotherIsOpen,
    AssigneeUnknown,
    ConversationNotFound,
    StaleConversation,
)
from conversations.models import Conversation
from conversations.services.changes import assign_conversation, change_status, mark_read
from conversations.services.threads import next_numbers
from kernel.models import AuditEntry, DomainEvent
from kernel.mongo.doors import UniqueViolation
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import outside_scope
from tenants.access import acting
from tenants.errors import PermissionDenied
from tenants.models import Membership
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        world.conversation = factories.conversation()
        yield world


def kept():
    return (list(Conversation.objects.order_by("id").values()), AuditEntry.objects.count(),
            DomainEvent.objects.count())  # fmt: skip


def refused(error, operation):
    before = kept()
    with pytest.raises(error) as caught:
        operation()
    assert kept() == before
    return caught.value


def status(shop, to, **more):
    return change_status(conversation_id=shop.conversation.pk, status=to, **more)


def assign(shop, to, **more):
    return assign_conversation(conversation_id=shop.conversation.pk, assignee_id=to, **more)


def test_closing_and_opening_are_told_and_audited_with_before_and_after(shop):
    closed = status(shop, "closed")
    assert (closed.status, closed.active, closed.version, bool(closed.closed_at)) == (
        "closed",
        False,
        2,
        True,
    )
    opened = status(shop, "open")
    assert (opened.status, opened.active, opened.version, opened.closed_at) == (
        "open",
        True,
        3,
        None,
    )
    changes = [
        e.changes
        for e in AuditEntry.objects.filter(action="conversation.status_changed").order_by("id")
    ]
    assert changes == [{"status": ["open", "closed"]}, {"status": ["closed", "open"]}]
    events = DomainEvent.objects.filter(type="conversation.status_changed").order_by("id")
    assert [(e.data["before"], e.data["status"]) for e in events] == [
        ("open", "closed"),
        ("closed", "open"),
    ]


def test_the_same_status_again_changes_nothing(shop):
    before = kept()
    assert status(shop, "open").version == 1
    assert kept() == before


def test_only_one_conversation_of_a_contact_is_open_on_a_channel(shop):
    row = Conversation.objects.get()
    status(shop, "closed")
    factories.conversation(on=row.channel, with_=row.contact)
    refused(AnotherIsOpen, lambda: status(shop, "open"))
    refused(AnotherIsOpen, lambda: status(shop, "pending"))
    with pytest.raises(UniqueViolation):
        factories.conversation(on=row.channel, with_=row.contact)
    assert Conversation.objects.filter(active=True).count() == 1


def test_a_stale_version_is_refused_and_says_which_one_is_current(shop):
    status(shop, "pending", version=1)
    assert refused(StaleConversation, lambda: status(shop, "closed", version=1)).data == {
        "version": 2
    }
    assert refused(StaleConversation, lambda: assign(shop, None, version=1)).data == {"version": 2}
    assert status(shop, "closed", version=2).version == 3


def test_of_many_changes_at_once_to_one_version_one_wins(shop):
    told, gate = [], threading.Barrier(5)

    def run(to):
        with factories.inside(shop):
            gate.wait()
            try:
                status(shop, to, version=1)
            except StaleConversation:
                told.append(to)

    threads = [
        threading.Thread(target=run, args=(t,)) for t in ("closed", "pending") * 2 + ("closed",)
    ]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert Conversation.objects.get().version == 2
    assert len(told) == 4
    assert AuditEntry.objects.filter(action="conversation.status_changed").count() == 1


def test_assigning_to_a_member_and_to_nobody(shop):
    assert assign(shop, shop.owner.pk).assignee_id == shop.owner.pk
    assert assign(shop, None).assignee_id is None
    changes = [
        e.changes for e in AuditEntry.objects.filter(action="conversation.assigned").order_by("id")
    ]
    assert changes == [{"assignee": [None, shop.owner.pk]}, {"assignee": [shop.owner.pk, None]}]


def test_nobody_else_can_be_assigned(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
    gone = Membership.objects.create(user=factories.person(), role="agent", email="x@example.test",
                                     status=Membership.DISABLED)  # fmt: skip
    for stranger in (other.owner.pk, gone.pk, "f" * 24):
        error = refused(AssigneeUnknown, lambda s=stranger: assign(shop, s))
        assert error.errors[0]["field"] == "assignee_id"


def test_reading_clears_what_was_unread(shop):
    Conversation.objects.update(unread=True, unread_count=3)
    assert mark_read(conversation_id=shop.conversation.pk).unread_count == 0
    assert Conversation.objects.get().unread is False
    before = kept()
    mark_read(conversation_id=shop.conversation.pk)
    assert kept() == before


def test_a_viewer_changes_nothing(shop):
    with acting(factories.principal(shop, "viewer")):
        refused(PermissionDenied, lambda: status(shop, "closed"))
        refused(PermissionDenied, lambda: assign(shop, shop.owner.pk))


def test_another_tenants_conversation_is_not_there(shop, new_tenant):
    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            theirs = factories.conversation()
            before = kept()
    for operation in (
        lambda: change_status(conversation_id=theirs.pk, status="closed"),
        lambda: assign_conversation(conversation_id=theirs.pk, assignee_id=shop.owner.pk),
        lambda: mark_read(conversation_id=theirs.pk),
    ):
        refused(ConversationNotFound, operation)
    with outside_scope(), factories.inside(other):
        assert kept() == before


def test_removing_a_member_who_has_conversations_leaves_them_unassigned(shop):
    member = Membership.objects.create(
        user=factories.person(), role="agent", email="a@example.test"
    )
    assign(shop, member.pk)
    member.delete()
    assert Conversation.objects.get().assignee_id is None


def test_numbers_are_never_given_twice_and_survive_a_rollback(shop):
    def body():
        assert next_numbers("test", 3) == 1
        raise LookupError("no")

    with pytest.raises(LookupError):
        run_transaction(body)
    taken, gate = [], threading.Barrier(6)

    def run():
        with factories.inside(shop):
            gate.wait()
            for _ in range(5):
                taken.append(next_numbers("test", 2))

    threads = [threading.Thread(target=run) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(taken) == list(range(4, 64, 2))
