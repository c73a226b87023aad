"""Owners are told once of what concerns them, each by a mail of their own."""

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from channels.models import ChannelAlert
from channels.services.alerts import raise_alert
from channels.services.connect import break_channel
from kernel.clock import now
from kernel.models import Lane
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import outside_scope
from tenants.models import Membership
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import work_off


@pytest.fixture
def inside(world, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    work_off("alert")  # what other tests left to be told
    mail.outbox.clear()
    with factories.inside(world):
        yield world


def member(role, status="active"):
    person = factories.person()
    return Membership.objects.create(user=person, role=role, status=status, email=person.email)


def test_each_owner_gets_one_mail_and_nobody_else_any(inside, new_tenant):
    second = member("owner")
    member("owner", status="disabled")
    member("admin")
    with outside_scope():
        new_tenant("Other")
    channel = factories.channel(name="Shop\r\nBcc: x@example.test")
    break_channel(channel=channel, reason="The token was revoked. Connect it again.")
    work_off("alert")
    assert sorted(m.to for m in mail.outbox) == sorted([[inside.owner.email], [second.email]])
    assert {m.subject for m in mail.outbox} == {"Shop Bcc: x@example.test cannot send"}
    assert all("The token was revoked." in m.body and channel.pk in m.body for m in mail.outbox)
    break_channel(channel=channel, reason="again")
    work_off("alert")
    assert len(mail.outbox) == 2


def test_one_occasion_is_told_once(inside):
    channel = factories.channel()
    raised = [run_transaction(lambda: raise_alert(channel, "token:2026-12-01", "token_ends", "Soon."))
              for _ in range(2)]  # fmt: skip
    assert raised == [True, False]
    assert run_transaction(lambda: raise_alert(channel, "token:2027-02-01", "token_ends", "Soon."))
    work_off("alert")
    assert len(mail.outbox) == 2


def test_a_suspended_tenants_owners_are_told_when_it_is_resumed(inside):
    channel = factories.channel()
    break_channel(channel=channel, reason="The token was revoked.")
    suspend_tenant(tenant=inside.tenant, reason="unpaid")
    work_off("alert")
    assert (len(mail.outbox), ChannelAlert.objects.get().state) == (0, "parked")
    resume_tenant(tenant=inside.tenant, reason="paid")
    work_off("alert")
    assert [m.to for m in mail.outbox] == [[inside.owner.email]]


def test_a_mail_server_that_is_away_is_tried_again_and_nobody_is_told_twice(inside, monkeypatch):
    second = member("owner")
    refused = {second.email}
    real = EmailBackend.send_messages

    def send(self, messages):
        if any(set(m.to) & refused for m in messages):
            raise ConnectionRefusedError
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    break_channel(channel=factories.channel(), reason="Revoked.")
    work_off("alert")
    alert = ChannelAlert.objects.get()
    assert (alert.state, alert.last_error) == ("ready", "ConnectionRefusedError")
    assert len(mail.outbox) == len(alert.told) <= 1
    refused.clear()
    ChannelAlert.objects.update(due_at=now())
    Lane.objects.filter(kind="alert").update(due_at=now())
    work_off("alert")
    assert ChannelAlert.objects.get().state == "done"
    assert sorted(m.to[0] for m in mail.outbox) == sorted([inside.owner.email, second.email])
