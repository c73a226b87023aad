"""What the installation's own people do over the API, and that nobody else can."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry

from accounts.models import User
from accounts.services import DELETED
from archives.services.erasures import ask_erasure
from kernel.clock import now
from kernel.models import AuditEntry
from tenants.access import acting
from tenants.entry import entry_of
from tenants.errors import PermissionDenied
from tenants.models import StaffGrant, Tenant, TenantSettings
from tenants.services.settings import open_entry
from tenants.staff import may_enter
from tests import factories
from tests.api.caller import Caller, code_of, fields_of
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
    none = {"api_requests_per_second": 0}
    refused = act(staff, world.tenant.pk, "limits", limits=none)
    assert (refused.status_code, fields_of(refused)) == (422, ["api_requests_per_second"])


@pytest.mark.parametrize("verb", ["suspend", "resume", "limits", "open-entry"])
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


def test_a_tenant_that_locked_itself_out_is_opened(world: Any, owner: Caller) -> None:
    with factories.inside(world):
        away = {"ip_allow_list": ["203.0.113.0/24"], "email_domains": ["elsewhere.test"],
                "second_factor_required": True}  # fmt: skip
        TenantSettings.objects.update(**away)
        Tenant.objects.filter(pk=world.tenant.pk).update(
            entry=entry_of(TenantSettings.objects.get())
        )
    assert code_of(owner.get("tenant")) == "address_not_allowed"
    staff = operator()
    shown = staff.get(f"tenants/{world.tenant.pk}").json()
    assert shown["entry"] == {"networks": ["203.0.113.0/24"], "email_domains": ["elsewhere.test"],
                              "second_factor_required": True}  # fmt: skip
    assert [one["email"] for one in shown["owners"]] == [world.user.email]
    assert {one["name"]: one["used"] for one in shown["limits"]}["seats"] == 1
    for _ in range(2):
        assert act(staff, world.tenant.pk, "open-entry").status_code == 200
    settings_ = owner.get("tenant/settings").json()
    assert (settings_["ip_allow_list"], settings_["email_domains"]) == ([], [])
    assert settings_["second_factor_required"] is False
    with factories.inside(world):
        entry = AuditEntry.objects.get(action="tenant.entry_opened")
        assert (entry.actor_kind, entry.reason, set(entry.changes)) == (
            "staff",
            "unpaid",
            set(away),
        )
        assert AuditEntry.objects.filter(action="staff.viewed", target_id=world.tenant.pk).exists()
        member = factories.principal(world)
        with acting(member), pytest.raises(PermissionDenied):
            open_entry(tenant=world.tenant, reason="me")


def test_tenants_and_people_are_found_by_their_beginnings(world: Any) -> None:
    staff = operator()
    slug = world.tenant.slug
    assert [
        one["id"] for one in staff.get("platform/tenants", slug=slug[:-1]).json()["results"]
    ] == [world.tenant.pk]
    first = staff.get("platform/tenants", limit="1").json()
    again = staff.get("platform/tenants", limit="1", cursor=first["next"]).json()
    assert first["results"][0]["slug"] < again["results"][0]["slug"]
    other = operator().get("platform/tenants", limit="1", cursor=first["next"])
    assert code_of(other) == "invalid_cursor"
    (found,) = staff.get("platform/people", email=world.user.email.upper()).json()["results"]
    assert (found["id"], found["has_second_factor"]) == (world.user.pk, False)
    whole = staff.get(f"platform/people/{found['id']}").json()
    assert whole["tenants"] == [{"id": world.tenant.pk, "slug": slug, "role": "owner"}]


@pytest.mark.parametrize("method, path", [
    ("get", "platform/tenants"), ("get", "platform/people"), ("get", "platform/people/{id}"),
    ("post", "platform/people/{id}/disable"), ("post", "platform/people/{id}/enable"),
    ("post", "platform/people/{id}/end-sessions"), ("post", "platform/people/{id}/remove-factors"),
    ("put", "platform/people/{id}/staff-rights"),
])  # fmt: skip
def test_for_everybody_else_there_is_nothing_of_the_installation(
    world: Any, method: str, path: str, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    body = None if method == "get" else BECAUSE
    if method == "put":
        body = {**BECAUSE, "is_staff": True, "is_superuser": True}
    target = factories.person()
    path = path.format(id=target.pk)
    for caller in (signed_in(world.user), signed_in(factories.person(is_staff=True))):
        refused = caller.call(method, path, body=body)
        assert (refused.status_code, code_of(refused)) == (404, "not_found")
    refused = operator(with_factor=False).call(method, path, body=body)
    assert code_of(refused) == "second_factor_required"
    target.refresh_from_db()
    assert (target.is_active, target.is_staff) == (True, False)


def person(staff: Caller, user: Any, verb: str, **body: Any) -> Any:
    method = "put" if verb == "staff-rights" else "post"
    return staff.call(method, f"platform/people/{user.pk}/{verb}", body=BECAUSE | body)


def test_an_account_is_disabled_enabled_signed_out_and_freed_of_lost_factors(world: Any) -> None:
    staff, theirs = operator(), signed_in(world.user, world.tenant)
    Authenticator.objects.create(user=world.user, type=Authenticator.Type.TOTP, data={})
    assert person(staff, world.user, "end-sessions").status_code == 200
    assert code_of(theirs.get("tenant")) == "not_authenticated"
    assert person(staff, world.user, "remove-factors").json()["has_second_factor"] is False
    assert person(staff, world.user, "disable").json()["is_active"] is False
    assert person(staff, world.user, "enable").json()["is_active"] is True
    with factories.inside(world):
        actions = [
            "person.sessions_ended",
            "person.factors_removed",
            "person.disabled",
            "person.enabled",
        ]
        kept = AuditEntry.objects.filter(action__in=actions).order_by("id")
        assert [entry.action for entry in kept] == actions
        assert {(e.actor_kind, e.reason, bool(e.request_id)) for e in kept} == {
            ("staff", "unpaid", True)
        }
    told = LogEntry.objects.filter(object_id=world.user.pk).values_list("change_message", flat=True)
    assert sorted(told) == ["disabled: unpaid", "enabled: unpaid", "factors_removed: unpaid",
                            "sessions_ended: unpaid"]  # fmt: skip


def test_nobody_operates_on_their_own_account_nor_without_a_reason(world: Any) -> None:
    user = factories.person(is_staff=True, is_superuser=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    staff = signed_in(user)
    for verb in ("disable", "end-sessions", "remove-factors"):
        refused = person(staff, user, verb)
        assert (refused.status_code, code_of(refused)) == (403, "support_refused")
    refused = person(staff, user, "staff-rights", is_staff=False, is_superuser=False)
    assert code_of(refused) == "support_refused"
    assert person(staff, world.user, "disable", reason="").status_code == 400
    missing = staff.call("post", f"platform/people/{'0' * 24}/disable", body=BECAUSE)
    assert code_of(missing) == "person_not_found"
    user.refresh_from_db()
    assert user.is_active and user.is_superuser
    gone = factories.person(is_active=False)
    User.objects.filter(pk=gone.pk).update(email=f"{gone.pk}@{DELETED}")
    assert code_of(person(staff, gone, "enable")) == "support_refused"


def test_staff_rights_are_given_to_proven_addresses_and_taken_with_sessions_and_grants(
    world: Any, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    staff, user = operator(), factories.person()
    refused = person(staff, user, "staff-rights", is_staff=True, is_superuser=False)
    assert (refused.status_code, fields_of(refused)) == (422, ["is_staff"])
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    wrong = person(staff, user, "staff-rights", is_staff=False, is_superuser=True)
    assert fields_of(wrong) == ["is_superuser"]
    made = person(staff, user, "staff-rights", is_staff=True, is_superuser=False).json()
    assert (made["is_staff"], made["is_superuser"]) == (True, False)
    path = f"tenants/{world.tenant.pk}/staff-grants"
    grant = staff.post(path, {"email": user.email, "hours": 8, "reason": "a ticket"})
    assert grant.status_code == 201 and grant.json()["is_open"]
    assert may_enter(user, world.tenant)
    theirs = signed_in(user)
    taken = person(staff, user, "staff-rights", is_staff=False, is_superuser=False).json()
    assert taken["is_staff"] is False
    assert code_of(theirs.get("tenants")) == "not_authenticated"
    (ended,) = staff.get(path).json()["results"]
    assert (ended["id"], ended["is_open"]) == (grant.json()["id"], False)
    assert not may_enter(user, world.tenant)


def test_a_grant_is_made_listed_and_ended(world: Any) -> None:
    staff, support = operator(), factories.person(is_staff=True)
    path = f"tenants/{world.tenant.pk}/staff-grants"
    body = {"email": support.email, "hours": 8, "reason": "a ticket"}
    assert code_of(staff.post(path, {**body, "email": world.user.email})) == "not_staff"
    assert staff.post(path, {**body, "hours": 721}).status_code == 400
    grant = staff.post(path, body).json()
    for caller in (signed_in(world.user), signed_in(support)):
        assert code_of(caller.post(path, body)) == code_of(caller.get(path)) == "tenant_not_found"
    ended = staff.post(f"{path}/{grant['id']}/end", BECAUSE).json()
    assert (ended["is_open"], ended["revoked_at"] is not None) == (False, True)
    assert code_of(staff.post(f"{path}/{grant['id']}/end", BECAUSE)) == "grant_not_found"
    with factories.inside(world):
        kept = AuditEntry.objects.filter(action__startswith="staff.grant").order_by("id")
        assert [(e.action, e.reason) for e in kept] == [
            ("staff.granted", "a ticket"), ("staff.grant_revoked", "unpaid")]  # fmt: skip
