"""What the installation's own people do over the API, and that nobody else can."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from archives.services.erasures import ask_erasure
from kernel.clock import now
from kernel.models import AuditEntry
from tenants.models import StaffGrant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import signed_in

BECAUSE = {"reason": "unpaid"}


def operator(*, with_factor: bool = True) -> Caller:
    user = factories.person(is_staff=True, is_superuser=True)
    if with_factor:
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return signed_in(user)


def act(caller: Caller, tenant_id: str, verb: str, **body: Any) -> Any:
    method = "patch" if verb == "limits" else "post"
    return caller.call(method, f"tenants/{tenant_id}/{verb}", body=BECAUSE | body)


def test_an_operator_suspends_and_resumes_a_tenant(world: Any, owner: Caller) -> None:
    staff = operator()
    suspended = act(staff, world.tenant.pk, "suspend")
    assert (suspended.status_code, suspended.json()["status"]) == (200, "suspended")
    assert code_of(owner.get("contacts")) == "tenant_suspended"
    assert act(staff, world.tenant.pk, "suspend").json()["status"] == "suspended"
    assert act(staff, world.tenant.pk, "resume").json()["status"] == "active"
    assert owner.get("contacts").status_code == 200
    with factories.inside(world):
        kept = AuditEntry.objects.filter(action__in=["tenant.suspended", "tenant.resumed"])
        assert [(e.action, e.actor_kind, e.reason) for e in kept.order_by("pk")] == [
            ("tenant.suspended", "staff", "unpaid"), ("tenant.resumed", "staff", "unpaid"),
        ]  # fmt: skip


def test_an_operator_changes_what_a_tenant_may_have(world: Any, owner: Caller) -> None:
    staff = operator()
    changed = act(staff, world.tenant.pk, "limits", limits={"seats": 7})
    assert changed.status_code == 200, changed.json()
    shown = {row["name"]: row["limit"] for row in owner.get("tenant/limits").json()["results"]}
    assert shown["seats"] == 7
    assert code_of(act(staff, world.tenant.pk, "limits", limits={"no_such": 1})) == "invalid_fields"
    assert act(staff, world.tenant.pk, "limits", limits={"seats": -1}).status_code == 400


@pytest.mark.parametrize("verb", ["suspend", "resume", "limits"])
def test_for_everybody_else_there_is_no_such_tenant(world: Any, verb: str) -> None:
    body = {"limits": {"seats": 1}} if verb == "limits" else {}
    owner, support = signed_in(world.user), signed_in(factories.person(is_staff=True))
    for caller, tenant_id in (
        (owner, world.tenant.pk),
        (support, world.tenant.pk),
        (operator(), "0" * 24),
    ):
        refused = act(caller, tenant_id, verb, **body)
        assert (refused.status_code, code_of(refused)) == (404, "tenant_not_found")


def test_an_operator_has_a_second_factor_and_a_sign_in_of_today(world: Any, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    refused = act(operator(with_factor=False), world.tenant.pk, "suspend")
    assert (refused.status_code, code_of(refused)) == (403, "second_factor_required")
    staff = operator()
    session = staff.client.session
    session["signed_in_at"] = time.time() - settings.STAFF_SESSION_S - 1
    session.save()
    refused = act(staff, world.tenant.pk, "suspend")
    assert (refused.status_code, code_of(refused)) == (401, "not_authenticated")


def test_an_erasure_is_read_by_who_oversees_its_tenant(world: Any, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    with factories.inside(world):
        erasure = ask_erasure(slug=world.tenant.slug).pk

    def support(*, granted: bool) -> Caller:
        user = factories.person(is_staff=True)
        Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
        if granted:
            with factories.inside(world):
                StaffGrant.objects.create(user=user, email=user.email, reason="a look", granted_by_id=user.pk,
                                          granted_by="root", expires_at=now() + timedelta(hours=1))  # fmt: skip
        return signed_in(user)

    asked = {"who asked": signed_in(world.user), "superuser": operator(), "granted": support(granted=True),
             "unproven": operator(with_factor=False), "staff": support(granted=False)}  # fmt: skip
    answers = {who: caller.get(f"erasures/{erasure}").status_code for who, caller in asked.items()}
    assert answers == {
        "who asked": 200,
        "superuser": 200,
        "granted": 200,
        "unproven": 404,
        "staff": 404,
    }
