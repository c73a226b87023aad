"""Changes of templates as Meta's webhooks tell them: found however they are named, kept as the list shows them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.models import Channel, MessageTemplate
from channels.providers import provider_for
from channels.providers.events import TemplateChanged
from channels.services import reconcile, template_lane
from channels.services.manage_templates import EDITABLE
from channels.services.template_changes import change_template
from channels.services.templates import sync_account
from kernel.clock import now
from kernel.models import DomainEvent, Lane
from kernel.mongo.doors import hasty
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from tests import factories
from tests.inbound import work_off

WABA = "301122334455667"
ID = "7712003344"
FIXTURES = Path(__file__).parents[1] / "providers/whatsapp/fixtures"
OLD, NEW = ([{"type": "BODY", "text": text}] for text in ("old", "new"))
BEFORE = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(world):
    """Two numbers of one account that know one template."""
    with factories.inside(world):
        world.numbers = [
            factories.channel(external={"phone_number_id": factories.digits(15), "waba_id": WABA})
            for _ in range(2)
        ]
        for number in world.numbers:
            template(number)
        yield world


def template(number, **more):
    given = {"name": "pickup_ready", "external_id": ID, "category": "UTILITY", "components": OLD,
             "synced_at": BEFORE, **more}  # fmt: skip
    return factories.template(number, **given)


def fixture(name):
    """What the provider's code makes of a body that Meta posts."""
    body = json.loads((FIXTURES / f"{name}.json").read_text())["body"]
    provider = provider_for("whatsapp")
    (item,) = provider.explode(body)
    (event,) = provider.parse(item.body)
    return event


def change(value="PAUSED", *, what="status", at=None, **more):
    given = {"external_id": ID, "name": "pickup_ready", "language": "en_US", **more}
    return TemplateChanged(what=what, value=value, provider_at=at or now(), **given)


def apply(shop, *changes):
    for one in changes:
        run_transaction(lambda one=one: change_template(shop.numbers[0], one))


def rows():
    return list(MessageTemplate.objects.filter(name="pickup_ready").order_by("id"))


# ------------------------------------------------------------------ which template is meant


@pytest.mark.parametrize("external_id", [ID, ""], ids=["known by its id", "known by its name"])
@pytest.mark.parametrize(("name", "column", "value"), [
    ("status", "status", "PAUSED"),
    ("quality", "quality", "RED"),
    ("category", "category", "MARKETING"),
])  # fmt: skip
def test_a_language_with_a_hyphen_is_the_lists_with_an_underscore(
    shop, name, column, value, external_id
):
    MessageTemplate.objects.update(external_id=external_id)
    event = fixture(f"template_{name}_in_a_hyphenated_language")
    assert event.language == "en-US"
    apply(shop, event, event)
    assert [getattr(row, column) for row in rows()] == [value] * 2
    assert [len(row.history) for row in rows()] == [1, 1]
    fact = DomainEvent.objects.get(type="template.changed").data
    assert (fact["language"], len(fact["template_ids"])) == ("en_US", 2)
    assert [c.template_notices for c in Channel.objects.all()] == [[], []]


def test_the_id_decides_between_languages_that_are_spelled_alike(shop):
    other = template(shop.numbers[0], language="en_us", external_id="5")
    apply(shop, change(external_id="5", language="en-US"))
    assert MessageTemplate.objects.get(pk=other.pk).status == "PAUSED"
    mine = MessageTemplate.objects.get(channel=shop.numbers[0], language="en_US")
    assert (mine.status, mine.history) == ("APPROVED", [])


def test_another_language_or_name_is_another_template(shop):
    others = [template(shop.numbers[0], language="en", external_id="5"),
              template(shop.numbers[0], name="pickup", external_id="6")]  # fmt: skip
    apply(shop, change(language="en-US"))
    assert [MessageTemplate.objects.get(pk=row.pk).status for row in others] == ["APPROVED"] * 2
    assert [row.status for row in rows() if row.language == "en_US"] == ["PAUSED"] * 2


def test_what_waited_in_a_hyphenated_language_is_found_by_the_next_sync(shop):
    MessageTemplate.objects.all().delete()
    apply(shop, change("RED", what="quality", external_id="", language="en-US"))
    sync(shop)
    assert [(row.quality, len(row.history)) for row in rows()] == [("RED", 1)] * 2
    assert [c.template_notices for c in Channel.objects.all()] == [[], []]


# ------------------------------------------------------------------ events that are no status


class Meta:
    """A client whose account has the one template, as ``more`` says."""

    def __init__(self, **more):
        self.entry = {"id": ID, "name": "pickup_ready", "language": "en_US", "category": "UTILITY",
                      "status": "APPROVED", "components": OLD, **more}  # fmt: skip

    def templates(self):
        return [self.entry]


def sync(shop, **more):
    return sync_account(shop.numbers[0], Meta(**more))


@pytest.mark.parametrize("event", [
    "APPROVED", "REJECTED", "PENDING", "PAUSED", "DISABLED", "IN_APPEAL", "LIMIT_EXCEEDED",
    "ARCHIVED", "DELETED", "PENDING_DELETION",
])  # fmt: skip
def test_an_event_that_is_a_status_becomes_it(shop, event):
    MessageTemplate.objects.update(status="PENDING" if event == "APPROVED" else "APPROVED")
    apply(shop, change(event))
    assert [row.status for row in rows()] == [event] * 2


@pytest.mark.parametrize(("event", "before"), [
    ("REINSTATED", "DISABLED"), ("UNARCHIVED", "ARCHIVED"), ("FLAGGED", "APPROVED"),
])  # fmt: skip
def test_an_event_after_which_the_list_says_approved_is_no_status_of_its_own(shop, event, before):
    MessageTemplate.objects.update(status=before)
    apply(shop, change(event))
    for row in rows():
        assert (row.status, row.is_sendable, row.status in EDITABLE) == ("APPROVED", True, True)
        assert [entry["value"] for entry in row.history] == [event]
    assert sync(shop).differences == ()


@pytest.mark.parametrize("event", ["LOCKED", "UNLOCKED", "POLISHED"])
@pytest.mark.parametrize("before", ["APPROVED", "PAUSED", "REJECTED"])
def test_any_other_event_is_history_only(shop, event, before):
    MessageTemplate.objects.update(status=before, reason="WHY")
    apply(shop, change(event, reason="OTHER"))
    for row in rows():
        assert (row.status, row.reason) == (before, "WHY")
        assert [entry["value"] for entry in row.history] == [event]
    assert sync(shop, status=before, rejected_reason="WHY").differences == ()


def test_an_event_that_is_history_only_hides_no_status_that_comes_late(shop):
    at = now()
    apply(shop, change("LOCKED", at=at), change("PAUSED", at=at - timedelta(seconds=5)))
    assert [row.status for row in rows()] == ["PAUSED"] * 2
    assert fixture("template_locked").value == "LOCKED"


# ------------------------------------------------------------------ new components


def parts_told():
    """Meta's own shape, told now: no list of components, as a send needs, is in it."""
    event = fixture("template_components_in_a_hyphenated_language")
    assert "components" not in event.detail
    return change("", what="components", detail=event.detail)


def lane_due():
    mine = {"kind": template_lane.KIND, "tenant_id": active_tenant_id()}
    found = hasty(Lane).find_one(mine)
    return found and found["due_at"].replace(tzinfo=UTC)


def look(monkeypatch, **more):
    monkeypatch.setattr(reconcile, "client_of", lambda _: Meta(**more))
    work_off(template_lane.KIND)


def test_new_components_are_fetched_at_once_and_are_no_incident(shop, monkeypatch):
    template_lane.schedule(shop.numbers[0])
    assert lane_due() - now() > timedelta(hours=23)
    event = parts_told()
    apply(shop, event, event)
    assert lane_due() <= now()
    assert [row.components for row in rows()] == [OLD] * 2
    assert [row.history[0]["detail"] for row in rows()] == [event.detail] * 2
    look(monkeypatch, components=NEW)
    assert [row.components for row in rows()] == [NEW] * 2
    assert [[e["what"] for e in row.history] for row in rows()] == [["components"] * 2] * 2
    assert not DomainEvent.objects.filter(type="templates.drifted").exists()
    told = DomainEvent.objects.filter(type="template.changed").order_by("id")
    assert [len(fact.data["template_ids"]) for fact in told] == [2, 1, 1], "and once they are here"
    assert lane_due() - now() > timedelta(hours=22)


def test_components_that_change_again_untold_are_an_incident(shop, monkeypatch):
    apply(shop, parts_told())
    look(monkeypatch, components=NEW)
    (found,) = sync(shop, components=OLD).differences
    assert found.what == "components"


def test_components_told_by_a_clock_ahead_of_ours_are_taken(shop, monkeypatch):
    told = parts_told()
    apply(shop, change("", what="components", detail=told.detail, at=now() + timedelta(seconds=30)))
    look(monkeypatch, components=NEW)
    assert [row.components for row in rows()] == [NEW] * 2
