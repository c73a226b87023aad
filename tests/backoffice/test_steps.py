"""What staff may do: it asks first, says why, and stands in the tenant's audit log under their name."""

import pytest
from django.contrib.admin import helpers

from channels.models import Channel
from kernel.models import AuditEntry, Lane, WorkItem
from kernel.mongo.doors import ObjectId, collection, hasty, owner
from kernel.scoping import tenant_scope
from messaging.models import Attachment
from tenants.models import Tenant, TenantSettings
from tests import factories
from tests.backoffice.registered import name_of, pages, row_of
from webhooks.models import WebhookEvent

WHY = "the provider said so"
work_pages = pytest.mark.parametrize(
    "page_", [p for p in pages() if issubclass(p.model, WorkItem)], ids=name_of
)


def _stuck(model, world, state):
    """An item that a worker gave up, or that waits."""
    with factories.inside(world):
        row = row_of(model)
        changes = {
            "state": state,
            "open": state == WorkItem.PARKED,
            "reason": "because",
            "attempts": 5,
        }
        collection(model).update_one({**owner(), "_id": ObjectId(row.pk)}, {"$set": changes})
        return row


def _now(row, world):
    with tenant_scope(world.tenant):
        return type(row).objects.get(pk=row.pk)


def _audited(world, action, of=None):
    with tenant_scope(world.tenant):
        entries = list(AuditEntry.objects.filter(action=action).order_by("id"))
    return [entry for entry in entries if of is None or entry.target_id == of.pk]


@work_pages
@pytest.mark.parametrize("state", [WorkItem.DEAD, WorkItem.PARKED])
def test_stuck_work_is_replayed(page_, state, page, world, superuser, urls):
    row = _stuck(page_.model, world, state)
    assert "Replay" in page.get(urls(row)).text
    assert page.get(urls(row, "replay")).status_code == 200
    assert _now(row, world).state == state, "a question changes nothing"
    assert page.post(urls(row, "replay"), {"reason": WHY}).url == urls(row)
    after = _now(row, world)
    assert (after.state, after.open, after.attempts, after.reason) == ("ready", True, 0, "")
    action = "webhook_event.replayed" if page_.model is WebhookEvent else "work.replayed"
    (entry,) = _audited(world, action, row)
    assert (entry.actor_kind, entry.actor_id) == ("staff", superuser.pk)
    assert entry.changes == {"state": [state, "ready"]}
    key = f"{world.tenant.pk}:{row.lane}"
    assert hasty(Lane).find_one({"kind": page_.kind, "key": key}), "its lane is woken"


@work_pages
def test_dead_work_is_given_up_with_a_reason(page_, page, world, urls):
    row = _stuck(page_.model, world, WorkItem.DEAD)
    page.post(urls(row, "discard"), {"reason": "  no \n "})
    assert _now(row, world).state == WorkItem.DEAD, "two letters are no reason"
    page.post(urls(row, "discard"), {"reason": WHY})
    after = _now(row, world)
    assert (after.state, after.open, after.reason) == ("done", False, f"discarded: {WHY}")
    (entry,) = _audited(world, "work.discarded", row)
    assert (entry.reason, entry.changes) == (WHY, {"state": ["dead", "done"]})


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("ready", "replay"),
        ("done", "replay"),
        ("leased", "replay"),
        ("parked", "discard"),
        ("ready", "discard"),
    ],
)
def test_what_is_not_stuck_is_left_alone(state, step, page, world, urls):
    row = _stuck(Attachment, world, state)
    answer = page.post(urls(row, step), {"reason": WHY}, follow=True)
    assert "is not possible now" in answer.text
    assert _now(row, world).state == state
    assert not _audited(world, f"work.{step}ed")


def test_a_page_that_was_open_for_long_does_not_undo_what_happened_meanwhile(
    page, world, urls, superuser
):
    from kernel.backoffice.recovery import NotRecoverable, discard_item, replay_item

    row = _stuck(Attachment, world, WorkItem.DEAD)
    with factories.inside(world):
        stale = Attachment.objects.get(pk=row.pk)
        replay_item(kind="media", item=stale, reason=WHY)
        for again in (
            lambda: replay_item(kind="media", item=stale),
            lambda: discard_item(item=stale, reason=WHY),
        ):
            with pytest.raises(NotRecoverable):
                again()
    assert len(_audited(world, "work.replayed")) == 1


def test_selected_rows_are_asked_for_once_and_replayed_together(page, world, urls):
    dead = [_stuck(Attachment, world, WorkItem.DEAD) for _ in range(3)]
    ready = _stuck(Attachment, world, WorkItem.READY)
    form = {"action": "replay", helpers.ACTION_CHECKBOX_NAME: [r.pk for r in (*dead, ready)]}
    asked = page.post(urls(Attachment), form)
    assert asked.status_code == 200 and "Replay (3)" in asked.text
    assert not _audited(world, "work.replayed")
    answer = page.post(urls(Attachment), {**form, "confirmed": "1", "reason": WHY})
    assert answer.status_code == 302
    assert {_now(row, world).state for row in dead} == {"ready"}
    assert len(_audited(world, "work.replayed")) == 3


def test_a_step_without_its_token_is_refused(page, world, urls):
    row = _stuck(Attachment, world, WorkItem.DEAD)
    page.handler.enforce_csrf_checks = True
    assert page.post(urls(row, "replay"), {"reason": WHY}).status_code == 403
    assert _now(row, world).state == WorkItem.DEAD


def test_a_tenant_is_suspended_and_resumed_with_a_reason(page, world, new_tenant, urls, superuser):
    other = new_tenant("Other")  # the page stands above tenants: it need not be the chosen one
    tenant = other.tenant
    assert page.get(urls(tenant, "suspend")).status_code == 200
    page.post(urls(tenant, "suspend"), {"reason": ""})
    assert Tenant.objects.get(pk=tenant.pk).status == "active"
    page.post(urls(tenant, "suspend"), {"reason": "did not pay"})
    assert Tenant.objects.get(pk=tenant.pk).status == "suspended"
    assert page.get("/admin/").status_code == 200
    page.post(urls(tenant, "resume"), {"reason": "paid"})
    assert Tenant.objects.get(pk=tenant.pk).status == "active"
    told = [(e.action, e.reason, e.actor_id) for a in ("tenant.suspended", "tenant.resumed")
            for e in _audited(other, a)]  # fmt: skip
    assert told == [
        ("tenant.suspended", "did not pay", superuser.pk),
        ("tenant.resumed", "paid", superuser.pk),
    ]
    assert not _audited(world, "tenant.suspended")


def test_a_channel_is_paused_and_resumed(page, world, urls):
    with factories.inside(world):
        channel = factories.channel()
    page.post(urls(channel, "pause"))
    assert _now(channel, world).status == Channel.ACTIVE, "without a reason nothing happens"
    page.post(urls(channel, "pause"), {"reason": WHY})
    assert _now(channel, world).status == Channel.PAUSED
    assert "Resume" in page.get(urls(channel)).text
    page.post(urls(channel, "resume"), {"reason": "they asked for it"})
    assert _now(channel, world).status == Channel.ACTIVE
    told = [(e.actor_kind, e.reason) for e in _audited(world, "channel.status_changed", channel)]
    assert told == [("staff", WHY), ("staff", "they asked for it")]


def test_a_channel_is_tested_at_once_and_the_report_is_shown(page, world, urls, settings):
    """Nobody answers for the provider in this test, which is what the report must say."""
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    with factories.inside(world):
        channel = factories.channel()
    answer = page.post(urls(channel, "test"), follow=True)
    assert "Tested: " in answer.text
    after = _now(channel, world)
    assert after.health_at is not None and after.health["checks"]
    shown = page.get(urls(channel)).text
    assert after.health["checks"][0]["name"] in shown and "failed" in shown


def test_the_audit_chain_is_verified(page, world):
    answer = page.post("/admin/kernel/auditentry/verify/", follow=True)
    assert "The chain holds" in answer.text
    assert page.get("/admin/kernel/auditentry/verify/").status_code == 405


def test_a_tenant_that_locked_itself_out_is_opened_with_a_reason(page, world, urls, superuser):
    with tenant_scope(world.tenant):
        TenantSettings.objects.update(ip_allow_list=["203.0.113.0/24"])
        Tenant.objects.filter(pk=world.tenant.pk).update(entry={"networks": ["203.0.113.0/24"]})
    page.post(urls(world.tenant, "open-entry"), {"reason": ""})
    assert Tenant.objects.get(pk=world.tenant.pk).entry
    page.post(urls(world.tenant, "open-entry"), {"reason": "their office moved"})
    assert not Tenant.objects.get(pk=world.tenant.pk).entry
    with tenant_scope(world.tenant):
        assert TenantSettings.objects.get().ip_allow_list == []
    (entry,) = _audited(world, "tenant.entry_opened")
    assert (entry.reason, entry.actor_id) == ("their office moved", superuser.pk)
