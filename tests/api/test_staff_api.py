"""Support staff over REST: acting as a member by the id of an impersonation, and the way out of stuck work."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as configured

from config.stream.access import Credentials, admit, welcome
from kernel.clock import now
from kernel.models import AuditEntry
from messaging.models import Attachment
from tenants.errors import ImpersonationEnded, TenantNotFound
from tenants.models import Impersonation, StaffGrant
from tenants.services.members import change_member
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import member, signed_in
from tests.backoffice.arrivals import posted
from webhooks.models import WebhookEvent

WHY = "ticket 4711: cannot close it"


@pytest.fixture
def sam(world: Any, settings: Any) -> Any:
    """A member of staff with a grant for ``world``."""
    settings.STAFF_SECOND_FACTOR = True
    user = factories.person(is_staff=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    with factories.inside(world):
        StaffGrant.objects.create(user=user, email=user.email, reason="ticket 4711",
                                  expires_at=now() + timedelta(hours=1))  # fmt: skip
    return user


def _program(user: Any) -> Caller:
    """Signed in by a token, as a program is: no cookie goes with it."""
    token = signed_in(user).client.cookies[configured.SESSION_COOKIE_NAME].value
    return Caller(X_Session_Token=token)


def _begun(caller: Caller, world: Any, email: str) -> Any:
    return caller.post(f"tenants/{world.tenant.pk}/impersonations", {"email": email, "reason": WHY})


def _audited(world: Any, action: str) -> list[AuditEntry]:
    with factories.inside(world):
        return list(AuditEntry.objects.filter(action=action).order_by("seq"))


@pytest.fixture
def ana(world: Any) -> Any:
    return member(world, "agent")[1]


def test_a_program_acts_as_a_member_by_naming_it_on_each_request(
    world: Any, sam: Any, ana: Any
) -> None:
    with factories.inside(world):
        noa = factories.contact(name="Noa")
        factories.conversation(with_=noa)
    program = _program(sam)
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
    (entry,) = _audited(world, "contact.changed")
    assert (entry.actor_kind, entry.actor_id, entry.on_behalf_of) == ("staff", sam.pk, ana.pk)
    assert ("me", "me") in {(e.target_type, e.target_id) for e in _audited(world, "staff.viewed")}
    (began,) = _audited(world, "impersonation.began")
    assert (began.actor_id, began.reason) == (sam.pk, WHY)


def test_without_naming_it_the_program_is_nobody_there(world: Any, sam: Any, ana: Any) -> None:
    program = _program(sam)
    _begun(program, world, ana.email)
    assert program.get("me", {"X_Tenant": world.tenant.slug}).status_code == 404


def test_it_ends_by_itself_by_its_own_hand_and_with_what_it_rests_on(
    world: Any, sam: Any, ana: Any
) -> None:
    program = _program(sam)

    def begin() -> dict[str, str]:
        return {"X_Tenant": world.tenant.slug,
                "X_Impersonation": _begun(program, world, ana.email).json()["id"]}  # fmt: skip

    def is_over(named: dict[str, str]) -> bool:
        answer = program.get("me", named)
        return answer.status_code == 403 and code_of(answer) == "impersonation_ended"

    named = begin()
    ended = program.post(f"tenants/{world.tenant.pk}/impersonations/{named['X_Impersonation']}/end")
    assert not ended.json()["is_running"] and is_over(named)
    again = program.post(f"tenants/{world.tenant.pk}/impersonations/{named['X_Impersonation']}/end")
    assert again.json()["ended_at"] == ended.json()["ended_at"]
    named = begin()
    with factories.inside(world):
        Impersonation.objects.filter(pk=named["X_Impersonation"]).update(expires_at=now())
    assert is_over(named)
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
    assert len(_audited(world, "impersonation.ended")) == 1


def test_an_impersonation_is_of_one_person_in_one_tenant(
    world: Any, sam: Any, ana: Any, new_tenant: Any
) -> None:
    other = new_tenant("Other")
    id_ = _begun(_program(sam), world, ana.email).json()["id"]
    stranger, colleague = signed_in(other.user), _program(factories.person(is_staff=True))
    for caller, tenant in (
        (_program(sam), other),
        (stranger, world),
        (stranger, other),
        (colleague, world),
    ):
        for named in (id_, "0" * 24, "nonsense"):
            answer = caller.get("me", {"X_Tenant": tenant.tenant.slug, "X_Impersonation": named})
            assert (answer.status_code, code_of(answer)) == (403, "impersonation_ended")


def test_a_sign_in_of_yesterday_acts_as_nobody(
    world: Any, sam: Any, ana: Any, settings: Any
) -> None:
    program = _program(sam)
    named = {"X_Tenant": world.tenant.slug,
             "X_Impersonation": _begun(program, world, ana.email).json()["id"]}  # fmt: skip
    settings.STAFF_SESSION_S = 0
    assert program.get("me", named).status_code == 401
    settings.STAFF_SESSION_S = 43_200
    Authenticator.objects.filter(user=sam).delete()
    assert code_of(program.get("me", named)) == "second_factor_required"


def test_the_stream_is_the_members_too_and_ends_with_it(world: Any, sam: Any, ana: Any) -> None:
    program, slug = _program(sam), world.tenant.slug
    begun = _begun(program, world, ana.email).json()["id"]
    token = program.headers["X_Session_Token"]
    named = Credentials(session_token=token, tenant=slug, impersonation=begun)
    listener = welcome(named)
    assert (listener.principal.member_id, listener.principal.staff_id) == (ana.pk, sam.pk)
    assert [e.target_type for e in _audited(world, "staff.viewed")].count("stream") == 1
    admit(named)
    assert [e.target_type for e in _audited(world, "staff.viewed")].count("stream") == 1
    with pytest.raises(TenantNotFound):
        admit(Credentials(session_token=token, tenant=slug))
    program.post(f"tenants/{world.tenant.pk}/impersonations/{begun}/end")
    with pytest.raises(ImpersonationEnded):
        admit(named)


def test_a_stuck_message_is_found_its_raw_delivery_read_and_it_is_brought_back(
    world: Any, sam: Any, quiet: None
) -> None:
    with factories.inside(world):
        delivery, event = posted(factories.channel(), text="where is my parcel")
    program, at = _program(sam), f"tenants/{world.tenant.pk}"
    (cause,) = program.get(f"{at}/work").json()["results"]
    assert (cause["collection"], cause["state"], cause["cause"], cause["count"]) == (
        "webhook_events", "dead", "handler failed", 1)  # fmt: skip
    (item,) = program.get(f"{at}/work-items", collection="webhook_events").json()["results"]
    assert (item["id"], item["last_error"]) == (event.pk, "KeyError: order")
    raw = program.get(f"{at}/webhook-events/{event.pk}/delivery").json()
    assert raw["id"] == delivery.pk and "where is my parcel" in raw["body"] and raw["is_whole"]
    back = program.post(f"{at}/work-items/{event.pk}/replay", {"reason": "the fix is deployed"})
    assert back.json()["state"] == "ready"
    (entry,) = _audited(world, "work.replayed")
    assert (entry.actor_id, entry.target_id, entry.reason) == (
        sam.pk,
        event.pk,
        "the fix is deployed",
    )
    viewed = {(e.target_type, e.target_id) for e in _audited(world, "staff.viewed")}
    assert {("work", ""), ("webhookevent", ""), ("webhookdelivery", delivery.pk)} <= viewed


def test_all_of_a_cause_comes_back_and_one_that_is_given_up_stays_to_be_seen(
    world: Any, sam: Any, quiet: None
) -> None:
    with factories.inside(world):
        rows = [
            factories.item(f"l{n}", state="dead", open=False, reason="timeout") for n in range(4)
        ]
        for row in rows:
            row.save(force_insert=True)
    program, at, why = _program(sam), f"tenants/{world.tenant.pk}", {"reason": "over and done"}
    given_up = program.post(f"{at}/work-items/{rows[0].pk}/discard", why).json()
    assert (given_up["state"], given_up["reason"]) == ("done", "discarded: over and done")
    again = program.post(f"{at}/work-items/{rows[0].pk}/discard", why)
    assert (again.status_code, code_of(again)) == (409, "work_item_not_recoverable")
    asked = {**why, "collection": "attachments", "state": "dead", "cause": "timeout"}
    assert program.post(f"{at}/work-items/replay", asked).json() == {"replayed": 3, "is_all": True}
    with factories.inside(world):
        assert Attachment.objects.filter(state="ready").count() == 3
    wrong = program.post(f"{at}/work-items/replay", {**asked, "collection": "tenants"})
    assert code_of(wrong) == "work_item_not_found"
    assert code_of(program.get(f"{at}/work-items", collection="users")) == "invalid_parameter"


def test_an_item_of_another_tenant_is_not_there(world: Any, sam: Any, new_tenant: Any) -> None:
    other = new_tenant("Other")
    with factories.inside(other):
        _, event = posted(factories.channel())
    program, at = _program(sam), f"tenants/{world.tenant.pk}"
    for path, body in ((f"{at}/work-items/{event.pk}/replay", {"reason": "mended"}),
                       (f"{at}/work-items/{event.pk}/discard", {"reason": "mended"})):  # fmt: skip
        assert program.post(path, body).status_code == 404
    assert program.get(f"{at}/webhook-events/{event.pk}/delivery").status_code == 404
    with factories.inside(other):
        assert WebhookEvent.objects.get(pk=event.pk).state == "dead"
