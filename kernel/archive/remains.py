"""Taking a tenant out of every place there is: rows in pages, files, cached keys, lanes."""

import shutil
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.storage import default_storage

from kernel.archive.order import Model, in_order
from kernel.archive.walk import count
from kernel.events import doorbell
from kernel.models import Lane, LaneMark
from kernel.mongo.doors import collection, owner
from kernel.mongo.engine.guard import Rewrite, rewriting
from kernel.ratelimit import connect
from kernel.scoping.context import active_tenant_id

log = structlog.get_logger(agentName="kernel")
PAGE = 1_000
SCAN = 500


def counts() -> dict[str, int]:
    """How many rows the active tenant has in each collection."""
    return {model._meta.db_table: count(model) for model in in_order()}


def remove_rows(model: Model, most: int = PAGE) -> int:
    """Remove up to ``most`` of the active tenant's rows, whatever they are; returns how many."""
    rows = collection(model)
    ids = [row["_id"] for row in rows.find(owner(), {"_id": 1}, limit=most, batch_size=most + 1)]
    if not ids:
        return 0
    with rewriting(Rewrite.ERASURE):
        return int(rows.delete_many({**owner(), "_id": {"$in": ids}}).deleted_count)


def remove_some() -> int:
    """One page of whatever is left, those who refer before those who are referred to; 0 when all is gone."""
    for model in reversed(in_order()):
        if removed := remove_rows(model):
            return removed
    return 0


def remove_lanes() -> int:
    """The tenant's lanes and the marks on their way to them. Whoever holds one finds it gone."""
    mine = {"tenant_id": active_tenant_id()}
    marks = collection(LaneMark).delete_many(mine).deleted_count
    return int(marks + collection(Lane).delete_many(mine).deleted_count)


def remove_files() -> int:
    """The tenant's folder in the storage; and what is prepared or signed for it on this machine."""
    tenant = active_tenant_id()
    removed = _remove_folder(tenant)
    for local in local_folders():
        if local.is_dir():
            shutil.rmtree(local)
            removed += 1
    for signed in (Path(settings.DATA) / "audit").glob(f"{tenant}.*"):
        signed.unlink(missing_ok=True)
    return removed


def local_folders() -> tuple[Path, ...]:
    """Where archives of the tenant are being written."""
    return (Path(settings.DATA) / "archives" / active_tenant_id(),)


def _remove_folder(path: str) -> int:
    """Storages know folders by what is in them; one of files also keeps empty ones."""
    try:
        folders, files = default_storage.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    for name in files:
        default_storage.delete(f"{path}/{name}")
    removed = len(files) + sum(_remove_folder(f"{path}/{name}") for name in folders)
    if hasattr(default_storage, "location"):
        default_storage.delete(path)
    return removed


def files_left() -> int:
    """How many files the tenant still has in the storage."""
    return _count_files(active_tenant_id())


def _count_files(path: str) -> int:
    try:
        folders, files = default_storage.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return len(files) + sum(_count_files(f"{path}/{name}") for name in folders)


def remove_keys() -> int:
    """What Redis keeps under the tenant's prefix or said of its feed; raises ``RedisError`` when it is away."""
    client, removed = connect(settings.REDIS_URL), doorbell.forget(active_tenant_id())
    keys = list(client.scan_iter(match=f"*{active_tenant_id()}*", count=SCAN))
    for begin in range(0, len(keys), SCAN):
        removed += int(client.delete(*keys[begin : begin + SCAN]))
    client.close()
    return removed
