"""Support staff over REST: acting as a member by the id of an impersonation."""

from dataclasses import replace
from typing import Any

import pytest
from allauth.headless.tokens.strategies.jwt.internal import create_access_token
from allauth.mfa.models import Authenticator
from structlog.testing import capture_logs

from accounts.sessions import SessionStore
from config.stream.access import Credentials, Listener, admit, same_person, tell
from crm.models import Contact
from kernel.clock import now
from tenants.errors import ImpersonationEnded, TenantNotFound
from tenants.models import Impersonation, StaffGrant
from tenants.services.members import change_member
from tenants.services.tenant import suspend_tenant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller, member, signed_in
from tests.api.staff import audited, granted, program_of, sam

__all__ = ["sam"]

WHY = "ticket 4711: cannot close it"


def _begun(caller: Caller, world: Any, email: str) -> Any:
    return caller.post(f"tenants/{world.tenant.pk}/impersonations", {"email": email, "reason": WHY})


@pytest.fixture
def ana(world: Any) -> Any:
    return member(world, "agent")[1]


def test_a_program_acts_as_a_member_by_naming_it_on_each_request(
    world: Any, sam: Any, ana: Any
) -> None:
    with factories.inside(world):
        noa = factories.contact(name="Noa")
        factories.conversation(with_=noa)
    program = program_of(sam)
    begun = _begun(program, world, ana.email.upper())
    assert begun.status_code == 201 and begun.json()["member_id"] == ana.pk
    named = {"X_Tenant": world.tenant.slug, "X_Impersonation": begun.json()["id"]}
    me = program.get("me", named)
    assert (me.json()["id"], me["Acting-As"]) == (ana.pk, ana.pk)
    assert "sessionid" not in me.cookies, "a program gets no browser's session"
    assert program.patch(f"contacts/{noa.pk}", {"name": "Noa L."}, **named).status_code == 200
    assert (
        code_of(program.post("api-keys", {"name": "k", "scopes": ["me:read"]}, **named))
        == "permission_denied"
    )
    (entry,) = audited(world, "contact.changed")
    assert (entry.actor_kind, entry.actor_id, entry.on_behalf_of) == ("staff", sam.pk, ana.pk)
    assert ("me", "me") in {(e.target_type, e.target_id) for e in audited(world, "staff.viewed")}
    (began,) = audited(world, "impersonation.began")
    assert (began.actor_id, began.reason) == (sam.pk, WHY)


def test_without_naming_it_the_program_is_nobody_there(world: Any, sam: Any, ana: Any) -> None:
    program = program_of(sam)
    _begun(program, world, ana.email)
    assert program.get("me", {"X_Tenant": world.tenant.slug}).status_code == 404


def test_it_ends_by_itself_by_its_own_hand_and_with_what_it_rests_on(
    world: Any, sam: Any, ana: Any
) -> None:
    program = program_of(sam)

    def begin() -> dict[str, str]:
        return {"X_Tenant": world.tenant.slug,
                "X_Impersonation": _begun(program, world, ana.email).json()["id"]}  # fmt: skip

    def is_over(named: dict[str, str]) -> bool:
        answer = program.get("me", named)
        return answer.status_code == 403 and code_of(answer) == "impersonation_ended"

    named = begin()
    end = f"tenants/{world.tenant.pk}/impersonations/{named['X_Impersonation']}/end"
    ended = program.post(end, {"reason": "it is solved"})
    assert not ended.json()["is_running"] and is_over(named)
    again = program.post(end, {"reason": "it is solved"})
    assert again.json()["ended_at"] == ended.json()["ended_at"]
    named = begin()
    with factories.inside(world):
        Impersonation.objects.filter(pk=named["X_Impersonation"]).update(expires_at=now())
    assert is_over(named)
    late = program.post(f"tenants/{world.tenant.pk}/impersonations/{named['X_Impersonation']}/end",
                        {"reason": "it is solved"})  # fmt: skip
    assert late.json()["ended_at"] is None, "it was over already"
    named = begin()
    with factories.inside(world):
        change_member(member_id=ana.pk, status="disabled")
    assert is_over(named)
    with factories.inside(world):
        change_member(member_id=ana.pk, status="active")
    named = begin()
    with factories.inside(world):
        StaffGrant.objects.filter(user=sam).update(revoked_at=now())
    assert is_over(named)
    assert len(audited(world, "impersonation.ended")) == 1


def test_an_impersonation_is_of_one_person_in_one_tenant(
    world: Any, sam: Any, ana: Any, new_tenant: Any
) -> None:
    other, colleague = new_tenant("Other"), factories.person(is_staff=True)
    Authenticator.objects.create(user=colleague, type=Authenticator.Type.TOTP, data={})
    for where, who in ((other, sam), (other, colleague), (world, colleague)):
        granted(where, who)
    id_ = _begun(program_of(sam), world, ana.email).json()["id"]
    stranger = signed_in(other.user)
    for caller, tenant in ((program_of(sam), other), (program_of(colleague), world), (program_of(colleague), other),
                           (stranger, world), (stranger, other)):  # fmt: skip
        for named in (id_, id_.upper(), "0" * 24, "nonsense"):
            answer = caller.get("me", {"X_Tenant": tenant.tenant.slug, "X_Impersonation": named})
            assert (answer.status_code, code_of(answer)) == (403, "impersonation_ended")
    assert (
        program_of(sam).get("me", {"X_Tenant": world.tenant.pk, "X_Impersonation": id_}).status_code
        == 200
    )


def test_staff_who_try_what_they_may_not_enter_are_in_the_security_log(
    world: Any, sam: Any, ana: Any, new_tenant: Any
) -> None:
    other, program = new_tenant("Other"), program_of(sam)
    with capture_logs() as lines:
        program.get(f"tenants/{other.tenant.pk}/work")
        program.get("me", {"X_Tenant": world.tenant.slug, "X_Impersonation": "0" * 24})
        signed_in(other.user).get(f"tenants/{world.tenant.pk}/work")
    told = [line for line in lines if line["event"] == "backoffice.refused"]
    assert [(t["user_id"], t["named"]) for t in told] == [
        (sam.pk, other.tenant.pk), (sam.pk, world.tenant.slug)]  # fmt: skip


def test_what_a_program_reads_is_written_each_time_whatever_cookie_is_beside_it(
    world: Any, sam: Any, ana: Any
) -> None:
    program, browser = program_of(sam), signed_in(sam)
    named = {"X_Tenant": world.tenant.slug,
             "X_Impersonation": _begun(program, world, ana.email).json()["id"]}  # fmt: skip
    for caller in (program, program, browser, browser):
        assert caller.get("me", named).status_code == 200
    program.client.cookies = browser.client.cookies
    assert program.get("me", named).status_code == 200
    assert [e.target_type for e in audited(world, "staff.viewed")].count("me") == 4


def test_a_browser_that_names_it_needs_its_csrf_token(world: Any, sam: Any, ana: Any) -> None:
    with factories.inside(world):
        noa = factories.contact(name="Noa")
        factories.conversation(with_=noa)
    named = {"X_Tenant": world.tenant.slug,
             "X_Impersonation": _begun(program_of(sam), world, ana.email).json()["id"]}  # fmt: skip
    forged = signed_in(sam, csrf=True).patch(f"contacts/{noa.pk}", {"name": "Eve"}, **named)
    assert forged.status_code == 403
    with factories.inside(world):
        assert Contact.objects.get(pk=noa.pk).name == "Noa"


def test_an_apps_access_token_may_and_a_suspended_tenant_is_closed(
    world: Any, sam: Any, ana: Any
) -> None:
    session = SessionStore(program_of(sam).headers["X_Session_Token"])
    token = create_access_token(sam, session, {})
    app = Caller(Authorization=f"Bearer {token}")
    named = {
        "X_Tenant": world.tenant.slug,
        "X_Impersonation": _begun(app, world, ana.email).json()["id"],
    }
    assert app.get("me", named)["Acting-As"] == ana.pk
    with factories.inside(world):
        suspend_tenant(tenant=world.tenant, reason="unpaid")
    assert code_of(app.get("me", named)) == "tenant_suspended"
    session.delete()
    assert app.get("me", named).status_code == 401


def test_what_is_ones_own_is_not_done_under_anothers_name(world: Any, sam: Any, ana: Any) -> None:
    program = program_of(sam)
    named = {"X_Impersonation": _begun(program, world, ana.email).json()["id"]}
    key = key_caller(world, ["contacts:read"])[0]
    for caller, path in ((program, "account"), (program, "tenants"), (key, "contacts")):
        answer = caller.get(path, named)
        assert (answer.status_code, code_of(answer)) == (403, "impersonation_ended"), path


def test_a_sign_in_of_yesterday_acts_as_nobody(
    world: Any, sam: Any, ana: Any, settings: Any
) -> None:
    program = program_of(sam)
    named = {"X_Tenant": world.tenant.slug,
             "X_Impersonation": _begun(program, world, ana.email).json()["id"]}  # fmt: skip
    settings.STAFF_SESSION_S = 0
    assert program.get("me", named).status_code == 401
    settings.STAFF_SESSION_S = 43_200
    Authenticator.objects.filter(user=sam).delete()
    assert code_of(program.get("me", named)) == "second_factor_required"


def test_the_stream_is_the_members_too_and_ends_with_it(world: Any, sam: Any, ana: Any) -> None:
    program, slug = program_of(sam), world.tenant.slug
    begun = _begun(program, world, ana.email).json()["id"]
    token = program.headers["X_Session_Token"]
    named = Credentials(session_token=token, tenant=slug, impersonation=begun)
    listener = admit(named)
    assert (listener.principal.member_id, listener.principal.staff_id) == (ana.pk, sam.pk)
    tell(listener, named)
    assert [e.target_type for e in audited(world, "staff.viewed")] == ["stream"]
    assert same_person(listener, admit(named)) is not listener
    other = Listener(world.tenant.pk, replace(listener.principal, id=world.owner.pk))
    with pytest.raises(ImpersonationEnded):
        same_person(listener, other)
    with pytest.raises(TenantNotFound):
        admit(Credentials(session_token=token, tenant=slug))
    program.post(
        f"tenants/{world.tenant.pk}/impersonations/{begun}/end", {"reason": "it is solved"}
    )
    with pytest.raises(ImpersonationEnded):
        admit(named)
