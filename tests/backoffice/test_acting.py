"""Row 87: acting as a member: told on every page, limited in time and rights, under both names."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from config.stream.access import Credentials, admit, tell
from conversations.models import Conversation
from kernel.clock import now
from kernel.scoping import tenant_scope
from messaging.models import Message
from tenants.access import acting
from tenants.errors import PermissionDenied
from tenants.impersonation import WITHHELD, as_member
from tenants.models import Impersonation, Membership, StaffGrant
from tenants.permissions import ROLES
from tenants.services.api_keys import create_api_key
from tenants.services.members import change_member
from tests import factories
from tests.backoffice.conftest import audited, browser, granted, helper_of, staff

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


def test_the_stream_takes_the_browser_for_the_member(world, agent, acting_as):
    cookie = acting_as.cookies[settings.SESSION_COOKIE_NAME].value
    asked = Credentials(session_cookie=cookie, tenant=world.tenant.slug)
    listener = admit(asked)
    tell(listener, asked)
    assert (listener.principal.member_id, listener.principal.staff_id) == (
        agent.pk,
        _user_of(acting_as),
    )
    (heard,) = (e for e in audited(world, "staff.viewed") if e.target_type == "stream")
    assert heard.on_behalf_of == agent.pk


def test_whatever_is_read_through_the_api_is_in_the_tenants_log_once(world, agent, acting_as):
    with factories.inside(world):
        talk = factories.conversation()
    read = [("conversations", talk.pk), ("conversations", "conversations"), ("contacts", "contacts"),
            ("contacts", talk.contact_id), ("me", "me"), ("channels", "channels")]  # fmt: skip
    for resource, id_ in read * 2:
        path = resource if id_ == resource else f"{resource}/{id_}"
        assert _api(acting_as, "get", path).status_code == 200, path
    assert _api(acting_as, "get", f"conversations/{talk.pk}/messages").status_code == 200
    entries = audited(world, "staff.viewed")
    seen = [(e.target_type, e.target_id) for e in entries if e.target_type in dict(read)]
    assert sorted(seen) == sorted(read)
    user_id = _user_of(acting_as)
    assert {(e.actor_kind, e.actor_id, e.on_behalf_of) for e in entries if e.target_type == "me"} == {
        ("staff", user_id, agent.pk)}  # fmt: skip


def test_what_cannot_be_noted_is_not_shown_and_what_is_not_there_is_not_noted(
    world, acting_as, monkeypatch
):
    before = len(audited(world, "staff.viewed"))
    assert _api(acting_as, "get", f"contacts/{'0' * 24}").status_code == 404
    assert len(audited(world, "staff.viewed")) == before

    def broken(*_, **__):
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr("tenants.reads.audit.record", broken)
    acting_as.raise_request_exception = False
    assert _api(acting_as, "get", "contacts").status_code == 500


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
        ("post", "invitations", {"email": "x@example.test", "role": "owner"}),
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
