"""Deliveries that no tenant's ledger leads to: repetitions, items of nobody, what could not be read.

A tenant's own retention follows its items to the bodies that they came in, and never meets these.
"""

from datetime import datetime

from channels.holders import NOBODY, Address, Holders
from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.ids import first_id_at
from webhooks.models import WebhookDelivery

PAGE = 500


def forget_leftovers(before: datetime, *, after: str = "") -> tuple[int, str]:
    """Delete a page of those acknowledged before a moment; how many went, and where to go on from.

    What waits for an address that somebody has, or had, is theirs: it goes when they are erased.
    """
    since = {"$gt": ObjectId(after)} if after else {}
    where = {"leftover": True, "state": WebhookDelivery.DONE,
             "_id": {**since, "$lt": first_id_at(before)}}  # fmt: skip
    fields = {"parked": 1}
    found = list(collection(WebhookDelivery).find(where, fields, sort=[("_id", 1)], limit=PAGE))
    awaited = {row["_id"]: {_address(name) for name in row.get("parked") or []} for row in found}
    holders = Holders(set().union(*awaited.values()))
    gone = [id_ for id_, addresses in awaited.items()
            if all(holders.of_waiting(address) == NOBODY for address in addresses)]  # fmt: skip
    # One that was routed meanwhile is a leftover no more.
    still = {"_id": {"$in": gone}, "leftover": True, "state": WebhookDelivery.DONE}
    removed = collection(WebhookDelivery).delete_many(still).deleted_count if gone else 0
    return int(removed), str(found[-1]["_id"]) if len(found) == PAGE else ""


def _address(name: str) -> Address:
    kind, _, value = name.partition(":")
    return kind, value
