"""News of accounts and templates: kept once, the newest counts, critical ones show on the channel."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.api.representations import channel_json, health_json
from channels.api.template_shapes import templates_json
from channels.models import Channel, MessageTemplate
from channels.models.alert import ChannelAlert
from channels.providers import provider_for, whatsapp
from channels.providers.events import AccountNotice, TemplateChanged
from channels.services.notices import note_account
from channels.services.template_changes import change_template
from channels.services.templates import sync_templates
from kernel.models import AuditEntry, DomainEvent
from kernel.mongo.transactions import run_transaction
from tests import factories

AT = datetime.now(UTC).replace(microsecond=0)
WABA = "102290129340398"


def at(seconds):
    return AT + timedelta(seconds=seconds)


@pytest.fixture
def shop(world):
    """Two numbers of one account, and one of another."""
    with factories.inside(world):
        world.one, world.two, world.apart = (
            factories.channel(external={"phone_number_id": factories.digits(15), "waba_id": waba,
                                        "display_phone_number": number})
            for waba, number in ((WABA, "+1 555-010-0101"), (WABA, "+1 555-010-0102"), ("7", "+1 555-3"))
        )  # fmt: skip
        yield world


def notice(seconds=0, *, sentence="The quality is green.", severity="info", detail=None, **facts):
    return AccountNotice(topic="quality_update", sentence=sentence, severity=severity, facts=facts,
                         detail=detail or {}, provider_at=at(seconds))  # fmt: skip


def note(channel, *notices, is_accounts=True):
    for one in notices:
        run_transaction(lambda one=one: note_account(channel, one, is_accounts=is_accounts))


def facts(*channels):
    return [Channel.objects.get(pk=channel.pk).facts for channel in channels]


def status(channel):
    return Channel.objects.get(pk=channel.pk).status


def told(type_):
    return list(
        DomainEvent.objects.filter(type=type_).order_by("id").values_list("data", flat=True)
    )


def kept():
    return [list(m.objects.order_by("id").values())
            for m in (Channel, MessageTemplate, DomainEvent, AuditEntry)]  # fmt: skip


def test_what_is_told_of_an_account_concerns_all_its_numbers_and_is_told_once(shop):
    news = notice(messaging_limit="TIER_10K")
    note(shop.one, news)
    assert facts(shop.one, shop.two, shop.apart) == [{"messaging_limit": "TIER_10K"}] * 2 + [{}]
    (fact,) = told("channel.noticed")
    assert sorted(fact["channel_ids"]) == sorted([shop.one.pk, shop.two.pk])
    assert (fact["topic"], fact["severity"], fact["facts"]) == (
        "quality_update",
        "info",
        ["messaging_limit"],
    )
    assert AuditEntry.objects.filter(action="channel.noticed").count() == 2
    assert channel_json(Channel.objects.get(pk=shop.two.pk))["facts"] == {
        "messaging_limit": "TIER_10K"
    }
    (shown,) = health_json(Channel.objects.get(pk=shop.two.pk))["notices"]
    assert shown["sentence"] == "The quality is green."
    before = kept()
    note(shop.one, news)
    note(shop.two, news)
    assert kept() == before


def test_what_is_told_of_a_number_concerns_it_alone(shop):
    note(shop.one, notice(quality="RED"), is_accounts=False)
    named = {"display_phone_number": "15550100102"}
    note(shop.one, notice(1, detail=named, quality="GREEN"))
    assert facts(shop.one, shop.two) == [{"quality": "RED"}, {"quality": "GREEN"}]
    assert [f["channel_ids"] for f in told("channel.noticed")] == [[shop.one.pk], [shop.two.pk]]


def test_a_number_that_is_not_connected_changes_no_other(shop):
    note(shop.one, notice(detail={"display_phone_number": "19990000000"}, quality="RED"))
    assert facts(shop.one, shop.two) == [{}, {}]
    assert told("channel.noticed")[0]["channel_ids"] == []


@pytest.mark.parametrize("backwards", [False, True])
def test_of_each_fact_the_newest_counts(shop, backwards):
    batch = [notice(1, quality="RED", messaging_limit="TIER_1K"), notice(2, quality="GREEN")]
    note(shop.one, *(batch[::-1] if backwards else batch))
    assert facts(shop.one)[0] == {"quality": "GREEN", "messaging_limit": "TIER_1K"}
    before = kept()
    note(shop.one, *batch, *batch[::-1])
    assert kept() == before


@pytest.mark.parametrize("fact, expected", [("DISABLED", "broken"), ("FLAGGED", "degraded")])
def test_a_critical_notice_shows_on_the_channel(shop, fact, expected):
    news = notice(severity="critical", sentence="The account is in trouble.", status=fact)
    note(shop.one, news)
    assert [status(c) for c in (shop.one, shop.two, shop.apart)] == [expected, expected, "active"]
    assert Channel.objects.get(pk=shop.one.pk).status_reason == "The account is in trouble."
    Channel.objects.update(status="active")
    note(shop.one, news)
    assert status(shop.one) == "active"


ENDS = ("account_deleted", "account_banned", "account_offboarded", "account_partner_removed")


@pytest.mark.parametrize("name", ENDS)
def test_an_account_that_is_gone_stops_its_channels_and_alerts_the_owners(shop, name):
    """As Meta says it: the provider's own fixture, read by the provider's own parser."""
    path = Path(whatsapp.__file__).parent / "fixtures" / f"{name}.json"
    provider = provider_for("whatsapp")
    items = provider.explode(json.loads(path.read_text())["body"])
    (news,) = [event for item in items for event in provider.parse(item.body)]
    note(shop.one, news)
    assert [status(c) for c in (shop.one, shop.two, shop.apart)] == ["broken", "broken", "active"]
    assert ChannelAlert.objects.filter(topic="broken").count() == 2


def test_a_critical_notice_that_comes_after_better_news_stops_nothing(shop):
    note(shop.one, notice(2, status="CONNECTED"), notice(1, severity="critical", status="DISABLED"))
    assert status(shop.one) == "active"
    assert facts(shop.one)[0] == {"status": "CONNECTED"}


def test_a_paused_channel_stays_paused(shop):
    Channel.objects.update(status="paused")
    note(shop.one, notice(severity="critical", status="DISABLED"))
    assert status(shop.one) == "paused"


def test_only_so_many_notices_are_kept(shop):
    note(shop.one, *(notice(n, quality=str(n)) for n in range(60)), is_accounts=False)
    row = Channel.objects.get(pk=shop.one.pk)
    assert (len(row.notices), row.facts) == (50, {"quality": "59"})


# ------------------------------------------------------------------ templates


def change(seconds=0, *, what="status", value="PAUSED", **more):
    given = {"external_id": "7712003344", "name": "pickup_ready", "language": "en_US", **more}
    return TemplateChanged(what=what, value=value, provider_at=at(seconds), **given)


def apply(channel, *changes):
    for one in changes:
        run_transaction(lambda one=one: change_template(channel, one))


def template(channel, **more):
    given = {"name": "pickup_ready", "external_id": "7712003344", "synced_at": at(-3600), **more}
    return factories.template(channel, **given)


def test_a_change_reaches_the_template_on_every_number_of_the_account_once(shop):
    rows = [template(c) for c in (shop.one, shop.two, shop.apart)]
    apply(shop.one, change(previous="APPROVED", reason="SPAM"))
    found = [MessageTemplate.objects.get(pk=row.pk) for row in rows]
    assert [(t.status, t.reason) for t in found] == [("PAUSED", "SPAM")] * 2 + [("APPROVED", "")]
    (fact,) = told("template.changed")
    assert sorted(fact["template_ids"]) == sorted(row.pk for row in rows[:2])
    assert (fact["what"], fact["value"], fact["previous"]) == ("status", "PAUSED", "APPROVED")
    (shown,) = templates_json(shop.one, [found[0]])
    assert [h["value"] for h in shown["history"]] == ["PAUSED"]
    assert AuditEntry.objects.filter(action="template.changed").count() == 2
    before = kept()
    apply(shop.one, change(previous="APPROVED", reason="SPAM"))
    apply(shop.two, change(previous="APPROVED", reason="SPAM"))
    assert kept() == before


@pytest.mark.parametrize("backwards", [False, True])
def test_the_newest_change_of_each_kind_counts_and_all_are_history(shop, backwards):
    row = template(shop.one)
    batch = [change(1), change(2, value="APPROVED"), change(1, what="quality", value="RED"),
             change(3, what="quality", value="GREEN"), change(1, what="category", value="MARKETING")]  # fmt: skip
    apply(shop.one, *(batch[::-1] if backwards else batch))
    found = MessageTemplate.objects.get(pk=row.pk)
    assert (found.status, found.quality, found.category) == ("APPROVED", "GREEN", "MARKETING")
    assert len(found.history) == 5
    times = [entry["at"] for entry in found.history]
    assert times == sorted(times)


def test_a_template_may_be_named_by_its_id_alone(shop):
    row = template(shop.one)
    apply(shop.one, change(name="", language=""))
    assert MessageTemplate.objects.get(pk=row.pk).status == "PAUSED"


def test_what_the_last_sync_knew_already_is_history_only(shop):
    row = template(shop.one, synced_at=at(0))
    apply(shop.one, change(-600))
    found = MessageTemplate.objects.get(pk=row.pk)
    assert (found.status, len(found.history)) == ("APPROVED", 1)


class Client:
    """What a sync reads."""

    def templates(self):
        return [{"id": "7712003344", "name": "pickup_ready", "language": "en_US",
                 "category": "UTILITY", "status": "APPROVED", "components": []}]  # fmt: skip


def test_a_change_of_an_unknown_template_waits_for_the_next_sync(shop):
    for one in (change(1, value="APPROVED"), change(2, what="quality", value="GREEN"),
                change(1, value="PAUSED", name="other", external_id="1")):  # fmt: skip
        apply(shop.one, one, one)
    assert MessageTemplate.objects.count() == 0
    assert len(told("template.changed")) == 3
    assert len(Channel.objects.get(pk=shop.one.pk).template_notices) == 3
    sync_templates(channel=shop.one, client=Client())
    row = MessageTemplate.objects.get(channel=shop.one)
    assert (row.status, row.quality, len(row.history)) == ("APPROVED", "GREEN", 2)
    (rest,) = Channel.objects.get(pk=shop.one.pk).template_notices
    assert rest["name"] == "other"
    sync_templates(channel=shop.one, client=Client())
    assert len(MessageTemplate.objects.get(channel=shop.one).history) == 2


def test_the_history_is_bounded(shop):
    row = template(shop.one)
    apply(shop.one, *(change(n, value="DISABLED" if n == 59 else "PAUSED") for n in range(60)))
    found = MessageTemplate.objects.get(pk=row.pk)
    assert (len(found.history), found.status) == (50, "DISABLED")
