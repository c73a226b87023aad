"""The work of an import: checked, then taken in, in turns; what is refused leaves nothing behind."""

import time
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError

from accounts.models import User
from archives import arriving
from archives.events import TenantImported
from archives.models import Import
from archives.people import ask_on_entry, check_roles, remove_placeholders
from kernel import audit
from kernel.actor import Actor
from kernel.archive.errors import ArchiveRefused
from kernel.archive.reader import Reader
from kernel.archive.remains import counts, remove_files, remove_lanes, remove_some
from kernel.clock import now
from kernel.errors import DomainError
from kernel.events import emit
from kernel.models import FeedState
from kernel.mongo.doors import ObjectId, PyMongoError, collection, owner
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.work import Kind, Lease, Released, StaleFence, register
from tenants.access import acting_as_system
from tenants.errors import SlugTaken
from tenants.models import Membership, Tenant
from tenants.services.closing import close, lift
from tenants.services.limits import charge
from tenants.services.tenant import create_tenant

log = structlog.get_logger(agentName="archive")
KIND = "import"
MOST_TRIES, TURN_S = 5, 6.0


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    """One turn of one import; its lane belongs to no tenant."""
    row = Import.objects.filter(pk=lease.key, running=True).first()
    if row is None:
        return Released()
    claimed = {"_id": ObjectId(row.pk), "running": True, "fence": {"$lte": lease.fence}}
    change = {"$set": {"fence": lease.fence}, "$inc": {"tries": 1}}
    if not collection(Import).update_one(claimed, change).matched_count:
        raise StaleFence("another holder takes this archive in")
    row.fence, row.tries = lease.fence, row.tries + 1
    until, more = time.monotonic() + TURN_S, turn(row)
    while more and time.monotonic() < until:
        more = turn(row)
    return Released(due_at=now() if more else None, served=1)


def turn(row: Import) -> bool:
    """Do a little; whether more is to be done. The outcome is in the row."""
    try:
        if row.tries > MOST_TRIES:
            raise ArchiveRefused("it failed too often")
        with acting_as_system(by=Actor(**(row.asked_by or {}))):
            return _turn(row)
    except StaleFence:
        raise
    except (DomainError, FileNotFoundError) as refusal:
        _refuse(row, str(refusal))
    except (PyMongoError, DatabaseError):
        if row.tries >= MOST_TRIES:
            _refuse(row, "the database does not take it")
            return True
        raise
    return True


def _turn(row: Import) -> bool:
    if row.phase == Import.CLEARING:
        return _clear(row)
    state = {**arriving.fresh(), **row.progress, "owner_id": row.user_id}
    with Reader(Path(row.path)) as reader:
        if row.phase == Import.CHECKING:
            if arriving.check_some(reader, state):
                return _note(row, state)
            return _begin(row, reader, state)
        with tenant_scope(row.new_tenant_id):
            if row.phase == Import.ROWS:
                more = arriving.rows_some(reader, state)
                if not more:
                    state["at"] = 0
                return _note(row, state, phase=Import.ROWS if more else Import.FILES)
            if arriving.files_some(reader, state):
                return _note(row, state)
            return _finish(row, reader.manifest, state)


def _note(row: Import, state: dict[str, Any], phase: str = "") -> bool:
    """Where it stands: kept with the holder's fence, so that a slow one writes nothing over it."""
    state.pop("owner_id", None)
    row.progress, row.phase, row.tries = state, phase or row.phase, 0
    _set(row, {"progress": state, "phase": row.phase, "tries": 0})
    return True


def _set(row: Import, fields: dict[str, Any]) -> None:
    mine = {"_id": ObjectId(row.pk), "fence": row.fence}
    if not collection(Import).update_one(mine, {"$set": fields}).matched_count:
        raise StaleFence("another holder takes this archive in")


def _begin(row: Import, reader: Reader, state: dict[str, Any]) -> bool:
    """Make the tenant, closed to everybody; its audit log begins with where it comes from."""
    if Tenant.objects.filter(slug=row.slug).exists():
        raise SlugTaken(f"{row.slug} is taken")
    manifest, owner_ = reader.manifest, User.objects.get(pk=row.user_id)
    origin = arriving.origin_of(manifest)
    number = manifest.get("feed", {}).get("last_number")
    if type(number) is not int or not 0 <= number < 2**53:
        raise ArchiveRefused("the manifest does not say how many events there were")
    chain = manifest.get("audit", {})
    begun = {"origin_tenant": [None, origin], "origin_seq": [None, chain.get("seq")],
             "origin_hash": [None, str(chain.get("hash"))[:64]]}  # fmt: skip

    def body() -> None:
        with tenant_scope(row.new_tenant_id):
            audit.record("tenant.imported", ("tenant", row.new_tenant_id), begun)
            first = {"last_number": number, "audit_seq": 0, "audit_hash": "", "fence": 0}
            row_ = FeedState(**first)
            row_.save(force_insert=True)
        name = str(manifest["tenant"].get("name") or row.slug)[:120]
        create_tenant(maker=owner_, name=name, slug=row.slug, id=row.new_tenant_id)
        close(row.new_tenant_id, Tenant.BY_IMPORT)
        state["at"] = 0
        _note(row, state, phase=Import.ROWS)

    run_transaction(body)
    return True


def _finish(row: Import, manifest: dict[str, Any], state: dict[str, Any]) -> bool:
    """Open the tenant, unless staff suspended it; the report is made of what is there now."""
    origin = manifest["tenant"]
    check_roles()
    report = {
        "origin": {"tenant_id": origin["id"], "slug": str(origin.get("slug", ""))[:40],
                   "product": manifest.get("product"), "created_at": manifest.get("created_at")},
        "audit": {**state["audit"], "is_verified": True},
        "collections": {"archive": state["counts"], "tenant": counts()},
        "files": state["files"],
        "dropped_references": state["dropped"],
        "members_to_invite": collection(Membership).count_documents(
            {**owner(), "status": Membership.DISABLED}
        ),
        "lost_files": len(manifest.get("lost_files") or []),
    }  # fmt: skip

    def body() -> None:
        asked = {"$set": {"entry": ask_on_entry()}}
        collection(Tenant).update_one({"_id": ObjectId(row.new_tenant_id)}, asked)
        charge("storage_bytes", state["bytes"])
        lift(row.new_tenant_id, Tenant.BY_IMPORT)
        tenant = ("tenant", row.new_tenant_id)
        audit.record("tenant.import_finished", tenant, {"files": [None, state["files"]]})
        emit(TenantImported(tenant_id=row.new_tenant_id, origin_tenant_id=origin["id"]))
        _set(row, {"phase": Import.DONE, "running": False, "report": report, "progress": {},
                   "finished_at": now()})  # fmt: skip

    run_transaction(body)
    _drop_upload(row)
    return False


def _refuse(row: Import, problem: str) -> None:
    """What was made so far goes in the turns that follow."""
    log.warning("import.refused", import_id=row.pk, phase=row.phase)
    row.phase = Import.CLEARING
    _set(row, {"phase": Import.CLEARING, "problem": problem[:500], "tries": 0})


def _clear(row: Import) -> bool:
    """Remove what was made of the tenant: rows, files, lanes, then itself."""
    if collection(Tenant).find_one({"_id": ObjectId(row.new_tenant_id)}, {"_id": 1}):
        with tenant_scope(row.new_tenant_id):
            remove_lanes()
            remove_files()
            remove_placeholders()
            if remove_some():
                return True
            collection(Tenant).delete_one({"_id": owner()["tenantId"]})
    _drop_upload(row)
    _set(row, {"phase": Import.REFUSED, "running": False, "finished_at": now(), "progress": {}})
    return False


def _drop_upload(row: Import) -> None:
    """Only what was uploaded: a file that the command named stays where it is."""
    path = Path(row.path)
    if path.parent == Path(settings.DATA) / "imports":
        path.unlink(missing_ok=True)
