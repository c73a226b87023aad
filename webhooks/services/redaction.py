"""Taking out of raw bodies what is one tenant's, or one person's; what is others' stays as it came.

A body is a tree whose lists hold independent things: entries, changes, messages, contacts. The
smallest such thing that names one of the values goes; a body that names it outside of all goes whole.
"""

import json
from collections.abc import Collection
from typing import Any

from kernel.mongo.doors import ObjectId, collection
from webhooks.models import WebhookDelivery

PAGE = 200
GONE = object()
REASON = "erased"


def redact_page(
    values: Collection[str], *, after: str = "", until: ObjectId | None = None, drop: bool = False
) -> tuple[str, int, int]:
    """Redact one page of all deliveries; returns where to go on from, how many were seen and changed.

    The place is empty at the end. ``drop`` removes deliveries of which nothing is left, and looks
    at those too that are not cut into items yet.
    """
    where: dict[str, Any] = {"_id": {"$gt": ObjectId(after)} if after else {"$exists": True}}
    if until is not None:
        where["_id"]["$lte"] = until
    options: dict[str, Any] = {"sort": [("_id", 1)], "limit": PAGE, "batch_size": PAGE + 1}
    rows = list(collection(WebhookDelivery).find(where, **options))
    needles = [value.encode() for value in values]
    changed = 0
    for row in rows:
        body = bytes(row["body"])
        if not any(needle in body for needle in needles) and not _parks(row, values):
            continue
        if drop or row["state"] == WebhookDelivery.DONE:
            changed += _redact(row, body, values, drop=drop)
    return (str(rows[-1]["_id"]) if len(rows) == PAGE else ""), len(rows), changed


def redact_deliveries(ids: Collection[str], values: Collection[str]) -> int:
    """Remove from these deliveries what names one of the values; those of which nothing is left go."""
    where = {"_id": {"$in": [ObjectId(id_) for id_ in ids if ObjectId.is_valid(id_)]}}
    rows = collection(WebhookDelivery).find(where)
    return sum(_redact(row, bytes(row["body"]), values, drop=True) for row in rows)


def _parks(row: dict[str, Any], values: Collection[str]) -> bool:
    return any(address.partition(":")[2] in values for address in row.get("parked") or [])


def _redact(row: dict[str, Any], body: bytes, values: Collection[str], *, drop: bool) -> int:
    kept = redacted(body, values)
    if kept == body:
        return 0
    where = {"_id": row["_id"], "state": row["state"]}
    if drop and not kept:
        return int(collection(WebhookDelivery).delete_one(where).deleted_count)
    parked = [a for a in row.get("parked") or [] if a.partition(":")[2] not in values]
    change = {"$set": {"body": kept, "parked": parked if drop else row.get("parked") or []},
              "$push": {"problems": {"position": -1, "reason": REASON}}}  # fmt: skip
    return int(collection(WebhookDelivery).update_one(where, change).modified_count)


def redacted(body: bytes, values: Collection[str]) -> bytes:
    """The body without what names one of the values; empty when nothing of it would be left.

    One that cannot be read as a tree goes whole when the bytes of a value are in it.
    """
    if not any(value.encode() in body for value in values):
        return body
    try:
        tree = json.loads(body)
        kept = _without(tree, frozenset(values))
    except (ValueError, RecursionError):
        return b""
    if kept is GONE or not _holds_anything(kept):
        return b""
    return body if kept == tree else json.dumps(kept, separators=(",", ":")).encode()


def _without(node: Any, values: frozenset[str]) -> Any:
    if isinstance(node, dict):
        kept = {name: _without(inner, values) for name, inner in node.items()}
        return GONE if any(inner is GONE for inner in kept.values()) else kept
    if isinstance(node, list):
        return [inner for inner in (_without(each, values) for each in node) if inner is not GONE]
    return GONE if _names(node, values) else node


def _names(leaf: Any, values: frozenset[str]) -> bool:
    is_word = isinstance(leaf, str | int) and not isinstance(leaf, bool)
    return is_word and str(leaf).removeprefix("+") in values


def names_any(node: Any, values: frozenset[str]) -> bool:
    """Whether a document says one of the values anywhere."""
    if isinstance(node, dict):
        return any(names_any(inner, values) for inner in node.values())
    if isinstance(node, list):
        return any(names_any(inner, values) for inner in node)
    return _names(node, values)


def _holds_anything(tree: Any) -> bool:
    """Whether an entry still has something in it beside its own name."""
    for part in tree if isinstance(tree, list) else [tree]:
        for entry in part.get("entry") or [] if isinstance(part, dict) else []:
            if isinstance(entry, dict) and any(
                _is_full(thing) for v in entry.values() if isinstance(v, list) for thing in v
            ):
                return True
    return False


def _is_full(thing: Any) -> bool:
    """A change whose messages are all gone says nothing any more."""
    value = thing.get("value") if isinstance(thing, dict) else None
    if not isinstance(value, dict):
        return True
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    return not lists or any(lists)


# What a provider calls the parts of an item by which it names a message or a person.
PERSONAL = frozenset({"id", "mid", "from", "wa_id", "user_id", "recipient_id"})


def personal_values(node: Any, name: str = "") -> set[str]:
    """The ids of messages and people that an item's body says."""
    if isinstance(node, dict):
        return {value for key, inner in node.items() for value in personal_values(inner, key)}
    if isinstance(node, list):
        return {value for inner in node for value in personal_values(inner, name)}
    return {str(node)} if name in PERSONAL and isinstance(node, str | int) else set()
