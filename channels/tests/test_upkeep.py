"""Upkeep: tokens are renewed in time, webhooks kept coming, health told; what breaks is told once."""

from datetime import date, timedelta

import pytest

from channels.models import Channel, ChannelAlert, ChannelCredential
from channels.providers.meta.versions import ENDS, check_version
from channels.services import tokens
from channels.services.connect import connect_instagram, remove_channel
from channels.services.health import test_channel as ask_provider
from channels.services.upkeep import look_after
from channels.tests.instagram_accounts import PAGE, by_instagram, by_page, our_app
from kernel import vault
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, Lane
from kernel.mongo.doors import hasty
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import work_off

REVOKED = (400, {"error": {"code": 190, "error_subcode": 460, "message": "revoked"}})


@pytest.fixture
def ig_id():
    return factories.digits(17)


@pytest.fixture
def channel(hosts, ig_id):
    by_instagram(hosts, ig_id)
    return connect_instagram(access_token="IGAApasted")


def live_for(channel, *, days, age_days=30):
    """The token's remaining life; the age matters to whether it may be renewed."""
    given = {
        "issued_at": now() - timedelta(days=age_days),
        "expires_at": now() + timedelta(days=days),
    }
    ChannelCredential.objects.filter(channel=channel).update(**given)


def token_of(channel):
    return vault.open_field(ChannelCredential.objects.get(channel=channel), "access_token")


def fresh(channel):
    return Channel.objects.get(pk=channel.pk)


def refreshed(hosts):
    return len(hosts.calls("GET", "/ig/refresh_access_token"))


def settled(channel):
    """Its daily health is not due."""
    Channel.objects.filter(pk=channel.pk).update(health_at=now())
    return fresh(channel)


@pytest.mark.parametrize("days, age_days, renewed", [
    (6.9, 50, True), (10.5, 50, False), (40, 20, False), (5, 0.5, False), (-1, 61, False),
])  # fmt: skip
def test_a_token_is_renewed_in_its_last_days_and_not_on_its_first(
    hosts, channel, days, age_days, renewed
):
    live_for(channel, days=days, age_days=age_days)
    look_after(settled(channel))
    assert (refreshed(hosts), token_of(channel)) == (
        (1, "IGAArenewed") if renewed else (0, "IGAApasted")
    )
    row = ChannelCredential.objects.get(channel=channel)
    if renewed:
        assert row.expires_at > now() + timedelta(days=55)
        assert AuditEntry.objects.filter(action="channel.token_renewed").count() == 1
        look_after(fresh(channel))
        assert refreshed(hosts) == 1


def test_tokens_of_one_day_are_renewed_on_several(hosts, ig_id):
    row = ChannelCredential(
        issued_at=now() - timedelta(days=30), expires_at=now() + timedelta(days=9)
    )
    due = {tokens.is_due(Channel(pk=f"{n:024x}"), row) for n in range(40)}
    assert due == {True, False}


def test_a_token_that_somebody_replaced_meanwhile_stays(hosts, channel):
    live_for(channel, days=2)

    row = ChannelCredential.objects.get(channel=channel)
    newer = vault.seal_field(row, "access_token", "IGAAnewer")

    class Slow:
        """Somebody connects the channel again while the provider answers."""

        def refresh_token(self):
            ChannelCredential.objects.filter(channel=channel).update(access_token=newer)
            return tokens.instagram_tokens.Refreshed(access_token="IGAArenewed", expires_in=5000000)

    assert tokens.renew(fresh(channel), Slow()) is None
    assert token_of(channel) == "IGAAnewer"
    assert AuditEntry.objects.filter(action="channel.token_renewed").count() == 0


def test_a_provider_that_is_away_renews_later(hosts, channel):
    live_for(channel, days=6.5)
    hosts.let("GET", "/ig/refresh_access_token", (503, {}))
    look_after(settled(channel))
    assert (token_of(channel), fresh(channel).status) == ("IGAApasted", "active")
    by_instagram(hosts, channel.external["ig_id"])
    look_after(fresh(channel))
    assert token_of(channel) == "IGAArenewed"


def test_a_token_that_is_refused_breaks_the_channel_and_is_told_once(hosts, channel):
    live_for(channel, days=5)
    hosts.let("GET", "/ig/refresh_access_token", REVOKED)
    hosts.let("GET", "/ig/me", REVOKED)
    for _ in range(3):
        look_after(settled(channel))
    assert fresh(channel).status == "broken"
    assert ChannelAlert.objects.filter(topic="broken").count() == 1
    assert DomainEvent.objects.filter(type="channel.alerted", data__topic="broken").count() == 1


def test_an_end_that_only_people_can_prevent_is_told_once(hosts, ig_id):
    by_page(hosts, ig_id)
    channel = connect_instagram(access_token="EAApage", page_id=PAGE)
    live_for(channel, days=6)
    for _ in range(2):
        look_after(settled(channel))
    (alert,) = ChannelAlert.objects.all()
    assert (alert.topic, fresh(channel).status) == ("token_ends", "active")


def test_webhooks_that_meta_ended_come_again(hosts, channel):
    path = f"/ig/{channel.external['ig_id']}/subscribed_apps"
    listing = {"data": []}
    hosts.let("GET", path, lambda given: listing)
    hosts.let("POST", path, lambda given: listing.update(our_app()) or {"success": True})
    for _ in range(2):
        look_after(settled(channel))
    assert len(hosts.calls("POST", path)) == 2  # the first when it was connected
    assert AuditEntry.objects.filter(action="channel.resubscribed").count() == 1
    assert DomainEvent.objects.get(type="channel.noticed").data["topic"] == "subscription"


def test_a_subscription_that_does_not_come_back_is_not_told_as_healed(hosts, channel):
    hosts.let("GET", f"/ig/{channel.external['ig_id']}/subscribed_apps", {"data": []})
    look_after(settled(channel))
    assert DomainEvent.objects.filter(type="channel.noticed").count() == 0
    tested, checks = ask_provider(channel_id=channel.pk)
    assert [check.name for check in checks if not check.ok] == ["subscription"]
    assert tested.status == "degraded"


def test_health_is_asked_daily_and_what_it_tells_is_kept(hosts, channel):
    look_after(fresh(channel))
    kept = fresh(channel)
    assert [check["name"] for check in kept.health["checks"]] == [
        "token", "account", "messages", "subscription", "version"]  # fmt: skip
    assert (kept.status, kept.facts["username"]) == ("active", "acme.shop")
    asked = len(hosts.calls("GET", "/ig/me"))
    look_after(kept)
    assert len(hosts.calls("GET", "/ig/me")) == asked


def test_a_failed_check_degrades_and_a_passed_one_restores(hosts, channel):
    path = f"/ig/{channel.external['ig_id']}/conversations"
    hosts.let(
        "GET", path, (403, {"error": {"code": 200, "error_subcode": 2534041, "message": "no"}})
    )
    tested, checks = ask_provider(channel_id=channel.pk)
    failed = [check for check in checks if not check.ok]
    assert [check.name for check in failed] == ["messages"]
    assert (tested.status, tested.status_reason) == ("degraded", failed[0].sentence[:300])
    assert failed[0].sentence.endswith(".")
    hosts.let("GET", path, {"data": []})
    assert ask_provider(channel_id=channel.pk)[0].status == "active"


def test_a_provider_that_cannot_be_asked_says_nothing_of_the_channel(hosts, channel, settings):
    settings.META_INSTAGRAM_URL = "http://127.0.0.1:1"
    tested, checks = ask_provider(channel_id=channel.pk)
    assert (tested.status, all(check.ok for check in checks)) == ("active", False)


def test_upkeep_goes_on_by_itself_and_ends_with_the_channel(hosts, channel, world):
    key = {"kind": "upkeep", "key": f"{world.tenant.pk}:{channel.pk}"}
    first = hasty(Lane).find_one(key)
    assert timedelta(minutes=45) < _in(first) < timedelta(minutes=75)
    asked = len(hosts.asked)
    Lane.objects.filter(**key).update(due_at=now())
    work_off("upkeep")
    assert len(hosts.asked) > asked
    assert timedelta(minutes=45) < _in(hasty(Lane).find_one(key)) < timedelta(minutes=75)
    remove_channel(channel_id=channel.pk)
    Lane.objects.filter(**key).update(due_at=now())
    work_off("upkeep")
    assert _in(hasty(Lane).find_one(key)) > timedelta(days=1000)


def test_a_suspended_tenants_channel_is_left_alone_until_it_is_resumed(hosts, channel, world):
    key = {"kind": "upkeep", "key": f"{world.tenant.pk}:{channel.pk}"}
    suspend_tenant(tenant=world.tenant, reason="unpaid")
    Lane.objects.filter(**key).update(due_at=now() - timedelta(minutes=1))
    asked = len(hosts.asked)
    work_off("upkeep")
    assert (len(hosts.asked), hasty(Lane).find_one(key)["held"]) == (asked, "tenant_suspended")
    resume_tenant(tenant=world.tenant, reason="paid")
    work_off("upkeep")
    assert len(hosts.asked) > asked
    assert hasty(Lane).find_one(key)["held"] == ""


def _in(lane):
    return lane["due_at"].replace(tzinfo=now().tzinfo) - now()


@pytest.mark.parametrize(
    "days_before, ok", [(91, True), (90, False), (1, False), (0, False), (-9, False)]
)
def test_a_versions_end_is_told_ninety_days_before(days_before, ok):
    for version, end in ENDS.items():
        check = check_version(version, end - timedelta(days=days_before))
        assert (check.ok, str(end) in check.sentence) == (ok, True)


def test_a_version_without_a_known_end_is_fine():
    assert check_version("v26.0", date(2026, 11, 1)).ok
