"""What a tenant does not want to keep goes; the rest stays, and the audit log still verifies."""

from datetime import timedelta

import pytest

from archives.models import RetentionRun
from archives.services import retention
from archives.tests.lived import live, places_of
from kernel.audit.chain import verify
from kernel.audit.checkpoints import verify_checkpoints, write_checkpoint
from kernel.clock import now
from kernel.models import AuditEntry, DomainEvent, FeedState, Lane
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.mongo.ids import first_id_at
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from messaging.models import Message
from tests import factories
from tests.inbound import body, change, take_in, text, work_off
from webhooks.models import WebhookDelivery, WebhookEvent

OLD = timedelta(days=100)


def run_with(world, **days: int) -> RetentionRun:
    """Today's run with these choices, worked off."""
    with factories.inside(world):
        run = RetentionRun(lane="retention", day=now().date().isoformat(), days=days)
        from kernel import work

        work.enqueue("retention", run)
    work_off("retention", "media", "relay")
    with factories.inside(world):
        run.refresh_from_db()
    assert not run.open
    return run


def aged(model, column: str) -> None:
    """Make a collection of the active tenant look as old as ``OLD``."""
    with rewriting(Rewrite.RETENTION):
        collection(model).update_many({**owner()}, {"$set": {column: now() - OLD}})


def long_ago(id_: ObjectId) -> ObjectId:
    """The id that the same row would have got then."""
    at = int.from_bytes(id_.binary[:6], "big") - int(OLD.total_seconds() * 1000)
    return ObjectId(at.to_bytes(6, "big") + id_.binary[6:])


def test_old_messages_go_and_the_conversation_stays(world):
    lived = live(world)
    with factories.inside(world):
        young = Message.objects.order_by("-seq").first()
        aged(Message, "created_at")
        from conversations.models import Conversation

        aged(Conversation, "created_at")
        with rewriting(Rewrite.RETENTION):
            collection(Message).update_one(
                {**owner(), "_id": ObjectId(young.pk)}, {"$set": {"created_at": now()}}
            )
    run = run_with(world, messages=30)
    with factories.inside(world):
        assert list(Message.objects.values_list("pk", flat=True)) == [young.pk]
        assert Conversation.objects.count() == 1
        assert AuditEntry.objects.filter(action="retention.ran", target_id=run.pk).exists()
    assert run.removed["messages"] == 6
    assert not any(lived.canary in path for path in places_of(f"{lived.canary} bytes"))


def test_old_events_go_and_the_feed_goes_on_at_the_next_number(world):
    live(world)
    with factories.inside(world):
        last = FeedState.objects.get().last_number
        aged(DomainEvent, "occurred_at")
    run_with(world, events=30)
    with factories.inside(world):
        assert not DomainEvent.objects.filter(number__gt=0, number__lte=last).exists()
        factories.message()
        assert FeedState.objects.get().last_number >= last


def test_the_audit_log_still_verifies_after_its_beginning_has_gone(world):
    live(world)
    with factories.inside(world):
        write_checkpoint()
        head = FeedState.objects.get().audit_seq
        aged(AuditEntry, "occurred_at")
        with rewriting(Rewrite.RELAY):  # an older log, chained as it was written
            rechain()
    run = run_with(world, audit=30)
    assert run.removed["audit_log"] == head - 1
    with factories.inside(world):
        assert AuditEntry.objects.filter(seq__gt=0).order_by("seq").first().seq == head
        assert list(verify()) == []
        collection(FeedState).update_one(
            {**owner()}, {"$set": {"audit_cut_seq": head, "audit_cut_hash": "0"}}
        )
        assert any("nothing signed says so" in finding.problem for finding in verify_checkpoints())


def rechain() -> None:
    from kernel.audit.chain import entry_hash

    prev = ""
    for entry in AuditEntry.objects.filter(seq__gt=0).order_by("seq"):
        hash_ = entry_hash(entry, entry.seq, prev)
        collection(AuditEntry).update_one(
            {**owner(), "_id": ObjectId(entry.pk)}, {"$set": {"prev": prev, "hash": hash_}}
        )
        prev = hash_
    collection(FeedState).update_one({**owner()}, {"$set": {"audit_hash": prev}})


def test_old_items_of_the_ledger_go_with_their_part_of_the_raw_bodies(world):
    lived = live(world)
    with factories.inside(world):
        old = [{**row, "_id": long_ago(row["_id"])}
               for row in collection(WebhookEvent).find({**owner()})]  # fmt: skip
        collection(WebhookEvent).delete_many({**owner()})
        collection(WebhookEvent).insert_many(old)
    run_with(world, raw_deliveries=30)
    with factories.inside(world):
        assert not WebhookEvent.objects.exists()
        assert Message.objects.exists()
    assert not {"webhook_deliveries", "webhook_events"} & set(places_of(lived.canary))


def test_old_files_go_and_their_messages_stay(world):
    lived = live(world)
    with factories.inside(world):
        from messaging.models import Attachment

        file = collection(Attachment).find_one({**owner(), "media_state": "stored"})
        collection(Attachment).delete_one({**owner(), "_id": file["_id"]})
        old = ObjectId(first_id_at(now() - OLD).binary[:6] + file["_id"].binary[6:])
        collection(Attachment).insert_one({**file, "_id": old})
    assert run_with(world, media=30).removed["media"] == 1
    assert not any("/media/" in path for path in places_of(f"{lived.canary} bytes"))
    with factories.inside(world):
        assert Message.objects.filter(text=f"{lived.canary} see").exists()


@pytest.mark.parametrize("chosen, made", [({}, False), ({"messages": 30}, True)])
def test_a_run_is_made_once_a_day_for_who_wants_something_gone(world, monkeypatch, chosen, made):
    monkeypatch.setattr(retention, "retention_days", lambda: chosen)
    with factories.inside(world):
        assert [retention.begin_run(), retention.begin_run()] == [made, False]
        assert RetentionRun.objects.count() == int(made)


def test_young_things_stay(world):
    live(world)
    run = run_with(world, messages=30, media=30, events=30, raw_deliveries=30, audit=30)
    assert not any(run.removed.values())


@pytest.mark.parametrize("days, kept", [(0, 1), (30, 1), (-1, 0)])
def test_the_plan_of_each_day_removes_what_no_tenants_run_meets(
    _database_open, settings, days, kept
):
    settings.LEFTOVER_DAYS = days
    (nobodys,) = take_in(body(change(factories.digits(15), messages=[text("nobody's")])))
    with outside_scope():
        Lane.objects.filter(kind=retention.PLAN).delete()
        retention.work.mark(retention.PLAN, retention.LANE, tenant_id="")
        drain(retention.PLAN)
    assert WebhookDelivery.objects.filter(pk=nobodys.pk).count() == kept
