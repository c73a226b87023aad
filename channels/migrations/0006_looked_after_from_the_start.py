"""Channels that were connected before upkeep existed are looked after too, and reached by their account's address."""

from typing import Any

from django.db import migrations

from kernel.clock import now
from kernel.mongo.doors import collection, new_object_id
from kernel.scoping import tenant_scope
from kernel.scoping.context import unscoped
from kernel.scoping.reasons import Reason
from kernel.work import mark
from kernel.work.items import lane_key


def look_after_all(apps: Any, schema_editor: Any) -> None:
    """Begin the upkeep of each channel, and claim its WhatsApp account for its tenant if nobody has it.

    Repeatable: what is there already stays as it is.
    """
    from channels.models import Channel
    from channels.services.upkeep_lane import KIND, next_turn

    with unscoped(Reason.MIGRATE):
        shown = {"tenantId": 1, "kind": 1, "external.waba_id": 1}
        rows = list(collection(Channel).find({"status": {"$ne": "removed"}}, shown))
    for row in sorted(rows, key=lambda row: row["_id"]):
        with tenant_scope(str(row["tenantId"])):
            mark(KIND, lane_key(str(row["_id"])), due_at=next_turn())
        if waba_id := (row.get("external") or {}).get("waba_id"):
            _claim(str(waba_id), row)


def _claim(waba_id: str, row: dict[str, Any]) -> None:
    """The oldest channel's tenant keeps an account that several have numbers of."""
    from channels.models import ChannelAddress

    made = {
        "_id": new_object_id(), "tenant_id": str(row["tenantId"]), "channel_id": str(row["_id"]),
        "replay_pending": True, "created_at": now(),
    }  # fmt: skip
    where = {"kind": "waba_id", "value": waba_id}
    collection(ChannelAddress).update_one(where, {"$setOnInsert": made}, upsert=True)


class Migration(migrations.Migration):

    dependencies = [
        ("channels", "0005_template_pauses"),
        ("kernel", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [migrations.RunPython(look_after_all, migrations.RunPython.noop)]
