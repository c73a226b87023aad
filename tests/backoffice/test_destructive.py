"""What cannot be taken back is asked about first, with a reason that the tenant reads."""

import pytest
from django.contrib import admin
from django.urls import reverse

from channels.models import Channel, ChannelCredential
from kernel.backoffice.steps import Step
from kernel.models import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.scoping import tenant_scope
from messaging.models import Attachment
from tenants.models import ApiKey
from tenants.services.api_keys import create_api_key
from tests import factories
from tests.backoffice.conftest import audited, helper_of

WHY = "the customer wrote to support"
DESTRUCTIVE = {"suspend", "discard", "replay", "revoke", "pause", "disconnect", "open-entry"}


def test_every_destructive_step_asks_first_and_why():
    steps = [step for page in admin.site._registry.values() for step in page.steps]
    named = {step.name: step for step in steps}
    assert named.keys() >= DESTRUCTIVE
    for step in steps:
        if step.danger or step.name in DESTRUCTIVE:
            assert step.reason and not step.at_once and step.question, step.name


@pytest.mark.parametrize("wrong", [{}, {"reason": True, "at_once": True}])
def test_a_destructive_step_that_does_not_ask_cannot_be_declared(wrong):
    with pytest.raises(ValueError, match="destructive"):
        Step(name="wipe", label="Wipe", question="?", run=lambda *_: "", danger=True, **wrong)


def test_a_key_is_revoked_with_a_reason(page, world, urls):
    with factories.inside(world):
        key, _ = create_api_key(name="sync", scopes=["messages:send"])
    assert page.get(urls(key, "revoke")).status_code == 200
    page.post(urls(key, "revoke"), {"reason": "x"})
    with tenant_scope(world.tenant):
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None
    page.post(urls(key, "revoke"), {"reason": WHY})
    with tenant_scope(world.tenant):
        assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
    (entry,) = audited(world, "api_key.revoked", key.pk)
    assert (entry.actor_kind, entry.reason) == ("staff", WHY)


def test_a_channel_is_disconnected_with_a_reason(page, world, urls, settings):
    settings.META_GRAPH_URL = "http://127.0.0.1:9"  # nobody answers for the provider
    with factories.inside(world):
        channel = factories.channel()
    page.post(urls(channel, "disconnect"))
    with tenant_scope(world.tenant):
        assert Channel.objects.get(pk=channel.pk).status == Channel.ACTIVE
    page.post(urls(channel, "disconnect"), {"reason": WHY})
    with tenant_scope(world.tenant):
        assert Channel.objects.get(pk=channel.pk).status == Channel.REMOVED
        assert not ChannelCredential.objects.filter(channel=channel).exists()
    (entry,) = audited(world, "channel.status_changed", channel.pk)
    assert (entry.actor_kind, entry.reason) == ("staff", WHY)


# ------------------------------------------------------------------ all of one cause


def _stuck(world, count, *, state="dead", reason="timeout"):
    with factories.inside(world):
        rows = [factories.item(lane=f"l{n % 3}") for n in range(count)]
        Attachment.objects.bulk_create(rows)
        ids = [ObjectId(row.pk) for row in rows]
        fields = {"state": state, "open": state == WorkItem.PARKED, "reason": reason}
        collection(Attachment).update_many({**owner(), "_id": {"$in": ids}}, {"$set": fields})
    return [row.pk for row in rows]


def _states(world, ids):
    with tenant_scope(world.tenant):
        return set(Attachment.objects.filter(pk__in=ids).values_list("state", flat=True))


def test_all_that_is_stuck_for_one_cause_is_replayed_together(page, world):
    mine, others = _stuck(world, 450), _stuck(world, 3, reason="other")
    shown = page.get("/admin/work/")
    (address,) = [
        entry["url"] for entry in shown.context["causes"] if entry["cause"].reason == "timeout"
    ]
    asked = page.get(address)
    assert asked.status_code == 200 and "450" in asked.text
    page.post(address, {"reason": ""})
    assert _states(world, mine) == {"dead"}, "a question changes nothing"
    answer = page.post(address, {"reason": WHY}, follow=True)
    assert "450 are ready again" in answer.text
    assert _states(world, mine) == {"ready"} and _states(world, others) == {"dead"}
    entries = audited(world, "work.replayed_together")
    assert sum(entry.changes["items"][1] for entry in entries) == 450
    assert {entry.reason for entry in entries} == {WHY}


def test_a_cause_of_another_tenant_is_none(page, world, new_tenant):
    other = new_tenant("Other")
    foreign = _stuck(other, 2)
    address = "/admin/work/replay/?model=messaging.attachment&state=dead&cause=timeout"
    assert "nothing to replay" in page.post(address, {"reason": WHY}, follow=True).text
    assert _states(other, foreign) == {"dead"}
    assert page.get("/admin/work/replay/?model=tenants.apikey&state=dead").status_code == 404
    assert page.get("/admin/work/replay/?model=messaging.attachment&state=done").status_code == 404


# ------------------------------------------------------------------ limits


def test_superusers_change_a_tenants_limits_with_a_reason(page, world, urls):
    address = reverse("admin:tenants_tenant_limits", args=[world.tenant.pk])
    assert "Active members" in page.get(urls(world.tenant)).text
    form = {used.name: value for used, _, value in page.get(address).context["rows"]}
    page.post(address, {**form, "seats": "3"})
    assert not audited(world, "tenant.limits_changed"), "without a reason nothing changes"
    page.post(address, {**form, "seats": "many", "reason": WHY})
    assert not audited(world, "tenant.limits_changed"), "many is no number"
    page.post(address, {**form, "seats": "3", "storage_bytes": "unlimited", "reason": WHY})
    (entry,) = audited(world, "tenant.limits_changed")
    assert (entry.actor_kind, entry.reason) == ("staff", WHY)
    world.tenant.refresh_from_db()
    assert world.tenant.limits == {"seats": 3}, "what did not differ stays the installation's"


def test_nobody_but_superusers_changes_limits(world, new_tenant):
    other = new_tenant("Other")
    client = helper_of(world)
    for where, code in ((world, 403), (other, 302)):
        address = reverse("admin:tenants_tenant_limits", args=[where.tenant.pk])
        assert client.get(address).status_code == code
        assert client.post(address, {"seats": "9", "reason": WHY}).status_code == code
        assert not audited(where, "tenant.limits_changed")
