"""Row 87: who of the staff comes in, acts as whom, for how long, and that the tenant reads all of it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conversations.models import Conversation
from crm.models import Contact
from kernel.clock import now
from kernel.scoping import tenant_scope
from messaging.models import Message
from tenants.access import acting
from tenants.errors import PermissionDenied
from tenants.models import Impersonation, Membership, StaffGrant
from tenants.permissions import ROLES
from tenants.services.api_keys import create_api_key
from tenants.services.members import change_member
from tenants.staff import WITHHELD, as_member
from tests import factories
from tests.backoffice.conftest import audited, browser, granted, helper_of, staff

GRANT = reverse("admin:grant")
WHY = "ticket 4711: cannot close it"


@pytest.fixture
def agent(world):
    person = factories.person()
    with tenant_scope(world.tenant):
        return Membership.objects.create(user=person, role="agent", email=person.email, name="Ana")


@pytest.fixture
def acting_as(world, agent, urls):
    """A helper's browser that acts as the agent."""
    client = helper_of(world)
    client.post(urls(agent, "impersonate"), {"reason": WHY})
    return client


def _user_of(client):
    return client.session["_auth_user_id"]


def _api(client, method, path, body=None):
    extra = {"content_type": "application/json", "data": body} if body is not None else {}
    headers = {"X-Tenant": client.session["backoffice_tenant"]}
    return getattr(client, method)(f"/api/v1/{path}", headers=headers, **extra)


# ------------------------------------------------------------------ grants


def test_a_superuser_grants_and_revokes_access(page, world, superuser, urls):
    helper = staff()
    form = {"email": helper.email, "lasts": "8", "reason": "ticket 12: no messages"}
    assert page.get(GRANT).status_code == 200
    assert page.post(GRANT, form).url == urls(StaffGrant)
    client = browser(helper, world.tenant)
    assert client.get("/admin/").status_code == 200
    (entry,) = audited(world, "staff.granted")
    assert (entry.actor_id, entry.reason) == (superuser.pk, form["reason"])
    assert entry.changes["user_id"] == [None, helper.pk]
    with tenant_scope(world.tenant):
        grant = StaffGrant.objects.get()
    page.post(urls(grant, "revoke"), {"reason": "solved"})
    assert client.get("/admin/").url.startswith(reverse("admin:choose_tenant"))
    (ended,) = audited(world, "staff.grant_revoked", grant.pk)
    assert ended.reason == "solved"


def test_only_superusers_grant_only_staff_and_only_with_a_reason(page, world, urls):
    helper, member, root = staff(), factories.person(), staff(superuser=True)
    client = helper_of(world)
    good = {"email": helper.email, "lasts": "8", "reason": "ticket 12"}
    assert client.get(GRANT).status_code == 403
    assert client.post(GRANT, good).status_code == 403
    for wrong in ({"email": member.email}, {"email": root.email}, {"email": "x"}, {"lasts": "9999"},
                  {"reason": ""}, {"reason": "x" * 201}):  # fmt: skip
        assert page.post(GRANT, {**good, **wrong}).status_code == 200, wrong
    with tenant_scope(world.tenant):
        grants = list(StaffGrant.objects.all())
    assert len(grants) == 1, "the one of the helper itself"
    client.post(urls(grants[0], "revoke"), {"reason": "I stay"})
    with tenant_scope(world.tenant):
        assert StaffGrant.objects.get().revoked_at is None
    assert not audited(world, "staff.granted")


def test_a_grant_opens_one_tenant(world, new_tenant, urls):
    other = new_tenant("Other")
    client = helper_of(world)
    assert (
        client.post(reverse("admin:choose_tenant"), {"tenant": other.tenant.pk}).status_code == 302
    )
    with factories.inside(other):
        foreign = factories.contact()
    assert client.get(urls(foreign)).status_code == 302
    assert not audited(other, "backoffice.entered") and not audited(other, "staff.viewed")


# ------------------------------------------------------------------ what they look at


def test_all_that_staff_look_at_is_in_the_tenants_log_once(world, urls):
    client = helper_of(world)
    with factories.inside(world):
        person = factories.contact()
    for _ in range(3):
        assert client.get(urls(person)).status_code == 200
        assert client.get(urls(Contact)).status_code == 200
        assert client.get("/admin/").status_code == 200
    entries = audited(world, "staff.viewed")
    seen = [(entry.target_type, entry.target_id) for entry in entries]
    assert sorted(seen) == [("backoffice", "index"), ("contact", ""), ("contact", person.pk)]
    assert {(e.actor_kind, e.user_id) for e in entries} == {("staff", _user_of(client))}
    again = client.session
    again["backoffice_reads"] = {name: at - 1000 for name, at in again["backoffice_reads"].items()}
    again.save()
    client.get(urls(person))
    assert len(audited(world, "staff.viewed", person.pk)) == 2, "a quarter of an hour later"


def test_no_page_is_read_without_an_entry(world, urls):
    """Every page that shows a tenant's data, as a helper; a page that is refused has shown nothing."""
    from tests.backoffice.registered import pages, row_of

    client = helper_of(world)
    for page in pages():
        with factories.inside(world):
            row = row_of(page.model)
        for address, target in ((urls(page.model), ""), (urls(row), row.pk)):
            answer = client.get(address)
            kind = page.model._meta.model_name
            found = [e for e in audited(world, "staff.viewed")
                     if (e.target_type, e.target_id) == (kind, target)]  # fmt: skip
            assert answer.status_code == 200 and len(found) == 1, address
    for address in ("/admin/work/", "/admin/find/?q=4321"):
        before = len(audited(world, "staff.viewed"))
        assert client.get(address).status_code == 200
        assert len(audited(world, "staff.viewed")) == before + 1, address


def test_a_page_whose_entry_cannot_be_written_is_not_shown(world, urls, monkeypatch):
    client = helper_of(world)
    with factories.inside(world):
        person = factories.contact(name="Maria Silva")

    def broken(*args, **kwargs):
        raise RuntimeError("no log")

    monkeypatch.setattr("config.backoffice.reads.audit.record", broken)
    client.raise_request_exception = False
    answer = client.get(urls(person))
    assert answer.status_code == 500 and "Maria Silva" not in answer.text


def test_looking_at_a_tenants_own_page_is_in_its_log(world, urls):
    client = helper_of(world)
    assert client.get(urls(world.tenant)).status_code == 200
    assert audited(world, "staff.viewed", world.tenant.pk)


# ------------------------------------------------------------------ acting as a member


def test_acting_as_a_member_needs_a_reason_and_is_told_on_every_page(world, agent, urls):
    client = helper_of(world)
    client.post(urls(agent, "impersonate"), {"reason": " "})
    assert not audited(world, "impersonation.began")
    client.post(urls(agent, "impersonate"), {"reason": WHY})
    (entry,) = audited(world, "impersonation.began")
    assert (entry.actor_kind, entry.actor_id, entry.reason) == ("staff", _user_of(client), WHY)
    assert entry.changes["member_id"] == [None, agent.pk]
    for address in ("/admin/", "/admin/work/", "/admin/find/", "/admin/queues/", urls(Conversation),
                    urls(agent), reverse("admin:choose_tenant"), urls(world.tenant)):  # fmt: skip
        text = client.get(address).text
        assert "bo-acting" in text and "Ana" in text and WHY in text, address


def test_what_is_done_and_read_meanwhile_names_both(world, agent, acting_as, urls):
    with factories.inside(world):
        talk = factories.conversation()
    user_id = _user_of(acting_as)
    assert acting_as.get(urls(talk)).status_code == 200
    acting_as.post(urls(talk, "close"), {"reason": "she asked me to"})
    with tenant_scope(world.tenant):
        assert Conversation.objects.get(pk=talk.pk).status == Conversation.CLOSED
    (closed,) = audited(world, "conversation.status_changed", talk.pk)
    assert (closed.actor_kind, closed.actor_id, closed.on_behalf_of, closed.reason) == (
        "staff", user_id, agent.pk, "she asked me to")  # fmt: skip
    (read,) = audited(world, "staff.viewed", talk.pk)
    assert (read.actor_id, read.on_behalf_of) == (user_id, agent.pk)


def test_the_api_takes_the_browser_for_the_member(world, agent, acting_as):
    with factories.inside(world):
        person = factories.contact(phone="5511955501001")
        factories.identity(person)
        talk = factories.conversation(with_=person)
    me = _api(acting_as, "get", "me")
    assert (me.json()["id"], me.json()["role"]) == (agent.pk, "agent")
    assert me["Acting-As"] == agent.pk
    sent = _api(
        acting_as, "post", f"conversations/{talk.pk}/messages", {"type": "text", "text": "Hello"}
    )
    assert sent.status_code in (201, 202), sent.text
    (entry,) = audited(world, "message.sent")
    assert (entry.actor_kind, entry.actor_id, entry.on_behalf_of) == (
        "staff", _user_of(acting_as), agent.pk)  # fmt: skip
    with tenant_scope(world.tenant):
        said = Message.objects.get(conversation=talk)
    assert (said.sender_kind, said.sender_id) == ("agent", agent.pk)


def test_without_acting_staff_are_nobody_in_the_api(world):
    assert _api(helper_of(world), "get", "me").status_code == 404


@pytest.mark.parametrize(
    "over", [{"expires_at": now() - timedelta(seconds=1)}, {"ended_at": now()}]
)
def test_after_its_time_nothing_more_is_done_as_the_member(over, world, acting_as, urls):
    with factories.inside(world):
        talk = factories.conversation()
        Impersonation.objects.update(**over)
    refused = _api(acting_as, "get", "me")
    assert (refused.status_code, refused.json()["code"]) == (403, "impersonation_ended")
    assert "bo-acting" not in acting_as.get("/admin/").text
    acting_as.post(urls(talk, "close"), {"reason": WHY})
    with tenant_scope(world.tenant):
        assert Conversation.objects.get(pk=talk.pk).status == Conversation.OPEN


def test_it_lasts_half_an_hour_and_no_longer(world, acting_as):
    with tenant_scope(world.tenant):
        row = Impersonation.objects.get()
    assert row.expires_at - row.started_at <= timedelta(minutes=30, seconds=1)


def test_the_button_ends_it(world, acting_as):
    ended = acting_as.post(reverse("admin:end_acting"), follow=True)
    assert "bo-acting" not in ended.text
    assert acting_as.get(reverse("admin:end_acting")).status_code == 405
    (entry,) = audited(world, "impersonation.ended")
    assert entry.on_behalf_of
    assert _api(acting_as, "get", "me").status_code == 404


@pytest.mark.parametrize("how", ["grant", "member", "suspended", "other tenant"])
def test_it_ends_with_what_it_stands_on(how, world, agent, acting_as, page, urls):
    user_id = _user_of(acting_as)
    if how == "grant":
        with tenant_scope(world.tenant):
            StaffGrant.objects.filter(user_id=user_id).update(revoked_at=now())
    elif how == "member":
        with tenant_scope(world.tenant):
            Membership.objects.filter(pk=agent.pk).update(status=Membership.DISABLED)
    elif how == "suspended":
        page.post(urls(world.tenant, "suspend"), {"reason": "did not pay"})
    else:
        acting_as.post(reverse("admin:choose_tenant"), {"tenant": world.tenant.pk})
        assert audited(world, "impersonation.ended"), "choosing anew ends it"
    assert _api(acting_as, "get", "me").status_code in (403, 404)


def test_nobody_acts_as_themselves_or_as_a_stranger(world, new_tenant, urls):
    other = new_tenant("Other")
    user = staff()
    granted(world, user)
    with tenant_scope(world.tenant):
        own = Membership.objects.create(user=user, role="owner", email=user.email)
    client = browser(user, world.tenant)
    for member in (own, other.owner):
        client.post(urls(member, "impersonate"), {"reason": WHY})
    with tenant_scope(world.tenant):
        assert not Impersonation.objects.exists()
    assert not audited(other, "impersonation.began")


def test_another_browsers_impersonation_is_of_no_use(world, acting_as, agent):
    thief = helper_of(world)
    session = thief.session
    session["backoffice_acting_as"] = acting_as.session["backoffice_acting_as"]
    session.save()
    assert _api(thief, "get", "me").status_code == 403
    assert "bo-acting" not in thief.get("/admin/").text


# ------------------------------------------------------------------ what nobody does for another


def test_credentials_people_settings_copies_and_erasure_stay_closed(world, acting_as, urls):
    """As the owner, who may do all of it."""
    acting_as.post(urls(world.owner, "impersonate"), {"reason": WHY})  # one at a time
    acting_as.post(reverse("admin:end_acting"))
    acting_as.post(urls(world.owner, "impersonate"), {"reason": WHY})
    with factories.inside(world):
        channel = factories.channel()
    me = _api(acting_as, "get", "me").json()
    assert me["role"] == "owner"
    assert not WITHHELD & set(me["permissions"])
    for method, path, body in (
        ("post", "api-keys", {"name": "mine", "scopes": ["messages:send"]}),
        ("post", "members", {"email": "x@example.test", "role": "owner"}),
        ("patch", f"members/{world.owner.pk}", {"role": "agent"}),
        ("patch", "tenant", {"name": "Mine"}),
        ("patch", "tenant/settings", {"language": "de"}),
        ("post", f"channels/{channel.pk}/reconnect", {"access_token": "x"}),
        ("delete", f"channels/{channel.pk}", None),
    ):
        answer = _api(acting_as, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path


def test_services_refuse_it_too(world, rf):
    request = rf.get("/")
    request.user, request.session = staff(superuser=True), {}
    request.client_ip, request.request_id = "10.0.0.1", "r" * 8
    with tenant_scope(world.tenant):
        request.running_impersonation = Impersonation.objects.create(
            user=request.user, email=request.user.email, member=world.owner, reason=WHY,
            expires_at=now() + timedelta(minutes=5),
        )  # fmt: skip
    with as_member(request) as principal:
        assert principal.permissions == ROLES["owner"] - WITHHELD
        assert not principal.is_owner, "who owns a tenant is not decided by staff"
        with pytest.raises(PermissionDenied):
            create_api_key(name="x", scopes=[])
        with pytest.raises(PermissionDenied):
            change_member(member_id=world.owner.pk, role="agent")
        with acting(principal):
            assert not principal.permissions & WITHHELD


def test_staffs_own_steps_wait_until_it_ends(world, acting_as, urls):
    with factories.inside(world):
        channel = factories.channel()
    answer = acting_as.post(urls(channel, "pause"), {"reason": WHY}, follow=True)
    assert "end acting as a member first" in answer.text
    with tenant_scope(world.tenant):
        channel.refresh_from_db()
    assert channel.status == "active"


def test_a_members_own_sign_in_is_out_of_reach(world, agent, acting_as):
    """The session stays the member of staff's: what allauth changes is theirs."""
    me = acting_as.get("/_allauth/browser/v1/auth/session").json()
    assert str(me["data"]["user"]["id"]) == _user_of(acting_as) != str(agent.user_id)
