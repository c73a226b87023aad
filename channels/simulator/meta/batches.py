"""Several events in one webhook body, as Meta batches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channels.simulator.meta.records import Json

if TYPE_CHECKING:
    from channels.simulator.meta.webhooks import Event

ITEMS = ("messaging", "standby")
LISTS = ("contacts", "messages", "statuses")


def join_bodies(events: list[Event]) -> Json:
    """One envelope for all `events`, in their order.

    Neighbours of the same WABA share an entry; neighbours of the same number and kind share a
    change, so receivers meet several entries, several changes and several items in one list.
    """
    entries: list[Json] = []
    for event in events:
        addition = event.body()["entry"][0]
        last = entries[-1] if entries else {}
        place = next((name for name in ITEMS if name in addition and name in last), "")
        if not last or last["id"] != addition["id"] or "field" in addition:
            entries.append(addition)
        elif place:
            last[place].extend(addition[place])
        elif "changes" not in last or "changes" not in addition:
            entries.append(addition)
        elif not _merge(entries[-1]["changes"][-1], addition["changes"][0]):
            entries[-1]["changes"].extend(addition["changes"])
    return {"object": events[0].object_name, "entry": entries}


def _merge(into: Json, change: Json) -> bool:
    old, new = into["value"], change["value"]
    same_shape = set(old) == set(new) and into["field"] == change["field"] == "messages"
    if not same_shape or old.get("metadata") != new.get("metadata"):
        return False
    merged: dict[str, Any] = dict(old)
    for name in LISTS:
        if name in new:
            merged[name] = old[name] + [
                item for item in new[name] if name != "contacts" or item not in old[name]
            ]
    into["value"] = merged
    return True
