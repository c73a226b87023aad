"""Depth, lag, parked and dead work of every tenant that one may see, in figures."""

from datetime import timedelta

from django.urls import reverse

from kernel.clock import now
from kernel.models import Lane
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.wire import wire_log
from messaging.models import Attachment
from tests import factories
from tests.backoffice.conftest import helper_of

QUEUES = reverse("admin:queues")


def _busy(world):
    with factories.inside(world):
        rows = [factories.item(lane=f"l{n}") for n in range(5)]
        Attachment.objects.bulk_create(rows)
        for row, state in zip(rows, ("dead", "dead", "dead", "parked", "ready"), strict=True):
            collection(Attachment).update_one(
                {**owner(), "_id": ObjectId(row.pk)}, {"$set": {"state": state}}
            )
    pk = world.tenant.pk
    late = now() - timedelta(seconds=90)
    Lane.objects.create(kind="ingest", key=f"{pk}:a", tenant_id=pk, due_at=late)
    Lane.objects.create(kind="send", key=f"{pk}:b", tenant_id=pk, held="channel:x")


def _row(client, world):
    answer = client.get(QUEUES, {"q": world.tenant.slug})
    assert answer.status_code == 200
    return next((r for r in answer.context["rows"] if r["tenant"].pk == world.tenant.pk), None)


def test_each_tenants_queues_are_counted(page, world):
    _busy(world)
    row = _row(page, world)
    cells = {cell["name"]: cell for cell in row["queues"]}
    assert "due, oldest 9" in cells["inbound"]["text"] and cells["inbound"]["tone"] == "bad"
    assert cells["outbound"]["text"] == "nothing due"
    assert [cell["count"] for cell in row["stuck"]] == ["1", "3"]
    assert row["held"] == "channel (1)"


def test_staff_see_the_queues_of_the_tenants_granted_to_them(world, new_tenant):
    other = new_tenant("Other")
    client = helper_of(world)
    assert _row(client, world) is not None
    assert _row(client, other) is None
    assert other.tenant.slug not in client.get(QUEUES).text


def test_the_page_costs_the_same_however_many_tenants_it_shows(page, new_tenant):
    for _ in range(4):
        _busy(new_tenant())
    with wire_log.record() as commands:
        assert page.get(QUEUES).status_code == 200
    assert len(commands) <= 10, [f"{c.name} {c.collection}" for c in commands]


def test_the_page_of_a_tenants_work_names_queue_lag_and_cause(page, world):
    _busy(world)
    text = page.get("/admin/work/").text
    assert "Queue" in text and "Replay all" in text and "inbound" in text
