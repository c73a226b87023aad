"""The work of an erasure: in turns, each repeatable, until nothing is left; then a certificate.

The order is that nothing new can come in while what is there goes: first the provider's
addresses and the lanes, then raw bodies, rows, files and cached keys. At the end everything is
counted once more, a while after the last page, before the certificate says that it is gone.
"""

import time
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.admin.models import LogEntry
from redis.exceptions import RedisError

from archives.models import Erasure, Import
from archives.people import remove_placeholders
from channels.services.addresses import forget_former, give_up_all
from kernel.archive import remains
from kernel.audit.signing import signed
from kernel.clock import iso, now
from kernel.models import FeedState
from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.work import Kind, Lease, Released, StaleFence, register
from tenants.models import Tenant
from tenants.services.closing import close
from webhooks.services.redaction import redact_tenant

log = structlog.get_logger(agentName="archive")
KIND = "erase"
TURN_S, SETTLE_S, REDIS_AGAIN_S = 6.0, 3.0, 5.0
STEPS = ("begin", "raw", "rows", "files", "keys", "settle", "certify")
State = dict[str, Any]


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    """One turn of one erasure; its lane belongs to no tenant, so that it is not erased with it."""
    row = Erasure.objects.filter(pk=lease.key, is_open=True).first()
    if row is None:
        return Released()
    if row.state == Erasure.WAITING and row.due_at > now():
        return Released(due_at=row.due_at)
    due = {"_id": ObjectId(row.pk), "is_open": True, "fence": {"$lte": lease.fence},
           "state": row.state}  # fmt: skip
    taken = {"$set": {"fence": lease.fence, "state": Erasure.ERASING}}
    if not collection(Erasure).update_one(due, taken).matched_count:
        raise StaleFence("another holder erases this tenant, or it was cancelled")
    row.fence = lease.fence
    wait_s = turn(row)
    return Released(due_at=None if wait_s is None else now() + timedelta(seconds=wait_s), served=1)


def turn(row: Erasure) -> float | None:
    """Do for the length of a turn; seconds until the next one, None when it is certified."""
    until, state = time.monotonic() + TURN_S, {"step": STEPS[0], **row.progress}
    while True:
        with tenant_scope(row.erased_tenant_id):
            wait_s = DO[state["step"]](row, state)
        if state["step"] == "done":
            return None
        _note(row, state)
        if wait_s or time.monotonic() >= until:
            return wait_s


def _note(row: Erasure, state: State) -> None:
    mine = {"_id": ObjectId(row.pk), "fence": row.fence}
    if not collection(Erasure).update_one(mine, {"$set": {"progress": state}}).matched_count:
        raise StaleFence("another holder erases this tenant")


def _next(state: State) -> None:
    state["step"] = STEPS[STEPS.index(state["step"]) + 1]


def _begin(row: Erasure, state: State) -> float:
    """Close the doors, and write down what there is before anything goes."""
    close(row.erased_tenant_id, Tenant.BY_ERASURE)
    if "before" not in state:
        feed = FeedState.objects.first()
        state["audit"] = {"seq": feed.audit_seq, "hash": feed.audit_hash} if feed else {}
        state["before"] = {**remains.counts(), "files": remains.files_left()}
        state["began_at"] = iso(now())
        state["after_id"], state["raw"] = "", {"seen": 0, "changed": 0}
        return 0  # known for certain before the first thing goes
    run_transaction(give_up_all)
    remains.remove_lanes()
    _next(state)
    return 0


def _raw(row: Erasure, state: State) -> float:
    after, seen, changed = redact_tenant(after=state["after_id"])
    state["after_id"] = after
    state["raw"]["seen"] += seen
    state["raw"]["changed"] += changed
    if not after:
        _next(state)
    return 0


def _rows(row: Erasure, state: State) -> float:
    if not state.get("placeholders_gone"):
        remove_placeholders()
        state["placeholders_gone"] = True
    if not remains.remove_some():
        _next(state)
    return 0


def _files(row: Erasure, state: State) -> float:
    remains.remove_files()
    _next(state)
    return 0


def _keys(row: Erasure, state: State) -> float:
    try:
        remains.remove_keys()
    except RedisError:
        log.warning("erasure.waits_for_redis", erasure_id=row.pk)
        return REDIS_AGAIN_S
    _next(state)
    return SETTLE_S


def _settle(row: Erasure, state: State) -> float:
    """Who had read something before its lane went may have written once more: look again."""
    left = {**remains.counts(), "files": remains.files_left()}
    remains.remove_lanes()
    state["step"] = "rows" if any(left.values()) else "certify"
    state["left"] = left
    return 0


def _certify(row: Erasure, state: State) -> float:
    """The tenant itself goes with the statement that everything else has gone.

    So does what stands outside of it: who imported it, as what, and from where.
    """
    certificate = {
        "what": "tenant", "erasure_id": row.pk, "tenant_id": row.erased_tenant_id, "slug": row.slug,
        "asked_by": row.asked_by_id, "asked_at": iso(row.asked_at), "due_at": iso(row.due_at),
        "began_at": state["began_at"], "finished_at": iso(now()), "audit_head": state["audit"],
        "before": state["before"], "after": state["left"], "raw_deliveries": state["raw"],
    }  # fmt: skip

    def body() -> None:
        forget_former()
        collection(Tenant).delete_one({"_id": ObjectId(row.erased_tenant_id)})
        collection(Import).delete_many({"new_tenant_id": row.erased_tenant_id})
        collection(LogEntry).delete_many({"object_id": row.erased_tenant_id})
        mine = {"_id": ObjectId(row.pk), "fence": row.fence, "is_open": True}
        done = {"state": Erasure.DONE, "is_open": False, "certificate": signed(certificate),
                "progress": {}, "finished_at": now()}  # fmt: skip
        if not collection(Erasure).update_one(mine, {"$set": done}).matched_count:
            raise StaleFence("another holder erases this tenant")

    run_transaction(body)
    state["step"] = "done"
    log.info("tenant.erased", erasure_id=row.pk)
    return 0


DO = {"begin": _begin, "raw": _raw, "rows": _rows, "files": _files, "keys": _keys,
      "settle": _settle, "certify": _certify}  # fmt: skip
