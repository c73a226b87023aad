"""Row 114: what somebody outside wrote, another site, or a forged form can do to a page of staff."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse

from kernel.clock import now
from kernel.models import AuditEntry
from kernel.scoping import tenant_scope
from tenants.models import Impersonation, Membership, StaffGrant
from tests import factories
from tests.backoffice.arrivals import posted
from tests.backoffice.conftest import audited, browser, helper_of, staff
from tests.backoffice.registered import pages, row_of

EVIL = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(1)>"
OWN = ["index", "work", "queues", "find", "choose_tenant", "grant"]


def test_hostile_texts_are_neutral_where_staff_look_for_messages(world, page):
    with factories.inside(world):
        person = factories.contact(name=EVIL)
        factories.identity(person, value="5511955509999")
        _, event = posted(factories.channel(name=EVIL), text=EVIL + IMAGE, phone="5511955509999")
        type(event).objects.filter(pk=event.pk).update(reason=EVIL, last_error=IMAGE)
        talk = factories.conversation(with_=person)
        factories.message(talk, seq=1, text=EVIL + IMAGE, sender_name=EVIL)
    for address in (
        f"/admin/find/?q={event.pk}",
        "/admin/find/?q=09999",
        "/admin/work/",
        "/admin/queues/",
    ):
        text = page.get(address).text
        assert EVIL not in text and "<img src=x" not in text, address
    assert "&lt;script&gt;" in page.get("/admin/find/?q=09999").text


def test_hostile_reasons_and_names_are_neutral_in_the_banner(world, urls):
    with tenant_scope(world.tenant):
        Membership.objects.filter(pk=world.owner.pk).update(name=EVIL)
    client = helper_of(world)
    client.post(urls(world.owner, "impersonate"), {"reason": IMAGE + EVIL})
    for address in ("/admin/", urls(Impersonation), urls(StaffGrant)):
        text = client.get(address).text
        assert "bo-acting" in text and EVIL not in text and "<img src=x" not in text, address


def test_no_page_is_framed_kept_or_sniffed(world, page, urls):
    addresses = [reverse(f"admin:{name}") for name in OWN] + [urls(p.model) for p in pages()]
    for address in addresses:
        answer = page.get(address)
        assert answer["X-Frame-Options"] == "DENY", address
        assert "no-store" in answer["Cache-Control"], address
        assert answer["X-Content-Type-Options"] == "nosniff", address


def test_no_form_is_taken_without_its_token(world, page, urls, superuser):
    with factories.inside(world):
        rows = [row_of(p.model) for p in pages()]
    targets = [reverse("admin:choose_tenant"), reverse("admin:grant"), reverse("admin:end_acting"),
               "/admin/kernel/auditentry/verify/", urls(world.tenant, "suspend"),
               "/admin/work/replay/?model=messaging.attachment&state=dead&cause=x"]  # fmt: skip
    for row in rows:
        page_ = admin.site._registry[type(row)]
        targets += [urls(type(row)), *(urls(row, step.name) for step in page_.steps)]
    page.handler.enforce_csrf_checks = True
    with tenant_scope(world.tenant):
        before = AuditEntry.objects.exclude(action="staff.viewed").count()
    for address in targets:
        assert page.post(address, {"reason": "because I can"}).status_code == 403, address
    with tenant_scope(world.tenant):
        assert AuditEntry.objects.exclude(action="staff.viewed").count() == before


def test_nothing_is_deleted_in_bulk_and_the_audit_log_takes_no_step(world, page, urls):
    for page_ in pages():
        actions = page.get(urls(page_.model)).context["cl"].model_admin.get_actions(_request(page))
        assert "delete_selected" not in actions
        assert set(actions) == {step.name for step in page_.steps if step.bulk}
    assert admin.site._registry[AuditEntry].steps == ()


def _request(client):
    return client.get("/admin/").wsgi_request


@pytest.mark.parametrize("how", ["no session", "no staff", "no tenant", "expired grant"])
def test_every_page_is_closed_to_those_who_have_no_business_there(how, world, urls):
    if how == "no session":
        client = browser()
    elif how == "no staff":
        client = browser(world.user)
    elif how == "no tenant":
        client = browser(staff())
    else:
        client = helper_of(world)
        with tenant_scope(world.tenant):
            StaffGrant.objects.update(expires_at=now() - timedelta(seconds=1))
    with factories.inside(world):
        rows = [row_of(p.model) for p in pages()]
    seen = len(audited(world, "staff.viewed"))
    addresses = [reverse(f"admin:{n}") for n in ("index", "work", "find", "grant")]
    addresses += (
        [urls(row) for row in rows] + [urls(type(row)) for row in rows] + [urls(world.tenant)]
    )
    for address in addresses:
        assert client.get(address).status_code == 302, address
        assert client.post(address, {"reason": "let me in"}).status_code in (302, 403), address
    assert len(audited(world, "staff.viewed")) == seen
