"""What was open with a member who is gone waits for anybody, however much it was."""

from datetime import timedelta

import pytest

from channels.models import Channel
from conversations.models import Conversation
from conversations.services.changes import change_status
from conversations.services.members import AT_ONCE
from conversations.services.threads import conversations_for
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, Lane
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.services.leaving import leave_tenant
from tenants.services.members import add_member, change_member, remove_member
from tests import factories


@pytest.fixture
def shop(world):
    with outside_scope():
        Lane.objects.filter(kind__in=["relay", "react"]).delete()
    with factories.inside(world):
        yield world


def work():
    with outside_scope():
        for _ in range(5):
            drain("relay", seconds=10)
            drain("react", seconds=10)


def hire():
    person = factories.person()
    return person, add_member(email=person.email, role="agent")


def having(member, count=1, **fields):
    channel = factories.channel()
    return [factories.conversation(on=channel, assignee=member, **fields) for _ in range(count)]


def of(member):
    return Conversation.objects.filter(assignee_id=member.pk)


def remove(person, member, shop):
    remove_member(member_id=member.pk)


def disable(person, member, shop):
    change_member(member_id=member.pk, status="disabled")


def leave(person, member, shop):
    with outside_scope():
        leave_tenant(person=person, tenant_id=shop.tenant.pk)


@pytest.mark.parametrize("end", [remove, disable, leave])
def test_open_ones_go_back_to_all_and_closed_ones_stay_whose_they_were(shop, end):
    person, member = hire()
    (opened,), (pending,) = having(member), having(member, status="pending")
    (closed,) = having(member, status="closed", active=False)
    (other,) = having(shop.owner)
    end(person, member, shop)
    work()
    rows = {row.pk: row for row in Conversation.objects.all()}
    assert [rows[one.pk].assignee_id for one in (opened, pending)] == [None, None]
    assert rows[opened.pk].version == opened.version + 1
    assert rows[closed.pk].assignee_id == member.pk
    assert (rows[other.pk].assignee_id, rows[other.pk].version) == (shop.owner.pk, other.version)
    entry = AuditEntry.objects.get(action="conversation.assigned", target_id=opened.pk)
    assert (entry.changes, entry.reason) == ({"assignee": [member.pk, None]}, "no longer a member")
    assigned = DomainEvent.objects.filter(type="conversation.assigned")
    assert {e.data["conversation_id"] for e in assigned} == {opened.pk, pending.pk}


def test_many_are_given_back_in_parts(shop):
    _, member = hire()
    having(member, 2 * AT_ONCE + 37)
    remove_member(member_id=member.pk)
    work()
    assert not of(member).exists()
    parts = DomainEvent.objects.filter(type="conversations.left_member").order_by("id")
    assert [(e.data["count"], e.data["is_more"]) for e in parts] == [
        (AT_ONCE, True), (AT_ONCE, True), (37, False)]  # fmt: skip
    assert AuditEntry.objects.filter(action="conversation.assigned").count() == 2 * AT_ONCE + 37


def test_who_is_back_before_it_is_their_turn_keeps_them_and_a_new_role_takes_nothing(shop):
    _, member = hire()
    having(member, 2)
    change_member(member_id=member.pk, status="disabled")
    change_member(member_id=member.pk, status="active")
    change_member(member_id=member.pk, role="viewer")
    work()
    assert of(member).count() == 2


def test_one_that_opens_again_is_nobodys_if_whose_it_was_is_gone(shop):
    _, member = hire()
    ended = {"status": "closed", "active": False, "closed_at": now() - timedelta(hours=1)}
    by_hand, by_customer = having(member, 2, **ended)
    (kept,) = having(shop.owner, **ended)
    remove_member(member_id=member.pk)
    work()
    assert change_status(conversation_id=by_hand.pk, status="open").assignee_id is None
    pairs = [(Channel.objects.get(pk=one.channel_id), one.contact) for one in (by_customer, kept)]
    run_transaction(lambda: conversations_for(pairs))
    rows = {row.pk: row for row in Conversation.objects.all()}
    assert (rows[by_customer.pk].status, rows[by_customer.pk].assignee_id) == ("open", None)
    assert (rows[kept.pk].status, rows[kept.pk].assignee_id) == ("open", shop.owner.pk)
