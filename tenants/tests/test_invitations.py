"""Invitations: one open for each address, accepted once, by whoever has the address, while it holds."""

import re
import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as outbox

from accounts.models import User
from kernel import work
from kernel.clock import now
from kernel.models import AuditEntry, Lane
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from tenants.access import acting
from tenants.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationClosed,
    InvitationForAnother,
    InvitationNotFound,
    LimitReached,
    RoleTooHigh,
    TenantSuspended,
)
from tenants.models import Invitation, InvitationMail, Membership
from tenants.principals import principal_of_member
from tenants.services.invitations import invite, resend_invitation, revoke_invitation
from tenants.services.joining import accept_invitation, is_invited
from tenants.services.limits import set_limits
from tenants.services.members import add_member, change_member, remove_member
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories

TOKEN = re.compile(r"#token=(\S+)")


@pytest.fixture
def shop(world, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.outbox = []
    with outside_scope():
        Lane.objects.filter(kind="invite").delete()
    with factories.inside(world):
        yield world


def post():
    """The worker's turn; the links that it wrote, by address."""
    outbox.outbox.clear()
    with outside_scope():
        drain("invite", seconds=5)
    return {letter.to[0]: TOKEN.search(letter.body)[1] for letter in outbox.outbox}


def accept(person, token):
    with outside_scope():
        return accept_invitation(person=person, token=token, ip="192.0.2.1")


def invited(role="agent"):
    person = factories.person()
    invitation = invite(email=person.email.upper(), role=role)
    return person, invitation, post()[person.email]


def test_an_invitation_makes_a_member_once(shop):
    person, invitation, token = invited()
    tenant, member = accept(person, token)
    assert (tenant.pk, member.role, member.user_id) == (shop.tenant.pk, "agent", person.pk)
    for _ in range(2):
        with pytest.raises(InvitationClosed):
            accept(person, token)
    assert Membership.objects.filter(user_id=person.pk).count() == 1
    entry = AuditEntry.objects.get(action="invitation.accepted", target_id=invitation.pk)
    assert (entry.actor_kind, entry.user_id, entry.ip) == ("person", person.pk, "192.0.2.1")


def test_of_twenty_who_accept_at_once_one_does(shop):
    person, _, token = invited()
    gate, results = threading.Barrier(20), []

    def run():
        gate.wait()
        try:
            results.append(accept_invitation(person=person, token=token)[1].pk)
        except (InvitationClosed, AlreadyMember):
            results.append(None)

    threads = [threading.Thread(target=run) for _ in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(results) == 20 and len([r for r in results if r]) == 1
    assert Membership.objects.filter(user_id=person.pk).count() == 1
    assert AuditEntry.objects.filter(action="invitation.accepted").count() == 1


def test_of_fifty_invitations_of_one_address_at_once_one_is_open(shop):
    gate, results = threading.Barrier(50), []

    def run():
        with factories.inside(shop):
            gate.wait()
            try:
                results.append(invite(email="grace@example.test", role="agent").pk)
            except AlreadyInvited:
                results.append(None)

    threads = [threading.Thread(target=run) for _ in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(results) == 50 and len([r for r in results if r]) == 1
    assert Invitation.objects.count() == InvitationMail.objects.count() == 1


def test_a_link_is_for_its_address_alone(shop, settings):
    person, _, token = invited()
    stranger = factories.person()
    with pytest.raises(InvitationForAnother):
        accept(stranger, token)
    User.objects.filter(pk=person.pk).update(email=f"moved-{person.email}")
    with pytest.raises(InvitationForAnother):
        accept(User.objects.get(pk=person.pk), token)
    EmailAddress.objects.create(user=stranger, email=person.email, verified=True)
    assert accept(stranger, token)[1].user_id == stranger.pk


def test_where_addresses_are_verified_an_unverified_one_accepts_nothing(shop, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    person, _, token = invited()
    address = EmailAddress.objects.create(user=person, email=person.email, verified=False)
    with pytest.raises(InvitationForAnother):
        accept(person, token)
    address.verified = True
    address.save()
    assert accept(person, token)[1].status == "active"


def test_a_spent_changed_or_foreign_link_opens_nothing(shop, new_tenant):
    person, invitation, token = invited()
    with outside_scope():
        other = new_tenant()
    moved = token.replace(shop.tenant.pk, other.tenant.pk)
    for wrong in ("", "x", token[:-1], token[:-1] + ("a" if token[-1] != "a" else "b"), moved):
        with pytest.raises(InvitationNotFound):
            accept(person, wrong)
    resend_invitation(invitation_id=invitation.pk)
    newer = post()[person.email]
    with pytest.raises(InvitationNotFound):
        accept(person, token)
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=now() - timedelta(seconds=1))
    with pytest.raises(InvitationClosed):
        accept(person, newer)
    again = invite(email=person.email, role="viewer")
    last = post()[person.email]
    assert Invitation.objects.get(pk=invitation.pk).status == "replaced"
    revoke_invitation(invitation_id=again.pk)
    with pytest.raises(InvitationClosed):
        accept(person, last)
    assert not Membership.objects.filter(user_id=person.pk).exists()


def test_nobody_invites_above_themselves_nor_for_one_who_lost_their_role(shop):
    supervisor = add_member(email=factories.person().email, role="supervisor")
    with acting(principal_of_member(supervisor)):
        for role in ("owner", "admin"):
            with pytest.raises(RoleTooHigh):
                invite(email=factories.person().email, role=role)
        person, _, token = invited("supervisor")
    change_member(member_id=supervisor.pk, role="agent")
    with pytest.raises(InvitationClosed):
        accept(person, token)
    change_member(member_id=supervisor.pk, role="supervisor")
    assert accept(person, token)[1].role == "supervisor"


def test_the_secret_is_nowhere_once_the_mail_has_left_and_only_as_a_digest_before(shop):
    person, invitation, token = invited()
    secret = token.rsplit("_", 1)[1]
    assert InvitationMail.objects.get().token == ""
    assert secret not in str(list(Invitation.objects.values()))
    assert Invitation.objects.get(pk=invitation.pk).mailed_at is not None
    resend_invitation(invitation_id=invitation.pk)
    waiting = InvitationMail.objects.get(state="ready")
    assert waiting.token and "sb_inv" not in waiting.token
    assert work.kind_named("invite").one_shot and person.email


def test_the_answer_is_the_same_for_addresses_with_and_without_an_account(shop):
    known = invite(email=factories.person().email, role="agent")
    unknown = invite(email="nobody-at-all@example.test", role="agent")
    differ = {n for n in ("status", "role", "mailed_at", "accepted_at") if getattr(known, n) != getattr(unknown, n)}  # fmt: skip
    assert differ == set()
    assert len(post()) == 2


def test_a_member_is_not_invited_and_a_former_one_returns(shop):
    person = factories.person()
    member = add_member(email=person.email, role="agent")
    with pytest.raises(AlreadyMember):
        invite(email=person.email, role="viewer")
    remove_member(member_id=member.pk)
    invite(email=person.email, role="viewer")
    back = accept(person, post()[person.email])[1]
    assert (back.pk, back.role, back.status) == (member.pk, "viewer", "active")


def test_a_suspended_tenant_writes_no_mail_and_admits_nobody_until_it_is_resumed(shop):
    person, _, token = invited()
    waits = factories.person()
    invite(email=waits.email, role="agent")
    suspend_tenant(tenant=shop.tenant, reason="unpaid")
    assert post() == {}
    with pytest.raises(TenantSuspended):
        accept(person, token)
    resume_tenant(tenant=shop.tenant, reason="paid")
    assert set(post()) == {waits.email}
    assert accept(person, token)[1].status == "active"


def test_seats_and_the_days_invitations_are_limited(shop):
    from kernel.actor import current_actor
    from tenants.access import acting_as_system

    person, _, token = invited()
    with acting_as_system():
        set_limits(tenant=shop.tenant, changes={"seats": 1}, reason="plan")
    assert current_actor().kind == "member"
    for refused in (lambda: invite(email=factories.person().email, role="agent"),
                    lambda: accept(person, token)):  # fmt: skip
        with pytest.raises(LimitReached) as caught:
            refused()
        assert caught.value.data["limit"] == "seats"
    with acting_as_system():
        set_limits(tenant=shop.tenant, changes={"seats": 2, "invitations_per_day": 1}, reason="p")
    with pytest.raises(LimitReached) as caught:
        invite(email=factories.person().email, role="agent")
    assert caught.value.data["limit"] == "invitations_per_day"
    assert accept(person, token)[1].status == "active"


def test_sign_up_by_invitation_knows_who_is_invited(shop):
    person, invitation, _ = invited()
    with outside_scope():
        assert is_invited(person.email.upper())
        assert not is_invited("somebody-else@example.test")
    revoke_invitation(invitation_id=invitation.pk)
    with outside_scope():
        assert not is_invited(person.email)
