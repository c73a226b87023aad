"""A person's doings reach every tenant of theirs, however many; and their memberships follow them."""

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.tests.callers import App, mailed_code, new_email, person
from kernel.models import AuditEntry, DomainEvent
from kernel.mongo.ids import new_id
from kernel.mongo.wire import wire_log
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.work.drain import drain
from tenants.access import acting
from tenants.errors import BadApiKey
from tenants.models import AccountEntry, Membership, Tenant
from tenants.principals import principal_of_key, principal_of_member
from tenants.services import telling
from tenants.services.api_keys import create_api_key
from tenants.services.members import add_member
from tests import factories

MANY = 300


def _join(user: User, many: int, **fields: Any) -> list[Tenant]:
    """The person as a member of so many new tenants, as if strangers had added them."""
    made = [Tenant(pk=new_id(), name="T", slug=f"t-{factories.digits()}") for _ in range(many)]
    Tenant.objects.bulk_create(made)
    for tenant in made:
        with tenant_scope(tenant):
            given = {"user": user, "role": "agent", "email": user.email, **fields}
            Membership.objects.create(**given)
    return made


def _entries(tenant: Tenant, action: str) -> list[AuditEntry]:
    with tenant_scope(tenant):
        return list(AuditEntry.objects.filter(action=action))


def test_three_hundred_memberships_keep_nobody_from_signing_in() -> None:
    user = person()
    tenants = _join(user, MANY)
    app, started = App(), time.monotonic()
    with wire_log.record() as sent:
        answer = app.log_in(user)
    assert answer.status_code == 200
    assert time.monotonic() - started < 4
    assert len(sent) < 150, len(sent)
    at_once = [t for t in tenants if _entries(t, "person.signed_in")]
    assert len(at_once) == telling.AT_ONCE
    drain("tell", seconds=60)
    told = [_entries(tenant, "person.signed_in") for tenant in tenants]
    assert [len(entries) for entries in told] == [1] * MANY
    moments = [entries[0].occurred_at for entries in told]
    assert (max(moments) - min(moments)).total_seconds() < 4
    assert {e[0].user_id for e in told} == {user.pk}
    assert not AccountEntry.objects.filter(user_id=user.pk).exists()


def test_failed_tries_are_one_entry_a_minute_where_there_are_many_tenants(monkeypatch: Any) -> None:
    user = person()
    tenants = _join(user, telling.AT_ONCE + 2)
    monkeypatch.setattr("tenants.services.telling.time.time", lambda: 60_000_030.0)
    for _ in range(4):
        App().log_in(user, "not the password")
    (kept,) = AccountEntry.objects.filter(user_id=user.pk)
    assert (kept.count, len(kept.waiting), kept.code) == (4, 2, "password")
    assert drain("tell", seconds=1) == 0  # its minute is not over
    for tenant_id in kept.waiting:
        telling.run_transaction(lambda id_=tenant_id: telling._take(kept, id_))
    told = [
        e for t in tenants for e in _entries(t, "person.sign_in_failed") if "count" in e.changes
    ]
    assert [entry.changes["count"] for entry in told] == [[0, 4]] * 2


def test_an_entry_whose_worker_died_is_written_once(monkeypatch: Any) -> None:
    user = person()
    tenants = _join(user, telling.AT_ONCE + 6)
    App().log_in(user)
    written: list[str] = []
    real = telling.write_in

    def dies(tenant_id: str, entry: AccountEntry) -> None:
        real(tenant_id, entry)
        written.append(tenant_id)
        if len(written) == 3:
            raise RuntimeError("killed")

    monkeypatch.setattr(telling, "write_in", dies)
    (entry,) = AccountEntry.objects.filter(user_id=user.pk)
    lease: Any = type("Held", (), {"key": entry.pk})()
    with pytest.raises(RuntimeError):
        telling.serve(lease)
    telling.serve(lease)
    assert [len(_entries(tenant, "person.signed_in")) for tenant in tenants] == [1] * len(tenants)
    assert not AccountEntry.objects.filter(user_id=user.pk).exists()


def test_memberships_follow_a_new_address_also_those_that_have_ended() -> None:
    user, app = person(), App()
    tenants = _join(user, telling.AT_ONCE + 2)
    ended = [_join(user, 1, status=how)[0] for how in (Membership.DISABLED, Membership.LEFT)]
    new = EmailAddress.objects.create(user=user, email=new_email(), verified=True)
    app.log_in(user)
    app.confirm_again()
    moved = app.call("patch", "account/email", {"email": new.email, "primary": True})
    assert moved.status_code == 200, moved.content
    drain("tell", seconds=30)
    with unscoped(Reason.LIST_MY_TENANTS):
        known = set(Membership.objects.filter(user_id=user.pk).values_list("email", flat=True))
    assert known == {new.email}
    for tenant in tenants:
        assert len(_entries(tenant, "person.email_changed")) == 1
        with tenant_scope(tenant):
            assert DomainEvent.objects.filter(type="member.changed").count() == 1
    assert not any(_entries(tenant, "person.email_changed") for tenant in ended)


def test_keys_that_a_stranger_made_end_when_the_owner_of_the_address_comes(world: Any) -> None:
    user, owner = person(verified=False), App()
    with factories.inside(world):
        member = add_member(email=user.email, role="admin")
    with tenant_scope(world.tenant), acting(principal_of_member(member)):
        _, text = create_api_key(name="theirs", scopes=["tenant:read"])
    principal_of_key(text, "192.0.2.1")
    owner.post("auth/code/request", {"email": user.email})
    assert owner.post("auth/code/confirm", {"code": mailed_code(user.email)}).status_code == 200
    with pytest.raises(BadApiKey):
        principal_of_key(text, "192.0.2.1")
    assert len(_entries(world.tenant, "person.reclaimed")) == 1
    assert len(_entries(world.tenant, "api_key.revoked")) == 1
