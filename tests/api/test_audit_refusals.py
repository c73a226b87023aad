"""What was refused is in the audit log of whoever tried, and nobody can flood one."""

from typing import Any

import pytest

from kernel.audit.checkpoints import checkpoint_all
from kernel.models import AuditEntry, AuditTally
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from tests import factories
from tests.api.caller import Caller
from tests.api.conftest import key_caller, signed_in

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.DATA = str(tmp_path)


def entries(tenant: Any, action: str) -> list[AuditEntry]:
    with tenant_scope(tenant):
        return list(AuditEntry.objects.filter(action=action).order_by("id"))


def settled(tenant: Any, action: str) -> list[AuditEntry]:
    """The entries once the minute is over."""
    with tenant_scope(tenant):
        for row in AuditTally.objects.all():
            AuditTally.objects.filter(pk=row.pk).update(minute=row.minute - 5)
    checkpoint_all()
    return entries(tenant, action)


def test_what_one_may_not_and_what_is_not_there_are_entries(world: Any, as_role: Any) -> None:
    viewer, nowhere = as_role("viewer"), new_id()
    assert viewer.get(f"contacts/{nowhere}").status_code == 404
    assert viewer.patch("tenant", {"name": "Mine"}).status_code == 403
    missing, forbidden = entries(world.tenant, "access.refused")
    assert (missing.target_type, missing.target_id) == ("contacts", nowhere)
    assert missing.changes == {"code": [None, "contact_not_found"]}
    assert forbidden.changes == {"code": [None, "permission_denied"]}
    assert {e.actor_id for e in (missing, forbidden)} == {viewer.get("me").json()["id"]}
    assert all(e.ip and e.request_id for e in (missing, forbidden))


def test_a_thousand_attempts_are_four_entries_with_their_count(world: Any, owner: Caller) -> None:
    for _ in range(40):
        assert owner.get(f"contacts/{new_id()}").status_code == 404
    assert len(entries(world.tenant, "access.refused")) in (3, 6)  # 6 if a minute began meanwhile
    found = settled(world.tenant, "access.refused")
    counts = [e.changes["count"][1] for e in found if "count" in e.changes]
    assert sum(counts) == 40
    assert len(found) <= 8
    assert all(e.actor_id == world.owner.pk for e in found)
    with tenant_scope(world.tenant):
        assert not AuditTally.objects.exists()


def test_a_foreign_tenant_is_told_nothing_and_ones_own_everything(
    world: Any, new_tenant: Any
) -> None:
    other = new_tenant("Globex")
    for named in (other.tenant.slug, other.tenant.pk, "no-such-tenant"):
        intruder = Caller(X_Tenant=named)
        intruder.client = signed_in(world.user).client
        assert intruder.get("contacts").status_code == 404
    tried = entries(world.tenant, "access.refused")
    assert [e.target_id for e in tried] == [other.tenant.slug, other.tenant.pk, "no-such-tenant"]
    assert {e.target_type for e in tried} == {"tenant"}
    assert entries(other.tenant, "access.refused") == []


def test_a_key_that_does_not_open_is_an_entry_of_its_tenant(world: Any, owner: Caller) -> None:
    machine, key = key_caller(world, ["contacts:read"])
    owner.delete(f"api-keys/{key.pk}")
    assert machine.get("contacts").status_code == 401
    (entry,) = entries(world.tenant, "api_key.refused")
    assert (entry.actor_kind, entry.actor_id, entry.target_id) == ("api_key", key.pk, key.pk)
    assert Caller(Authorization="Bearer sb_live_nonsense").get("contacts").status_code == 401
    assert len(entries(world.tenant, "api_key.refused")) == 1


def sign_in(email: str, password: str) -> Any:
    caller = Caller()
    return caller.client.post("/_allauth/app/v1/auth/login", {"email": email, "password": password},
                              content_type="application/json")  # fmt: skip


def test_signing_in_and_failing_to_are_entries_of_each_of_the_persons_tenants(
    new_tenant: Any,
) -> None:
    one, two = new_tenant(), new_tenant()
    with factories.inside(two):
        from tenants.services.members import add_member

        second = add_member(email=one.user.email, role="agent")
    assert sign_in(one.user.email, "wrong password").status_code in (400, 401)
    assert sign_in(one.user.email, PASSWORD).status_code == 200
    assert sign_in("nobody@example.test", PASSWORD).status_code in (400, 401)
    for tenant, member in ((one.tenant, one.owner), (two.tenant, second)):
        (failed,) = entries(tenant, "person.sign_in_failed")
        (done,) = entries(tenant, "person.signed_in")
        for entry in (failed, done):
            assert (entry.actor_id, entry.user_id) == (member.pk, one.user.pk)
            assert entry.ip == "127.0.0.1"
        assert done.changes == {"methods": [None, ["password"]]}
        assert failed.changes == {"code": [None, "password"]}


def test_signing_out_and_a_new_password_are_entries(world: Any) -> None:
    client = signed_in(world.user).client
    answer = client.post("/_allauth/browser/v1/account/password/change",
                         {"current_password": PASSWORD, "new_password": "another horse battery"},
                         content_type="application/json")  # fmt: skip
    assert answer.status_code in (200, 401), answer.content
    assert len(entries(world.tenant, "person.password_changed")) == 1
    world.user.refresh_from_db()  # the old password's session is over
    client = signed_in(world.user).client
    client.delete("/_allauth/browser/v1/auth/session")
    assert len(entries(world.tenant, "person.signed_out")) == 1


def test_a_database_that_fails_after_the_answer_does_not_undo_it(
    world: Any, owner: Caller, monkeypatch: Any
) -> None:
    from django.db import DatabaseError

    def away(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr("kernel.audit.refusals._counted", away)
    assert owner.get(f"contacts/{new_id()}").status_code == 404
    assert entries(world.tenant, "access.refused") == []
