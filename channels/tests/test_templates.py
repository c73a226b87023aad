"""Templates of an account: read once for all its numbers, one bad entry alone, drift told as an incident."""

from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest

from channels.api.representations import health_json
from channels.api.template_shapes import templates_json
from channels.models import Channel, MessageTemplate
from channels.providers.contract import Transient
from channels.providers.events import TemplateChanged
from channels.services import reconcile, template_lane
from channels.services.template_changes import change_template
from channels.services.templates import Synced, sync_account, sync_templates
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, Lane
from kernel.mongo.doors import hasty
from kernel.mongo.transactions import run_transaction
from kernel.work import mark
from kernel.work.items import lane_key
from tests import factories
from tests.inbound import work_off

WABA = "102290129340398"


def entry(name="pickup", **more):
    return {"id": f"7{len(name)}", "name": name, "language": "en_US", "category": "UTILITY",
            "status": "APPROVED", "components": [{"type": "BODY", "text": "Hi"}], **more}  # fmt: skip


class Meta:
    """A client whose account has ``entries``, and counts how often it is asked."""

    def __init__(self, *entries, then=None):
        self.entries, self.asked, self.then = list(entries), 0, then

    def templates(self):
        self.asked += 1
        if self.then:
            self.then()
        return self.entries


@pytest.fixture
def shop(world):
    with factories.inside(world):
        world.one, world.two = (
            factories.channel(external={"phone_number_id": factories.digits(15), "waba_id": WABA})
            for _ in range(2)
        )
        yield world


def rows(channel=None):
    found = MessageTemplate.objects.filter(channel=channel) if channel else MessageTemplate.objects
    return {row.name: row for row in found.all()}


def test_an_account_is_read_once_for_all_its_numbers(shop):
    meta = Meta(entry("a"), entry("b", quality_score={"score": "GREEN"}))
    found = sync_account(shop.one, meta)
    assert (meta.asked, found) == (1, Synced(read=2, unreadable=0, differences=()))
    assert set(rows(shop.one)) == set(rows(shop.two)) == {"a", "b"}
    assert rows(shop.two)["b"].quality == "GREEN"
    assert sync_account(shop.two, meta).differences == ()


BAD = [
    None, "text", {}, {"name": "x"}, entry("x", language=None), entry("x" * 513),
    entry("x", components="none"), entry("x", components=[1]), entry("x", status=["APPROVED"]),
    entry("x", parameter_format="ROMAN"), entry("x", category={}), entry("x", id="9" * 65),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_one_bad_entry_does_not_stop_the_others(shop, bad):
    found = sync_account(shop.one, Meta(entry("a"), bad, entry("b")))
    assert (found.read, found.unreadable) == (2, 1)
    assert set(rows(shop.one)) == set(rows(shop.two)) == {"a", "b"}


@pytest.mark.parametrize("never", ["\ud800", 2**70], ids=["surrogate", "big"])
def test_an_entry_that_the_database_never_takes_is_left_out_alone(shop, never):
    listed = [entry("a"), entry("odd", components=[{"type": never}]), entry("b")]
    found = sync_account(shop.one, Meta(*listed))
    assert (found.read, found.unreadable) == (3, 2), "once for each number"
    assert set(rows(shop.one)) == set(rows(shop.two)) == {"a", "b"}


def test_what_the_list_no_longer_has_is_marked_and_comes_back_if_it_does(shop):
    sync_account(shop.one, Meta(entry("a"), entry("b")))
    found = sync_account(shop.one, Meta(entry("a")))
    assert [(d.name, d.what) for d in found.differences] == [("b", "deleted")]
    assert [rows(c)["b"].status for c in (shop.one, shop.two)] == ["DELETED"] * 2
    assert sync_account(shop.one, Meta(entry("a"))).differences == ()
    sync_account(shop.one, Meta(entry("a"), entry("b")))
    assert rows(shop.one)["b"].status == "APPROVED"
    (shown,) = templates_json(shop.one, [rows(shop.one)["b"]])
    assert [(h["what"], h["value"], h["by"]["kind"]) for h in shown["history"]] == [
        ("status", "DELETED", "sync"), ("status", "APPROVED", "sync"),
    ]  # fmt: skip


def test_differences_are_history_and_put_right(shop):
    sync_account(shop.one, Meta(entry("a")))
    new = [{"type": "BODY", "text": "Hello"}]
    listed = entry("a", status="PAUSED", category="MARKETING", components=new,
                   quality_score={"score": "RED"})  # fmt: skip
    found = sync_account(shop.two, Meta(listed))
    assert {(d.what, d.ours, d.theirs) for d in found.differences} == {
        ("status", "APPROVED", "PAUSED"), ("category", "UTILITY", "MARKETING"),
        ("components", "", ""), ("quality", "", "RED"),
    }  # fmt: skip
    row = rows(shop.one)["a"]
    assert (row.status, row.category, row.quality, row.components) == (
        "PAUSED", "MARKETING", "RED", new
    )  # fmt: skip
    assert timedelta(hours=2.9) < row.paused_until - now() < timedelta(hours=3)
    assert AuditEntry.objects.filter(action="template.changed").count() == 2
    sync_account(shop.two, Meta(entry("a", quality_score={"score": "UNKNOWN"})))
    assert (rows(shop.one)["a"].quality, rows(shop.one)["a"].paused_until) == ("RED", None)


def test_what_a_webhook_tells_while_the_list_is_read_stays(shop):
    sync_account(shop.one, Meta(entry("a")))

    def told():
        change = TemplateChanged(what="status", external_id="71", name="a", language="en_US",
                                 value="DISABLED", provider_at=now() + timedelta(seconds=1))  # fmt: skip
        run_transaction(lambda: change_template(shop.one, change))

    assert sync_account(shop.one, Meta(entry("a"), then=told)).differences == ()
    assert rows(shop.one)["a"].status == "DISABLED"


def test_a_list_that_cannot_be_read_changes_nothing(shop):
    sync_account(shop.one, Meta(entry("a")))

    class Away:
        def templates(self):
            return Transient(code=2)

    assert sync_account(shop.one, Away()) == Transient(code=2)
    assert sync_templates(channel=shop.one, client=Away()) == 0
    assert rows(shop.one)["a"].status == "APPROVED"


# ------------------------------------------------------------------------ the daily look


def look(shop, monkeypatch, *entries):
    """The lane of the account is due."""
    monkeypatch.setattr(reconcile, "client_of", lambda _: Meta(*entries))
    mark(template_lane.KIND, lane_key(f"waba_id:{WABA}"))
    work_off(template_lane.KIND)
    return lane_of(shop)


def lane_of(shop):
    """As the primary has it: lanes are not written on a majority."""
    found = hasty(Lane).find_one({"kind": template_lane.KIND, "tenant_id": shop.tenant.pk})
    return SimpleNamespace(key=found["key"], due_at=found["due_at"].replace(tzinfo=UTC))


def test_drift_is_an_incident_once_and_then_put_right(shop, monkeypatch):
    sync_account(shop.one, Meta(entry("a"), entry("b"), entry("c")))
    listed = [entry("a", status="DISABLED"), entry("c"), entry("new"), None]
    lane = look(shop, monkeypatch, *listed)
    assert timedelta(hours=22) < lane.due_at - now() < timedelta(hours=26)
    fact = DomainEvent.objects.get(type="templates.drifted").data
    assert sorted(fact["channel_ids"]) == sorted([shop.one.pk, shop.two.pk])
    assert (fact["count"], fact["unreadable"]) == (3, 1)
    assert set(fact["differences"]) == {"status:a:en_US", "deleted:b:en_US", "found:new:en_US"}
    audited = AuditEntry.objects.get(action="templates.drifted")
    assert audited.changes["a/en_US.status"] == ["APPROVED", "DISABLED"]
    for channel in (shop.one, shop.two):
        (shown,) = health_json(Channel.objects.get(pk=channel.pk))["notices"]
        assert (shown["topic"], shown["severity"]) == ("template_drift", "warning")
        assert "a (en_US) had its status changed from APPROVED to DISABLED" in shown["sentence"]
    look(shop, monkeypatch, *listed[:-1])
    assert DomainEvent.objects.filter(type="templates.drifted").count() == 1


def test_an_account_that_is_as_we_were_told_is_no_incident(shop, monkeypatch):
    sync_account(shop.one, Meta(entry("a")))
    look(shop, monkeypatch, entry("a"))
    assert not DomainEvent.objects.filter(type="templates.drifted").exists()


def test_a_provider_that_is_away_is_asked_again_in_an_hour(shop, monkeypatch):
    class Away(Meta):
        def templates(self):
            return Transient(code=2)

    monkeypatch.setattr(reconcile, "client_of", lambda _: Away())
    mark(template_lane.KIND, lane_key(f"waba_id:{WABA}"))
    work_off(template_lane.KIND)
    assert timedelta(minutes=59) < lane_of(shop).due_at - now() <= timedelta(hours=1)


def test_a_removed_account_is_looked_at_no_more(shop, monkeypatch):
    Channel.objects.update(status="removed")
    lane = look(shop, monkeypatch, entry("a"))
    assert lane.due_at.year == 9999
    assert not MessageTemplate.objects.exists()


def test_a_sync_makes_sure_of_the_next_look(shop):
    sync_templates(channel=shop.one, client=Meta(entry("a")))
    lane = lane_of(shop)
    assert lane.key.endswith(f":waba_id:{WABA}")
    assert timedelta(hours=23) < lane.due_at - now() <= timedelta(days=1)
