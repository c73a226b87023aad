"""One tenant at a time, chosen by somebody who may enter it, and written down."""

import pytest
from django.urls import reverse

from config.backoffice.scope import KEY
from conversations.models import Conversation
from kernel.clock import now
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from tenants.models import Membership, StaffGrant
from tests.backoffice.conftest import audited, browser, granted, staff

CHOOSE = reverse("admin:choose_tenant")


def test_without_a_tenant_every_page_leads_to_the_chooser(superuser, urls):
    client = browser(superuser)
    for address in (
        "/admin/",
        "/admin/work/",
        urls(Conversation),
        "/admin/autocomplete/",
        "/admin/search/?s=a",
    ):
        answer = client.get(address)
        assert answer.status_code == 302 and answer.url.startswith(CHOOSE), address
    assert client.get(CHOOSE).status_code == 200


def test_choosing_leads_back_to_where_one_was_going(superuser, world, urls):
    client = browser(superuser)
    answer = client.get(urls(Conversation))
    form = {"tenant": world.tenant.pk, "next": urls(Conversation)}
    assert client.post(answer.url, form).url == urls(Conversation)
    assert client.post(CHOOSE, {**form, "next": "https://evil.test/"}).url == "/admin/"


def test_entering_is_written_to_the_tenants_audit_log(superuser, world):
    browser(superuser, world.tenant)
    with tenant_scope(world.tenant):
        entry = AuditEntry.objects.get(action="backoffice.entered")
    assert (entry.actor_kind, entry.actor_id, entry.user_id) == (
        "staff",
        superuser.pk,
        superuser.pk,
    )
    assert entry.ip.startswith("10.")


def test_superusers_see_every_tenant_and_other_staff_those_granted(superuser, new_tenant):
    mine, other = new_tenant("Mine Ltd"), new_tenant("Other Ltd")
    helper = staff()
    granted(mine, helper, reason="ticket 7081")
    listed = browser(helper).get(CHOOSE).text
    assert "Mine Ltd" in listed and "ticket 7081" in listed and "Other Ltd" not in listed
    for world in (mine, other):
        found = browser(superuser).get(CHOOSE, {"q": world.tenant.slug}).text
        assert world.tenant.pk in found


def test_staff_without_a_grant_do_not_enter_not_even_as_members(world):
    helper = staff()
    with tenant_scope(world.tenant):
        Membership.objects.create(user=helper, role="owner", email=helper.email)
    client = browser(helper)
    assert client.post(CHOOSE, {"tenant": world.tenant.pk}).url == CHOOSE
    assert "There is no such tenant for you." in client.get(CHOOSE).text
    assert KEY not in client.session
    assert not audited(world, "backoffice.entered")


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_a_grant_that_ends_closes_the_tenant_at_once(end, world):
    helper = staff()
    grant = granted(world, helper)
    client = browser(helper, world.tenant)
    assert client.get("/admin/").status_code == 200
    assert audited(world, "backoffice.entered")[0].reason == grant.reason
    with tenant_scope(world.tenant):
        StaffGrant.objects.filter(pk=grant.pk).update(**{end: now()})
    assert client.get("/admin/").url.startswith(CHOOSE)
    assert client.post(CHOOSE, {"tenant": world.tenant.pk}).url == CHOOSE


def test_a_session_that_names_a_foreign_tenant_opens_nothing(world):
    client = browser(staff())
    session = client.session
    session[KEY] = world.tenant.pk
    session.save()
    assert client.get("/admin/").url.startswith(CHOOSE)


def test_nonsense_is_not_a_tenant(superuser):
    client = browser(superuser)
    for nonsense in ("", "x", "0" * 24, "<script>", "f" * 10_000):
        assert client.post(CHOOSE, {"tenant": nonsense}).url == CHOOSE
