"""People of a tenant: how they come in, how a request and a stream know them, what the log keeps."""

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.tests.callers import PASSWORD, App, Browser, new_email, person
from config.stream.access import Credentials, admit
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from tenants.errors import NotSignedIn, TenantNotFound
from tenants.services.invitations import invite
from tests import factories

API = "/api/v1/conversations"


@pytest.fixture
def member(world):
    """The owner of a tenant, with an app."""
    app = App()
    assert app.log_in(world.user, "correct horse battery").status_code == 200
    return app


def _asked(app, world, **headers):
    return app.client.get(API, headers={"X-Tenant": world.tenant.slug, **headers}).status_code


def test_by_invitation_a_colleague_signs_up_and_a_stranger_does_not(world, settings):
    settings.SIGN_UP, settings.ACCOUNT_EMAIL_VERIFICATION = "invitation", "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    colleague, stranger = new_email(), new_email()
    with factories.inside(world):
        invite(email=colleague, role="agent")
    for email in (colleague, stranger):
        answer = App().post("auth/signup", {"email": email, "password": PASSWORD})
        assert answer.status_code == 401
    assert User.objects.filter(email=colleague).exists()
    assert not User.objects.filter(email=stranger).exists()


def test_each_proof_is_enough_by_itself(world, member):
    assert _asked(member, world, **{"X-Session-Token": member.session_token}) == 200
    assert _asked(member, world, Authorization=f"Bearer {member.access_token}") == 200
    browser = Browser()
    browser.log_in(world.user, "correct horse battery")
    assert _asked(browser, world) == 200


@pytest.mark.parametrize(
    "bad",
    [{"X-Session-Token": "nothing"}, {"Authorization": "Bearer a.b.c"}, {"X-Session-Token": "a" * 32}],
)  # fmt: skip
def test_a_token_that_does_not_hold_is_not_made_good_by_a_cookie(world, bad):
    browser = Browser()
    browser.log_in(world.user, "correct horse battery")
    assert _asked(browser, world, **bad) == 401
    assert _asked(browser, world) == 200


def test_an_access_token_needs_no_token_against_forged_requests(world, member):
    headers = {"Authorization": f"Bearer {member.access_token}"}
    body = {"name": "Second", "slug": f"second-{factories.digits(6)}"}
    made = member.client.post("/api/v1/tenants", body, "application/json", headers=headers)
    assert made.status_code == 201


def test_a_stream_knows_people_by_the_same_proofs(world, member):
    browser = Browser()
    browser.log_in(world.user, "correct horse battery")
    slug = world.tenant.slug
    proofs = [
        Credentials(bearer=member.access_token, tenant=slug),
        Credentials(session_token=member.session_token, tenant=slug),
        Credentials(session_cookie=browser.session_id, tenant=slug),
    ]
    assert {admit(proof).tenant_id for proof in proofs} == {world.tenant.pk}
    stranger = App()
    stranger.log_in(person())
    with pytest.raises(TenantNotFound):
        admit(Credentials(bearer=stranger.access_token, tenant=slug))
    call_command("person", "end-sessions", world.user.email)
    for proof in proofs:
        with pytest.raises(NotSignedIn):
            admit(proof)


def _logged(world):
    with tenant_scope(world.tenant):
        return [
            (entry.action, entry.actor_kind)
            for entry in AuditEntry.objects.filter(action__gte="person.", action__lt="person/")
        ]


def test_the_log_tells_of_sign_ins_and_of_what_an_operator_did(world, member):
    for step in ("remove-factors", "disable", "enable"):
        call_command("person", step, world.user.email)
    logged = _logged(world)
    assert ("person.signed_in", "member") in logged
    done = [(f"person.{what}", "system") for what in ("factors_removed", "disabled", "enabled")]
    assert [entry for entry in logged if entry in done] == done


def test_the_log_tells_of_a_refresh_token_that_came_twice(world, member):
    for _ in range(2):
        App().post("tokens/refresh", {"refresh_token": member.refresh_token})
    assert ("person.token_reused", "member") in _logged(world)
