"""The ledger: raw deliveries are cut into items, and each item is routed to the tenant that owns its address.

One lane, so the deliveries of an account are exploded in the order in which they were
acknowledged (``waiting``); a batch is one transaction, so a crash repeats it to the same end.
"""

import zlib
from collections import defaultdict
from typing import Any

import structlog
from django.db import DatabaseError

from channels.holders import NOBODY, Address, Owner, Owners
from channels.models import ChannelAddress
from channels.providers.contract import BadItem, RawItem
from channels.selectors import shares_address
from kernel.clock import now
from kernel.mongo.doors import ObjectId, PyMongoError, UpdateMany, collection, new_object_id
from kernel.mongo.rows import hydrated
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.work import Kind, Lease, Released, StaleFence, register
from kernel.work.blame import is_items_fault
from kernel.work.lanes import mark, mark_many
from kernel.work.sweep import register_probe
from webhooks.models import WebhookDelivery, WebhookEvent
from webhooks.services.opening import Opened, opened_of
from webhooks.services.redaction import REASON as ERASED
from webhooks.services.redaction import parked_as, personal_values, without_forgotten
from webhooks.services.waiting import oldest, oldest_in_turn

log = structlog.get_logger(agentName="webhook")
SLOTS = 16
LANE = "all"


def register_kind() -> None:
    register(Kind(name="explode", queue="inbound", serve=serve))
    register_probe(_wake_if_new)


def _wake_if_new() -> None:
    """The edge announces without waiting; what it could not announce is found here."""
    if WebhookDelivery.objects.filter(state=WebhookDelivery.NEW).exists():
        mark("explode", LANE, tenant_id="")


class ReplayFirst(Exception):
    """An address was connected a moment ago: what waits for it goes first."""


def serve(lease: Lease) -> Released:
    """Explode the oldest new deliveries; first those that waited for an owner."""
    if replayed := _replay_first():
        return Released(due_at=now(), served=replayed)
    opened, more = opened_of(*oldest_in_turn())
    try:
        if opened:
            explode_apart(opened)
    except ReplayFirst:
        return Released(due_at=now())
    return Released(due_at=now() if more else None, served=len(opened))


def explode_apart(opened: list[Opened], *, only: Address | None = None) -> None:
    """Explode together; if that fails, one by one, so that one bad delivery cannot stop the rest."""
    try:
        run_transaction(lambda: explode(opened, only=only))
    except (StaleFence, ReplayFirst):
        raise
    except Exception as error:
        if isinstance(error, PyMongoError | DatabaseError) and not is_items_fault(error):
            raise
        if len(opened) > 1:
            for delivery in opened:
                explode_apart([delivery], only=only)
            return
        log.exception("delivery.unreadable", delivery=str(opened[0].was["_id"]))
        opened[0].items = [BadItem(reason=f"cannot be stored: {type(error).__name__}", body=None)]
        run_transaction(lambda: explode(opened, only=only))


def explode(opened: list[Opened], *, only: Address | None = None) -> None:
    """Store each item once with its tenant; close each delivery with its account.

    ``only`` is an address whose parked items are routed now, the rest of the
    delivery having been routed before. Repeatable, as a transaction's body is.
    """
    for delivery in opened:
        _begin(delivery, only)
    owners = Owners({one for delivery in opened for one in delivery.addressed()})
    if only is None and owners.replayed_first():
        raise ReplayFirst
    routed: dict[str, list[tuple[Opened, dict[str, Any]]]] = defaultdict(list)
    for delivery in opened:
        for position, item in enumerate(delivery.items):
            other = isinstance(item, RawItem) and (item.address_kind, item.address) != only
            if only and (other or (isinstance(item, BadItem) and len(delivery.items) > 1)):
                continue
            _route(delivery, position, item, owners, routed)
    for tenant_id, rows in routed.items():
        with tenant_scope(tenant_id):
            _store(rows)
    _close(opened, replay=only is not None)


def _begin(delivery: Opened, only: Address | None) -> None:
    """A fresh account, or the one so far without what is parked for ``only``."""
    row = delivery.was
    if only is None:
        delivery.account, delivery.problems, delivery.parked = defaultdict(int), [], []
        delivery.erased = {}
        return
    delivery.account = defaultdict(int, row["account"])
    delivery.problems, name = list(row["problems"]), parked_as(only)
    delivery.parked = [address for address in row["parked"] if address != name]
    again = [
        i for i in delivery.items if isinstance(i, RawItem) and (i.address_kind, i.address) == only
    ]
    delivery.account["parked"] -= len(again)


def _route(
    delivery: Opened, position: int, item: RawItem | BadItem, owners: Owners,
    routed: dict[str, list[tuple[Opened, dict[str, Any]]]],
) -> None:  # fmt: skip
    if isinstance(item, BadItem):
        _dead(delivery, position, item.reason)
        return
    owner_ = owners.of((item.address_kind, item.address), delivery.was["received_at"])
    own = _own_channel(delivery)
    is_known = NOBODY not in owner_
    if own and not (is_known and _may_speak(own, item, owner_)):
        # Proved by that tenant's secret alone, it may speak of that tenant's channel alone.
        _dead(delivery, position, "the address is not of the channel it was posted to")
        return
    if not is_known:
        delivery.account["parked"] += 1
        delivery.parked.append(parked_as((item.address_kind, item.address)))
        return
    if own:  # of an account with several channels it is this one that spoke
        owner_ = (owner_[0], own)
    routed[owner_[0]].append((delivery, _row(delivery.was, position, item, owner_)))


def _own_channel(delivery: Opened) -> str:
    """The channel whose own app posted this; empty for the app that all tenants share."""
    kind, _, channel_id = str(delivery.was["source"]).partition(":")
    return channel_id if kind == "channel" else ""


def _may_speak(channel_id: str, item: RawItem, owner_: Owner) -> bool:
    """Whether the address is the channel's own, or that of an account it belongs to."""
    return owner_[1] == channel_id or shares_address(
        owner_[0], channel_id, item.address_kind, item.address
    )


def _dead(delivery: Opened, position: int, reason: str) -> None:
    """The raw bytes stay with the delivery; the reason is shown beside them."""
    delivery.account["dead"] += 1
    delivery.problems.append({"position": position, "reason": reason[:300]})


def _row(row: dict[str, Any], position: int, item: RawItem, owner_: Owner) -> dict[str, Any]:
    tenant_id, channel_id = owner_
    slot = zlib.crc32(f"{channel_id}:{item.order_key}".encode()) % SLOTS
    return {
        "_id": new_object_id(), "tenantId": ObjectId(tenant_id), "channel_id": ObjectId(channel_id),
        "event_key": item.key[:400], "delivery_id": str(row["_id"]), "position": position, "field": item.field[:60],
        "address_kind": item.address_kind[:30], "body": item.body, "received_at": row["received_at"], "lane": f"slot:{slot}",
        "state": WebhookEvent.READY, "open": True, "due_at": row["received_at"], "attempts": 0, "fence": 0,
        "last_error": "", "reason": "", "created_at": now(), "finished_at": None,
    }  # fmt: skip


def _store(rows: list[tuple[Opened, dict[str, Any]]]) -> None:
    """Insert the items whose keys are new to their channel; the rest are redeliveries."""
    events = collection(WebhookEvent)
    tenant = {"tenantId": rows[0][1]["tenantId"]}
    keys = {row["event_key"] for _, row in rows}
    channels = {row["channel_id"] for _, row in rows}
    where = {**tenant, "channel_id": {"$in": list(channels)}, "event_key": {"$in": list(keys)}}
    some = {"channel_id": 1, "event_key": 1, "reason": 1}
    found = list(events.find(where, some, batch_size=len(keys) + 1))
    known = {(r["channel_id"], r["event_key"]) for r in found}
    erased = {(r["channel_id"], r["event_key"]) for r in found if r["reason"] == ERASED}
    fresh = []
    for delivery, row in rows:
        key = (row["channel_id"], row["event_key"])
        delivery.account["duplicate" if key in known else "stored"] += 1
        if key in erased:
            said: Any = delivery.items[row["position"]]
            about = delivery.erased.setdefault((said.address_kind, said.address), set())
            about |= personal_values(row["body"])
        if key not in known:
            known.add(key)
            fresh.append(row)
    if fresh:
        events.insert_many(fresh)
        lanes = {f"{row['tenantId']}:{row['lane']}": now() for row in fresh}
        mark_many("ingest", list(lanes.items()))


def _close(opened: list[Opened], *, replay: bool) -> None:
    """Close the deliveries; the account says where each item went."""
    state = WebhookDelivery.DONE if replay else WebhookDelivery.NEW
    alike: dict[str, tuple[list[Any], dict[str, Any], dict[str, Any]]] = {}
    at = now()
    for delivery in opened:
        # What was erased since is not among the items any more, but it was received.
        received = delivery.was["account"].get("received") if replay else None
        account = {**delivery.account, "received": received or len(delivery.items)}
        fields = {"state": WebhookDelivery.DONE, "account": account, "problems": delivery.problems,
                  "parked": sorted(set(delivery.parked)), "exploded_at": at,
                  "leftover": not account.get("stored")}  # fmt: skip
        known: dict[str, Any] = {}
        if delivery.erased:  # somebody who was forgotten, said once more
            known = {"body": delivery.was["body"]}
            fields["body"] = without_forgotten(bytes(known["body"]), delivery.erased)
        alike.setdefault(repr((fields, known)), ([], fields, known))[0].append(delivery.was["_id"])
    matched = collection(WebhookDelivery).bulk_write([
        UpdateMany({"_id": {"$in": ids}, "state": state, **known}, {"$set": fields})
        for ids, fields, known in alike.values()
    ]).matched_count  # fmt: skip
    if matched != len(opened):
        raise StaleFence("another holder explodes these deliveries")


def _replay_first() -> int:
    """Route what waited for an address that has an owner now, before anything newer; one batch a turn."""
    found = collection(ChannelAddress).find_one({"replay_pending": True}, sort=[("_id", 1)])
    if found is None:
        return 0
    (address,) = hydrated(ChannelAddress, [found])
    waiting, more = opened_of(*oldest({"parked": parked_as((address.kind, address.value))}))
    if waiting:
        explode_apart(waiting, only=(address.kind, address.value))
    if not more:
        ChannelAddress.objects.filter(pk=address.pk).update(replay_pending=False)
    log.info("parked.replayed", channel_id=address.channel_id, deliveries=len(waiting))
    return len(waiting) or 1
