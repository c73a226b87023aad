"""Taking an archive in: checked whole first, then its rows, then its files, a little at a time.

The new tenant is suspended until all of it is there. Ids follow from the new tenant's, so a turn
that is repeated writes the same rows, and finds those that are there already.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from bson import ObjectId
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from archives.carried import SEALED, carried, rules_of
from archives.people import placed, replaced
from kernel.archive.cells import as_document
from kernel.archive.errors import ArchiveRefused
from kernel.archive.order import Model
from kernel.archive.reader import MOST_FILE, MOST_PART, Member, Reader
from kernel.archive.remap import Remap
from kernel.archive.taking import missing, taken
from kernel.audit.chain import entry_hash
from kernel.models import AuditEntry
from kernel.mongo.doors import BulkWriteError, UniqueViolation, collection, owner
from kernel.mongo.rows import hydrated
from kernel.scoping import active_tenant_id
from kernel.scoping.keys import tenant_path

CHUNK = 500
State = dict[str, Any]


def fresh() -> State:
    return {"at": 0, "counts": {}, "order": 0, "files": 0, "bytes": 0, "dropped": 0, "mine": "",
            "audit": {"seq": 0, "hash": "", "first": 0}}  # fmt: skip


def check_some(reader: Reader, state: State, most_bytes: int = 64 << 20) -> bool:
    """Check members from where the last turn ended; False when all of them hold."""
    seen = 0
    for member, after in reader.members(state["at"]):
        if member.collection and member.collection not in _tables():
            raise ArchiveRefused(f"{member.collection[:60]!r} is not a collection that is taken in")
        reader.check(member)
        if member.collection:
            counts = state["counts"]
            counts[member.collection] = counts.get(member.collection, 0) + (member.rows or 0)
        state["at"], seen = after, seen + member.bytes
        if seen >= most_bytes:
            return True
    _counted(reader.manifest, state["counts"])
    return False


def _tables() -> dict[str, Model]:
    return {model._meta.db_table: model for model in reversed(carried())}


def _counted(manifest: dict[str, Any], counts: dict[str, int]) -> None:
    """The manifest's counts are those of the list."""
    told = manifest.get("collections")
    if not isinstance(told, dict) or {k: v for k, v in told.items() if v} != counts:
        raise ArchiveRefused("the manifest counts other rows than there are")


def origin_of(manifest: dict[str, Any]) -> str:
    """The id of the tenant that the archive is of; ``ArchiveRefused`` for that of a single contact."""
    if manifest.get("kind") != "tenant":
        raise ArchiveRefused("this is the archive of a contact; only a tenant's can be taken in")
    tenant = manifest.get("tenant")
    origin = tenant.get("id") if isinstance(tenant, dict) else None
    if not isinstance(origin, str) or not ObjectId.is_valid(origin) or len(origin) != 24:
        raise ArchiveRefused("the manifest does not name its tenant")
    return origin


def rows_some(reader: Reader, state: State) -> bool:
    """Take in the next part, each collection after those that it refers to; False after the last."""
    parts = parts_of(reader)
    if state["order"] >= len(parts):
        _chained(reader.manifest, state)
        return False
    member = parts[state["order"]]
    model = _tables()[member.collection]
    remap = Remap(origin_of(reader.manifest), active_tenant_id())
    rows = [as_document(line) for line in reader.rows(member)]
    if model._meta.label == SEALED:
        _seal(reader, member, rows, state)
    else:
        for begin in range(0, len(rows), CHUNK):
            _store(model, rows[begin : begin + CHUNK], remap, state)
    state["order"] += 1
    return True


def parts_of(reader: Reader) -> list[Member]:
    """The parts of all collections, in the order in which they are taken in."""
    order = {table: number for number, table in enumerate(_tables())}
    parts = [member for member, _ in _rows_only(reader)]
    return sorted(parts, key=lambda member: (order[member.collection], member.path))


def _rows_only(reader: Reader) -> Iterator[tuple[Member, int]]:
    """The list begins with collections; files follow."""
    for member, after in reader.members():
        if not member.collection:
            return
        yield member, after


def _store(model: Model, rows: list[dict[str, Any]], remap: Remap, state: State) -> None:
    made = [taken(model, row, remap, rules_of(model)) for row in rows]
    if model._meta.label in replaced():
        placed(model, made, state)
    _drop_dangling(model, made, state)
    there = _known(model, {row["_id"] for row in made})
    fresh_rows = [row for row in made if row["_id"] not in there]
    if not fresh_rows:
        return
    try:
        collection(model).insert_many(fresh_rows)
    except (BulkWriteError, *UniqueViolation) as error:
        raise ArchiveRefused(f"{model._meta.db_table} holds a row twice") from error


def _known(model: Model, ids: set[Any]) -> set[Any]:
    found = collection(model).find({**owner(), "_id": {"$in": list(ids)}}, {"_id": 1})
    return {row["_id"] for row in found}


def _drop_dangling(model: Model, rows: list[dict[str, Any]], state: State) -> None:
    """A reference leads into the archive, or to nothing if it may: what was removed meanwhile."""
    for column in missing(model, rows, _known):
        kind = next(f for f in model._meta.concrete_fields if f.column == column)
        known = _known(kind.related_model, {row[column] for row in rows if row[column]})
        for row in rows:
            if row[column] is not None and row[column] not in known:
                if not kind.null:
                    raise ArchiveRefused(
                        f"{model._meta.db_table}.{column} leads out of the archive"
                    )
                row[column] = None
                state["dropped"] += 1


def _seal(reader: Reader, member: Member, rows: list[dict[str, Any]], state: State) -> None:
    """Follow the origin's chain, and keep the part as it came."""
    known = {str(f.column) for f in AuditEntry._meta.concrete_fields}
    for row in rows:
        if set(row) != known:
            raise ArchiveRefused("an entry of the audit log is not one")
    for entry in hydrated(AuditEntry, rows):
        head = state["audit"]
        first = not head["first"]
        if entry.tenant_id != origin_of(reader.manifest) or (
            not first and (entry.seq != head["seq"] + 1 or entry.prev != head["hash"])
        ):
            raise ArchiveRefused("the audit log is not one chain")
        if entry.hash != entry_hash(entry, entry.seq, entry.prev):
            raise ArchiveRefused(f"entry {entry.seq} of the audit log was changed")
        state["audit"] = {
            "seq": entry.seq,
            "hash": entry.hash,
            "first": head["first"] or entry.seq,
        }
    name = member.path.rsplit("/", 1)[-1]
    _keep(tenant_path("origin", "audit_log", name), reader.read(member, MOST_PART))


def _chained(manifest: dict[str, Any], state: State) -> None:
    told, found = manifest.get("audit"), state["audit"]
    if told != {"seq": found["seq"], "hash": found["hash"]}:
        raise ArchiveRefused("the audit log does not end where the manifest says")


def files_some(reader: Reader, state: State, most_bytes: int = 64 << 20) -> bool:
    """Keep files from where the last turn ended; False after the last."""
    kept = 0
    for member, after in reader.members(state["at"]):
        state["at"] = after
        if not member.collection:
            data = reader.read(member, MOST_FILE)
            inner = member.path.removeprefix("files/")
            digest = hashlib.sha256(data).hexdigest()
            if inner.startswith("media/") and not inner.endswith(digest):
                raise ArchiveRefused(f"{member.path} has another name than its bytes")
            _keep(tenant_path(inner), data)
            if inner.startswith("media/"):  # what a limit of storage counts: not thumbnails
                state["bytes"] += len(data)
            state["files"] += 1
            kept += member.bytes
        if kept >= most_bytes:
            return True
    return False


def _keep(path: str, data: bytes) -> None:
    if default_storage.exists(path):
        if default_storage.size(path) == len(data):
            return
        default_storage.delete(path)
    default_storage.save(path, ContentFile(data))
