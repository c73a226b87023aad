"""Row 87: who of the staff comes in, by what grant, and that the tenant reads what they looked at."""

import re

from django.test import Client
from django.urls import reverse

from archives.tests.lived import live
from crm.models import Contact
from kernel.scoping import tenant_scope
from messaging.models import Attachment
from tenants.models import StaffGrant
from tests import factories
from tests.backoffice.conftest import audited, browser, helper_of, staff

GRANT = reverse("admin:grant")


def _user_of(client):
    return client.session["_auth_user_id"]


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

    monkeypatch.setattr("tenants.reads.audit.record", broken)
    client.raise_request_exception = False
    answer = client.get(urls(person))
    assert answer.status_code == 500 and "Maria Silva" not in answer.text


def test_opening_a_file_is_in_the_tenants_log(world, urls, monkeypatch):
    live(world, messages=1)
    with factories.inside(world):
        file = Attachment.objects.get(media_state="stored")
    client = helper_of(world)
    shown = client.get(urls(file)).text
    link = re.search(r"/api/v1/media/content/[^\"]+", shown)[0]
    assert not audited(world, "staff.viewed", file.pk)[1:], "the page alone"
    before = len(audited(world, "staff.viewed", file.pk))
    assert Client().get(link).status_code == 200
    found = audited(world, "staff.viewed", file.pk)
    assert len(found) == before + 1
    assert (found[-1].actor_kind, found[-1].actor_id) == ("staff", _user_of(client))

    def broken(*args, **kwargs):
        raise RuntimeError("no log")

    monkeypatch.setattr("tenants.services.support.audit.record", broken)
    follower = Client(raise_request_exception=False)
    assert follower.get(link).status_code == 500


def test_looking_at_a_tenants_own_page_is_in_its_log(world, urls):
    client = helper_of(world)
    assert client.get(urls(world.tenant)).status_code == 200
    assert audited(world, "staff.viewed", world.tenant.pk)
