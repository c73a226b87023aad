"""Templates through us: checked first, asked of the provider, recorded for every number of the account."""

from datetime import timedelta

import pytest

from channels import errors
from channels.models import MessageTemplate
from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    NotSent,
    Rejected,
    Throttled,
    Transient,
)
from channels.selectors import template_named
from channels.services import manage_templates as manage
from channels.services.template_refusals import note_refusal
from kernel.clock import iso, now
from kernel.models import AuditEntry, DomainEvent
from tenants.access import acting
from tenants.errors import PermissionDenied
from tests import factories

BODY = [{"type": "BODY", "text": "Hi"}]
NEW = {"name": "pickup", "language": "en_US", "category": "UTILITY", "components": BODY}


class Meta:
    """A client that answers ``answer`` to everything, and remembers what it was asked."""

    def __init__(self):
        self.asked, self.answer = [], None

    def upload_example(self, data, mime_type):
        self.asked.append(("upload", len(data), mime_type))
        return self.answer or f"4::{len(self.asked)}"

    def create_template(self, body):
        self.asked.append(("create", body))
        return self.answer or {"id": "77", "status": "PENDING", "category": "UTILITY"}

    def edit_template(self, external_id, changes):
        return self._done("edit", external_id, changes)

    def delete_template(self, name, external_id):
        return self._done("delete", name, external_id)

    def unpause_template(self, external_id):
        return self._done("unpause", external_id)

    def _done(self, *asked):
        self.asked.append(asked)
        return self.answer or Accepted(external_id="77")


@pytest.fixture
def shop(world, monkeypatch):
    with factories.inside(world):
        external = {"phone_number_id": "1", "waba_id": factories.digits(15)}
        world.one, world.two = (factories.channel(external=external) for _ in range(2))
        world.meta = Meta()
        monkeypatch.setattr(manage, "client_of", lambda _: world.meta)
        yield world


def create(shop, **more):
    return manage.create_template(channel_id=shop.one.pk, **(NEW | more))


def approved(shop, **more):
    """A template that is on both numbers; the one of the first."""
    fields = {"name": "pickup", "external_id": "77", "category": "UTILITY", "components": BODY}
    rows = [factories.template(c, **(fields | more)) for c in (shop.one, shop.two)]
    return rows[0]


def both(shop):
    found = MessageTemplate.objects.filter(name="pickup")
    return {row.channel_id: row for row in found}


def kept():
    return [list(m.objects.order_by("id").values())
            for m in (MessageTemplate, DomainEvent, AuditEntry)]  # fmt: skip


def refused(error, call, **given):
    before = kept()
    with pytest.raises(error) as caught:
        call(**given)
    assert kept() == before
    return caught.value


def test_a_new_template_is_there_for_every_number_with_who_made_it(shop):
    made = create(shop)
    assert (made.status, made.external_id, made.channel_id) == ("PENDING", "77", shop.one.pk)
    assert set(both(shop)) == {shop.one.pk, shop.two.pk}
    (entry,) = made.history
    assert (entry["what"], entry["value"]) == ("created", "PENDING")
    assert entry["by"] == {"kind": "member", "id": shop.owner.pk}
    assert shop.meta.asked == [("create", {**NEW, "parameter_format": "POSITIONAL"})]
    fact = DomainEvent.objects.get(type="template.changed").data
    assert (fact["what"], len(fact["template_ids"])) == ("created", 2)
    assert AuditEntry.objects.filter(action="template.created").count() == 2
    refused(errors.TemplateExists, create, shop=shop)
    assert len(shop.meta.asked) == 1


def test_what_meta_would_not_review_is_refused_before_it_is_asked(shop):
    long = [{"type": "BODY", "text": "x" * 1025}]
    error = refused(errors.InvalidTemplate, create, shop=shop, components=long)
    assert (error.errors[0]["field"], error.data["limit"]) == ("components.0.text", 1024)
    assert shop.meta.asked == []


@pytest.mark.parametrize(("answer", "error"), [
    (Rejected(code=100, title="Too long", advice="Shorten it.", detail="d"), errors.TemplateRefused),
    (ChannelBroken(code=200, title="No permission", advice="Grant it."), errors.TemplateRefused),
    (Throttled(code=80008, scope="account", retry_after=420), errors.ProviderUnavailable),
    (Transient(code=2, title="away"), errors.ProviderUnavailable),
    (NotSent(reason="refused"), errors.ProviderUnavailable),
])  # fmt: skip
def test_what_the_provider_refuses_is_explained_and_not_recorded(shop, answer, error):
    shop.meta.answer = answer
    caught = refused(error, create, shop=shop)
    if error is errors.TemplateRefused:
        assert caught.data["provider_code"] == answer.code
        assert answer.advice in caught.detail
    if isinstance(answer, Throttled):
        assert caught.data["retry_after_s"] == 420
    shop.one.refresh_from_db()
    assert shop.one.status == "active"


def test_an_edit_is_reviewed_again_and_an_approved_one_edited_once_a_day(shop):
    row = approved(shop)
    new = [{"type": "BODY", "text": "Hello"}]
    given = {"channel_id": shop.one.pk, "template_id": row.pk}
    edited = manage.edit_template(**given, components=new)
    assert (edited.status, edited.components) == ("PENDING", new)
    assert [r.components for r in both(shop).values()] == [new] * 2
    assert shop.meta.asked == [("edit", "77", {"components": new})]
    refused(errors.TemplateNotEditable, manage.edit_template, **given, category="MARKETING")
    MessageTemplate.objects.update(status="APPROVED")
    error = refused(errors.TemplateNotEditable, manage.edit_template, **given, category="MARKETING")
    assert 86_000 < error.data["retry_after_s"] <= 86_400
    history = [e | {"at": iso(now() - timedelta(days=2))} for e in edited.history]
    MessageTemplate.objects.filter(pk=row.pk).update(history=history)
    assert manage.edit_template(**given, category="MARKETING").category == "MARKETING"


def test_an_edit_that_changes_nothing_asks_nobody(shop):
    row = approved(shop)
    manage.edit_template(channel_id=shop.one.pk, template_id=row.pk, category="UTILITY")
    assert shop.meta.asked == []


def test_a_deleted_template_stays_in_the_list_and_can_be_made_again(shop):
    row = approved(shop)
    given = {"channel_id": shop.one.pk, "template_id": row.pk}
    manage.delete_template(**given)
    assert [r.status for r in both(shop).values()] == ["DELETED"] * 2
    manage.delete_template(**given)
    assert shop.meta.asked == [("delete", "pickup", "77")]
    assert create(shop).pk == row.pk
    assert [e["what"] for e in both(shop)[shop.one.pk].history] == ["status", "created"]


def test_a_pause_is_ended_and_only_a_pause(shop):
    row = approved(shop)
    given = {"channel_id": shop.one.pk, "template_id": row.pk}
    refused(errors.TemplateNotEditable, manage.unpause_template, **given)
    MessageTemplate.objects.update(status="PAUSED", paused_until=now())
    released = manage.unpause_template(**given)
    assert (released.status, released.paused_until) == ("APPROVED", None)
    assert both(shop)[shop.two.pk].status == "APPROVED"


def test_only_who_manages_templates_does_any_of_it(shop):
    row = approved(shop)
    given = {"channel_id": shop.one.pk, "template_id": row.pk}
    with acting(factories.principal(shop, "agent")):
        refused(PermissionDenied, create, shop=shop)
        refused(PermissionDenied, manage.edit_template, **given, category="MARKETING")
        refused(PermissionDenied, manage.sync_now, channel_id=shop.one.pk)
        for call in (manage.delete_template, manage.unpause_template):
            refused(PermissionDenied, call, **given)
    assert shop.meta.asked == []


def test_a_template_of_another_channel_is_unknown(shop):
    stranger = factories.template(factories.channel())
    refused(errors.TemplateNotFound, manage.delete_template, channel_id=shop.one.pk,
            template_id=stranger.pk)  # fmt: skip


def test_a_kind_without_templates_says_so(shop, monkeypatch):
    monkeypatch.setattr(manage, "client_of", lambda _: object())
    refused(errors.TemplatesUnsupported, create, shop=shop)
    refused(errors.TemplatesUnsupported, manage.sync_now, channel_id=shop.one.pk)


# ----------------------------------------------------------------------------- what may be sent


@pytest.mark.parametrize(("status", "is_sendable"), [
    ("APPROVED", True), ("PENDING", True), ("PAUSED", False), ("DISABLED", False),
    ("REJECTED", False), ("DELETED", False), ("PENDING_DELETION", False), ("ARCHIVED", False),
])  # fmt: skip
def test_a_template_that_cannot_be_sent_is_refused_before_any_call(shop, status, is_sendable):
    factories.template(shop.one, name="t", status=status)
    if is_sendable:
        assert template_named(shop.one, "t", "en_US")
        return
    with pytest.raises(errors.TemplateNotSendable) as caught:
        template_named(shop.one, "t", "en_US")
    assert caught.value.data["status"] == status


def test_a_pause_that_should_be_over_is_the_providers_to_judge(shop):
    factories.template(shop.one, name="t", status="PAUSED", paused_until=now())
    assert template_named(shop.one, "t", "en_US")


@pytest.mark.parametrize(("code", "status"), [(132015, "PAUSED"), (132016, "DISABLED")])
def test_a_refused_send_teaches_the_templates_state_on_all_numbers_once(shop, code, status):
    approved(shop)
    for _ in range(2):
        note_refusal(shop.two, "pickup", "en_US", code)
    found = both(shop)
    assert [row.status for row in found.values()] == [status] * 2
    assert [len(row.history) for row in found.values()] == [1, 1]
    until = found[shop.one.pk].paused_until
    assert (until is not None) == (code == 132015)
    if until:
        assert timedelta(hours=2.9) < until - now() <= timedelta(hours=3)
    note_refusal(shop.two, "pickup", "en_US", 132000)
    note_refusal(shop.two, "other", "en_US", code)
    assert MessageTemplate.objects.count() == 2
