"""Who gets in: nobody without a credential, nobody into a tenant that is not theirs."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import now
from tenants.models import ApiKey, Membership
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.api import contract
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, member, signed_in
from tests.api.test_bad_input import filled

# What a person does outside of any tenant.
OUTSIDE = ("/account", "/tenants", "/tenants/{tenant_id}", "/tenants/{tenant_id}/open-entry",
           "/tenants/{tenant_id}/staff-grants", "/staff-grants/{grant_id}/end", "/platform/people",
           "/platform/people/{person_id}", "/disable", "/enable", "/end-sessions", "/remove-factors",
           "/staff-rights", "/tenants/{tenant_id}/leave", "/tenants/{tenant_id}/suspend", "/tenants/{tenant_id}/resume",
           "/tenants/{tenant_id}/limits", "/invitations/accept", "/tenants/imports", "/tenants/imports/{import_id}",
           "/erasures/{erasure_id}", "/erasures/{erasure_id}/cancel", "/tenants/{tenant_id}/impersonations",
           "/impersonations/{impersonation_id}/end", "/tenants/{tenant_id}/work", "/work-items", "/work-items/replay",
           "/work-items/{item_id}/replay", "/work-items/{item_id}/discard", "/delivery")  # fmt: skip


def test_every_operation_refuses_the_anonymous(anonymous: Caller) -> None:
    for method, path, _ in contract.operations():
        refused = anonymous.call(method, filled(path))
        assert (refused.status_code, code_of(refused)) == (401, "not_authenticated"), (method, path)
        assert refused["WWW-Authenticate"] == "Bearer"


def test_every_operation_refuses_a_person_who_is_no_member(world: Any) -> None:
    stranger = signed_in(factories.person(), world.tenant)
    for method, path, operation in contract.operations():
        if not path.endswith(OUTSIDE):
            refused = stranger.call(method, filled(path))
            where = operation["operationId"]
            assert (refused.status_code, code_of(refused)) == (404, "tenant_not_found"), where


def test_an_import_and_an_erasure_of_somebody_else_are_not_there() -> None:
    stranger = signed_in(factories.person())
    for method, path, code in (("get", "tenants/imports/", "import_not_found"),
                               ("get", "erasures/", "erasure_not_found")):  # fmt: skip
        refused = stranger.call(method, path + "0" * 24)
        assert (refused.status_code, code_of(refused)) == (404, code), path


def test_a_tenant_that_is_not_mine_and_one_that_is_not_are_the_same(world: Any) -> None:
    person, id_ = factories.person(), {"X-Request-Id": "the-same-each-time"}
    caller = signed_in(person)
    answers = [
        caller.get("me", {"X-Tenant": named, **id_}).content
        for named in (world.tenant.slug, world.tenant.pk, "no-such-tenant", "0" * 24)
    ]
    assert len(set(answers)) == 1


def test_the_tenant_is_named_on_each_request(world: Any) -> None:
    person = signed_in(world.user)
    refused = person.get("me")
    assert (refused.status_code, code_of(refused)) == (400, "tenant_required")
    for named in (world.tenant.slug, world.tenant.pk):
        assert person.get("me", {"X-Tenant": named}).status_code == 200


def test_a_former_member_is_out_at_once(world: Any, owner: Caller) -> None:
    caller, membership = member(world, "agent")
    assert caller.get("me").status_code == 200
    owner.delete(f"members/{membership.pk}")
    assert code_of(caller.get("me")) == "tenant_not_found"


def test_a_suspended_tenant_answers_403_until_it_is_resumed(world: Any, owner: Caller) -> None:
    machine, _ = key_caller(world, ["contacts:read"])
    with factories.inside(world):
        suspend_tenant(tenant=world.tenant, reason="unpaid")
    for caller in (owner, machine):
        refused = caller.get("contacts")
        assert (refused.status_code, code_of(refused)) == (403, "tenant_suspended")
    with factories.inside(world):
        resume_tenant(tenant=world.tenant, reason="paid")
    assert owner.get("contacts").status_code == machine.get("contacts").status_code == 200


def test_a_cookie_alone_changes_nothing(world: Any) -> None:
    browser = signed_in(world.user, world.tenant, csrf=True)
    assert browser.get("tenant").status_code == 200
    refused = browser.patch("tenant", {"name": "Forged"})
    assert (refused.status_code, code_of(refused)) == (403, "permission_denied")
    refused = browser.post("tenants", {"name": "Forged", "slug": f"f-{factories.digits()}"})
    assert refused.status_code == 403
    assert browser.get("tenant").json()["name"] == "Acme"
    token = "a" * 32
    browser.client.cookies["csrftoken"] = token
    changed = browser.patch("tenant", {"name": "Meant"}, X_CSRFToken=token)
    assert changed.json()["name"] == "Meant"


def test_an_app_signs_in_by_password_and_uses_its_token(world: Any) -> None:
    answer = Caller().client.post(
        "/_allauth/app/v1/auth/login",
        data={"email": world.user.email, "password": "correct horse battery"},
        content_type="application/json",
    )
    token = answer.json()["meta"]["session_token"]
    app = Caller(csrf=True, X_Session_Token=token, X_Tenant=world.tenant.slug)
    assert app.patch("tenant", {"name": "From the app"}).status_code == 200
    wrong = Caller(X_Session_Token="no-such-session", X_Tenant=world.tenant.slug)
    assert wrong.get("me").status_code == 401


@pytest.mark.parametrize("text", [
    "sb_live_x", "", "sb_live_" + "0" * 24 + "_" + "a" * 38, "Bearer", "é" * 10, "x" * 5000,
])  # fmt: skip
def test_what_is_no_key_opens_nothing(text: str) -> None:
    refused = Caller(Authorization=f"Bearer {text}").get("me")
    assert refused.status_code == 401
    assert code_of(refused) in ("invalid_api_key", "not_authenticated")


@pytest.mark.parametrize("change", [
    {"revoked_at": now()}, {"expires_at": now() - timedelta(seconds=1)}, {"cidrs": ["203.0.113.0/24"]},
    {"digest": "0" * 64},
])  # fmt: skip
def test_a_key_that_ended_opens_nothing(world: Any, change: dict[str, Any]) -> None:
    caller, key = key_caller(world, ["contacts:read"])
    assert caller.get("contacts").status_code == 200
    with factories.inside(world):
        ApiKey.objects.filter(pk=key.pk).update(**change)
    assert code_of(caller.get("contacts")) == "invalid_api_key"


def test_a_key_ends_with_its_makers_membership(world: Any) -> None:
    caller, _ = key_caller(world, ["contacts:read"])
    with factories.inside(world):
        Membership.objects.filter(pk=world.owner.pk).update(status="disabled")
    assert code_of(caller.get("contacts")) == "invalid_api_key"


def test_a_person_makes_tenants_and_a_key_does_not(world: Any) -> None:
    machine, _ = key_caller(world, ["tenant:manage"])
    for refused in (machine.get("tenants"), machine.post("tenants", {"name": "x", "slug": "x"})):
        assert (refused.status_code, code_of(refused)) == (401, "not_authenticated")


def test_an_unknown_address_is_404_for_everybody(anonymous: Caller) -> None:
    answer = anonymous.client.get(PREFIX + "nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
