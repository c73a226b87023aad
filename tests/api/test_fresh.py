"""What hurts most is not done by a session that was left open: people prove themselves again, keys do not."""

import time
from typing import Any

import pytest

from accounts.receivers import SIGNED_IN_AT
from accounts.sessions import SessionStore
from accounts.tests.callers import App
from kernel.models import AuditEntry
from tenants.models import ApiKey, Membership, TenantSettings
from tests import factories
from tests.api import contract
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller, member, signed_in
from tests.api.permission_table import BODIES

PASSWORD = "correct horse battery"
CODE = "reauthentication_required"
FRESH = {"tenant_erase", "exports_create", "api_keys_create", "api_keys_rotate", "channels_connect",
         "channels_reconnect", "channels_sign_in_connect"}  # fmt: skip
SOMETIMES = {"members_change", "members_remove", "tenant_settings_change",
             "invitations_create", "account_delete"}  # fmt: skip
OPERATIONS = {o["operationId"]: (method, path) for method, path, o in contract.operations()}


def aged(caller: Caller, seconds: float = 10_000) -> Caller:
    """The same session, as many seconds later."""
    session = caller.client.session
    session[SIGNED_IN_AT] = time.time() - seconds
    session.save()
    return caller


def call(caller: Caller, name: str) -> Any:
    method, path = OPERATIONS[name]
    parts = ["0" * 24 if part.startswith("{") else part
             for part in path.removeprefix("/api/v1/").split("/")]  # fmt: skip
    return caller.call(method, "/".join(parts), body=BODIES.get(name))


def test_the_schema_says_which_operations_ask_for_a_proof() -> None:
    told = {operation["operationId"] for _, _, operation in contract.operations()
            if f"`{CODE}`" in operation["responses"].get("401", {}).get("description", "")}  # fmt: skip
    assert told == FRESH | SOMETIMES


@pytest.mark.parametrize("name", sorted(FRESH))
def test_an_old_sign_in_is_not_enough_for(
    world: Any, owner: Caller, name: str, settings: Any
) -> None:
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    refused = call(aged(owner), name)
    assert (refused.status_code, code_of(refused)) == (401, CODE)
    assert refused.json()["flows"] == [{"id": "reauthenticate"}]
    assert refused.json()["reauthenticate_at"] == "/_allauth/browser/v1/auth/"
    assert refused.json()["max_age_s"] == 300
    assert call(aged(owner, 200), name).status_code not in (401, 403)


def test_an_app_proves_itself_and_repeats_the_request(world: Any) -> None:
    app, body = App(), {"name": "k", "scopes": ["tenant:read"]}
    app.log_in(world.user, PASSWORD)
    session = SessionStore(app.session_token)
    session[SIGNED_IN_AT] = time.time() - 10_000
    session.save()
    by_session = Caller(X_Session_Token=app.session_token, X_Tenant=world.tenant.slug)
    by_token = Caller(Authorization=f"Bearer {app.access_token}", X_Tenant=world.tenant.slug)
    for caller in (by_session, by_token):
        refused = caller.post("api-keys", body)
        assert (refused.status_code, code_of(refused)) == (401, CODE)
        assert refused.json()["reauthenticate_at"] == "/_allauth/app/v1/auth/"
    assert app.confirm_again("wrong").status_code == 400
    assert by_session.post("api-keys", body).status_code == 401
    assert app.confirm_again(PASSWORD).status_code == 200
    for caller in (by_session, by_token):
        assert caller.post("api-keys", body).status_code == 201
    with factories.inside(world):
        assert ApiKey.objects.count() == 2


def test_the_proof_of_one_session_is_none_of_another(world: Any) -> None:
    old, new = (signed_in(world.user, world.tenant) for _ in range(2))
    assert code_of(aged(old).post("tenant/exports")) == CODE
    assert new.post("tenant/exports").status_code == 202


def test_who_has_neither_password_nor_factor_signs_in_again(world: Any) -> None:
    person = factories.person()
    person.set_unusable_password()
    person.save()
    with factories.inside(world):
        Membership.objects.create(user=person, role="owner", email=person.email)
    refused = aged(signed_in(person, world.tenant)).post("tenant/exports")
    assert (code_of(refused), refused.json()["flows"]) == (CODE, [])
    assert "sign in again" in refused.json()["detail"]


def test_a_key_is_not_asked(world: Any) -> None:
    caller, _ = key_caller(world, ["exports:create"])
    assert caller.post("tenant/exports").status_code == 202


def test_who_may_not_do_it_hears_that_first(world: Any) -> None:
    agent, _ = member(world, "agent")
    assert code_of(aged(agent).post("tenant/exports")) == "permission_denied"


def test_owners_are_made_and_unmade_by_who_has_just_proven_it(world: Any, owner: Caller) -> None:
    _, other = member(world, "owner")
    _, agent = member(world, "agent")
    person = factories.person()
    attempts: list[tuple[str, str, Any]] = [
        ("patch", f"members/{other.pk}", {"role": "admin"}),
        ("patch", f"members/{other.pk}", {"status": "disabled"}),
        ("delete", f"members/{other.pk}", None),
        ("patch", f"members/{agent.pk}", {"role": "owner"}),
        ("post", "invitations", {"email": person.email, "role": "owner"}),
    ]
    aged(owner)
    for method, path, body in attempts:
        refused = owner.call(method, path, body=body)
        assert (refused.status_code, code_of(refused)) == (401, CODE), (method, path)
    assert owner.patch(f"members/{agent.pk}", {"role": "viewer"}).status_code == 200
    assert owner.delete(f"members/{agent.pk}").status_code == 204
    with factories.inside(world):
        other.refresh_from_db()
    assert (other.role, other.status) == ("owner", "active")
    for method, path, body in attempts[:1]:
        assert aged(owner, 5).call(method, path, body=body).status_code == 200


def test_the_second_factor_is_asked_for_no_more_by_who_has_just_proven_it(
    world: Any, owner: Caller
) -> None:
    off = {"second_factor_required": False}
    assert aged(owner).patch("tenant/settings", {"reopen_hours": 5}).status_code == 200
    assert owner.patch("tenant/settings", off).status_code == 200  # nobody asked for one
    with factories.inside(world):
        TenantSettings.objects.update(second_factor_required=True)
    assert code_of(owner.patch("tenant/settings", off)) == CODE
    assert aged(owner, 5).patch("tenant/settings", off).status_code == 200


def test_a_refusal_is_in_the_audit_log(world: Any, owner: Caller) -> None:
    aged(owner).post("tenant/exports")
    with factories.inside(world):
        entry = AuditEntry.objects.get(action="access.refused")
    assert entry.changes == {"code": [None, CODE]} and entry.user_id == world.user.pk
