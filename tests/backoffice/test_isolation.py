"""Every registered page, generated over the site: own rows are there, foreign ids find nothing and change nothing."""

import pytest
from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.messages import get_messages
from django.urls import reverse

from archives.services.erasures import ask_erasure
from kernel.backoffice.base import BackofficeAdmin
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from kernel.scoping.models import TenantModel
from tests import factories
from tests.backoffice.conftest import browser, granted, staff
from tests.backoffice.registered import name_of, pages, row_of

each_page = pytest.mark.parametrize("page_", pages(), ids=name_of)


def _document(model, world, pk):
    with tenant_scope(world.tenant):
        return collection(model).find_one({**owner(), "_id": ObjectId(pk)})


def _made(model, world):
    with factories.inside(world):
        return row_of(model)


def _name(page_, what):
    return f"admin:{page_.opts.app_label}_{page_.opts.model_name}_{what}"


def test_only_pages_of_ours_are_registered():
    assert all(isinstance(page, BackofficeAdmin) for page in admin.site._registry.values())
    assert {name_of(page) for page in admin.site._registry.values()} == {
        "archives.ContactErasure", "archives.Erasure", "archives.Export", "archives.RetentionRun",
        "channels.Channel", "channels.ChannelAlert", "conversations.Conversation", "crm.Contact", "kernel.AuditEntry",
        "kernel.DomainEvent", "kernel.Reaction", "messaging.Attachment", "messaging.Delivery",
        "messaging.DeliveryCheck", "messaging.Lookup", "messaging.ReadReceipt", "tenants.ApiKey",
        "tenants.Impersonation", "tenants.InvitationMail",
        "tenants.Membership", "tenants.StaffGrant", "tenants.Tenant", "webhooks.WebhookDelivery", "webhooks.WebhookEvent",
    }  # fmt: skip


@each_page
def test_lists_and_popups_show_own_rows_only_and_an_own_row_has_a_page(
    page_, page, world, new_tenant
):
    own, foreign = _made(page_.model, world), _made(page_.model, new_tenant("Other"))
    for query in ({}, {"_popup": "1"}, {"_popup": "1", "_to_field": "id"}):
        answer = page.get(reverse(_name(page_, "changelist")), query)
        assert answer.status_code == 200
        shown = {row.pk for row in answer.context["cl"].result_list}
        assert own.pk in shown and foreign.pk not in shown
        assert foreign.pk not in answer.text
    answer = page.get(reverse(_name(page_, "change"), args=[own.pk]))
    assert answer.status_code == 200 and own.pk in answer.text


@each_page
def test_a_foreign_id_is_as_absent_as_a_random_one(page_, page, world, new_tenant):
    other = new_tenant("Other")
    foreign = _made(page_.model, other)
    before = _document(page_.model, other, foreign.pk)
    for what in ("change", "history", "delete"):
        answers = [
            _told(page, method, reverse(_name(page_, what), args=[pk]), pk)
            for pk in (foreign.pk, new_id())
            for method in ("get", "post")
        ]
        assert answers[:2] == answers[2:], what
        assert all(status in (302, 403) for status, *_ in answers), what
    assert _document(page_.model, other, foreign.pk) == before


def _told(client, method, address, pk):
    """What a browser is told: the code, where to, the message, without the id itself."""
    session = client.session
    session.pop("_messages", None)
    session.save()
    answer = getattr(client, method)(address, {"post": "yes"})
    said = [str(message).replace(pk, "") for message in get_messages(answer.wsgi_request)]
    return answer.status_code, answer.get("Location"), said


@each_page
def test_no_step_reaches_a_foreign_row(page_, page, world, new_tenant):
    other = new_tenant("Other")
    foreign = _made(page_.model, other)
    before = _document(page_.model, other, foreign.pk)
    for step in page_.steps:
        address = reverse(_name(page_, "step"), args=[foreign.pk, step.name])
        assert page.get(address).status_code == 302
        assert page.post(address, {"reason": "because I can"}).url == "/admin/"
        selected = {"action": step.name, "confirmed": "1", "reason": "because I can",
                    helpers.ACTION_CHECKBOX_NAME: [foreign.pk]}  # fmt: skip
        page.post(reverse(_name(page_, "changelist")), selected)
    assert _document(page_.model, other, foreign.pk) == before


@each_page
def test_a_search_for_a_foreign_id_finds_nothing(page_, page, world, new_tenant):
    own, foreign = _made(page_.model, world), _made(page_.model, new_tenant("Other"))
    address = reverse(_name(page_, "changelist"))
    found = page.get(address, {"q": own.pk}).context["cl"].result_list
    assert [row.pk for row in found] == [own.pk]
    assert not page.get(address, {"q": foreign.pk}).context["cl"].result_list


def _references():
    """Foreign keys between registered pages, as ``autocomplete`` is asked for them."""
    registered = {page.model for page in pages()}
    return [
        (model, field)
        for model in sorted(registered, key=lambda m: m._meta.label)
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in registered
    ]


@pytest.mark.parametrize(
    ("model", "field"), _references(), ids=lambda v: getattr(v, "name", getattr(v, "__name__", ""))
)
def test_autocompletes_offer_own_rows_only(model, field, page, world, new_tenant):
    target = field.related_model
    assert issubclass(target, TenantModel)
    own, foreign = _made(target, world), _made(target, new_tenant("Other"))
    query = {"app_label": model._meta.app_label, "model_name": model._meta.model_name,
             "field_name": field.name}  # fmt: skip
    address = reverse("admin:autocomplete")
    everything = {row["id"] for row in page.get(address, {**query, "term": ""}).json()["results"]}
    assert own.pk in everything and foreign.pk not in everything
    assert page.get(address, {**query, "term": foreign.pk}).json()["results"] == []


@each_page
def test_nothing_is_added_changed_or_deleted_by_the_stock_forms(page_, page, world):
    own = _made(page_.model, world)
    before = _document(page_.model, world, own.pk)
    addresses = [reverse(_name(page_, "add")), *(reverse(_name(page_, what), args=[own.pk])
                 for what in ("change", "delete"))]  # fmt: skip
    for address in addresses:
        assert (
            page.post(address, {"post": "yes", "name": "x", "status": "active"}).status_code == 403
        )
    assert _document(page_.model, world, own.pk) == before


def test_staff_reach_the_pages_of_the_tenants_granted_to_them_only(new_tenant):
    mine, other, helper = new_tenant("Mine"), new_tenant("Other"), staff()
    granted(mine, helper)
    client = browser(helper)
    listed = client.get(reverse("admin:tenants_tenant_changelist")).context["cl"].result_list
    assert [row.pk for row in listed] == [mine.tenant.pk]
    assert (
        client.get(reverse("admin:tenants_tenant_change", args=[other.tenant.pk])).status_code
        == 302
    )
    for world in (mine, other):
        for step in ("suspend", "resume"):
            address = reverse("admin:tenants_tenant_step", args=[world.tenant.pk, step])
            client.post(address, {"reason": "let me"})
            world.tenant.refresh_from_db()
            assert world.tenant.status == "active"


def test_what_became_of_erased_tenants_is_for_superusers_alone(new_tenant):
    world = new_tenant("Leaving")
    with factories.inside(world):
        row = ask_erasure(slug=world.tenant.slug)
    helper = staff()
    granted(world, helper)
    listed = reverse("admin:archives_erasure_changelist")
    one = reverse("admin:archives_erasure_change", args=[row.pk])
    for client in (browser(helper), browser(helper, world.tenant)):
        assert [client.get(address).status_code for address in (listed, one)] == [403, 403]
        assert listed not in client.get(reverse("admin:index"), follow=True).text
    above = browser(staff(superuser=True))
    assert row.slug in above.get(listed).text
    assert row.erased_tenant_id in above.get(one).text
    assert listed in above.get(reverse("admin:tenants_tenant_changelist")).text
    assert above.post(one, {"post": "yes"}).status_code == 403
