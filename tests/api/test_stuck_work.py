"""Stuck work over REST: found by its cause, its request read, brought back or given up."""

from typing import Any

from messaging.models import Attachment
from tests import factories
from tests.api.caller import code_of
from tests.api.staff import audited, program_of, sam
from tests.backoffice.arrivals import posted
from webhooks.models import WebhookEvent

__all__ = ["sam"]


def test_a_stuck_message_is_found_its_raw_delivery_read_and_it_is_brought_back(
    world: Any, sam: Any, quiet: None
) -> None:
    with factories.inside(world):
        delivery, event = posted(factories.channel(), text="where is my parcel")
    program, at = program_of(sam), f"tenants/{world.tenant.pk}"
    (cause,) = program.get(f"{at}/work").json()["results"]
    assert (cause["collection"], cause["state"], cause["cause"], cause["count"]) == (
        "webhook_events", "dead", "handler failed", 1)  # fmt: skip
    (item,) = program.get(f"{at}/work-items", collection="webhook_events").json()["results"]
    assert (item["id"], item["last_error"]) == (event.pk, "KeyError: order")
    raw = program.get(f"{at}/webhook-events/{event.pk}/delivery").json()
    assert raw["id"] == delivery.pk and "where is my parcel" in raw["body"] and raw["is_whole"]
    back = program.post(f"{at}/work-items/{event.pk}/replay", {"reason": "the fix is deployed"})
    assert back.json()["state"] == "ready"
    (entry,) = audited(world, "work.replayed")
    assert (entry.actor_id, entry.target_id, entry.reason) == (
        sam.pk,
        event.pk,
        "the fix is deployed",
    )
    viewed = {(e.target_type, e.target_id) for e in audited(world, "staff.viewed")}
    assert {("work", ""), ("webhookevent", ""), ("webhookdelivery", delivery.pk)} <= viewed


def test_all_of_a_cause_comes_back_and_one_that_is_given_up_stays_to_be_seen(
    world: Any, sam: Any, quiet: None
) -> None:
    with factories.inside(world):
        rows = [
            factories.item(f"l{n}", state="dead", open=False, reason="timeout") for n in range(4)
        ]
        for row in rows:
            row.save(force_insert=True)
    program, at, why = program_of(sam), f"tenants/{world.tenant.pk}", {"reason": "over and done"}
    given_up = program.post(f"{at}/work-items/{rows[0].pk}/discard", why).json()
    assert (given_up["state"], given_up["reason"]) == ("done", "discarded: over and done")
    again = program.post(f"{at}/work-items/{rows[0].pk}/discard", why)
    assert (again.status_code, code_of(again)) == (409, "work_item_not_recoverable")
    asked = {**why, "collection": "attachments", "state": "dead", "cause": "timeout"}
    assert program.post(f"{at}/work-items/replay", asked).json() == {"replayed": 3, "is_all": True}
    with factories.inside(world):
        assert Attachment.objects.filter(state="ready").count() == 3
    wrong = program.post(f"{at}/work-items/replay", {**asked, "collection": "tenants"})
    assert code_of(wrong) == "work_item_not_found"
    assert code_of(program.get(f"{at}/work-items", collection="users")) == "invalid_parameter"


def test_an_item_of_another_tenant_is_not_there(world: Any, sam: Any, new_tenant: Any) -> None:
    other = new_tenant("Other")
    with factories.inside(other):
        _, event = posted(factories.channel())
    program, at = program_of(sam), f"tenants/{world.tenant.pk}"
    for path, body in ((f"{at}/work-items/{event.pk}/replay", {"reason": "mended"}),
                       (f"{at}/work-items/{event.pk}/discard", {"reason": "mended"})):  # fmt: skip
        assert program.post(path, body).status_code == 404
    assert program.get(f"{at}/webhook-events/{event.pk}/delivery").status_code == 404
    with factories.inside(other):
        assert WebhookEvent.objects.get(pk=event.pk).state == "dead"
