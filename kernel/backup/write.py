"""Writing a backup while the product runs."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

from kernel.backup import files
from kernel.backup.manifest import BadBackup, Collection, Manifest, hash_of
from kernel.clock import iso, now
from kernel.models import PlatformKey, TenantKey
from kernel.mongo.doors import collection
from kernel.mongo.dumps import Moment, Shape, one_moment, shapes
from kernel.scoping import Reason, unscoped

DATABASE = "database"
Say = Callable[[str], None]


def write_backup(folder: Path, *, history_s: int, say: Say) -> Manifest:
    """A backup in ``folder``, which must not be there yet; raises ``BadBackup``.

    The database is of one moment, which lies after this call began: every write that was
    acknowledged before is in it. The folder has its name only once it is whole.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    if folder.exists() or partial.exists():
        raise BadBackup(f"{folder} is there already")
    os.umask(0o077)  # what customers wrote is for nobody else's eyes
    (partial / DATABASE).mkdir(parents=True)
    manifest = Manifest(started_at=iso(now()))
    # Both before the database is read: nothing is signed then that it does not have yet.
    written = [*files.save_spool(partial), *files.save_audit(partial)]
    say(f"{len(written)} files of the spool and of signed checkpoints")
    with unscoped(Reason.BACK_UP), one_moment(history_s) as moment:
        for shape in shapes():
            path = partial / DATABASE / f"{shape.name}.bson.gz"
            count = _dumped(moment, shape, path)
            manifest.collections[shape.name] = Collection(count, shape.options, shape.indexes)
            written.append(path)
            say(f"{shape.name}: {count} documents")
        manifest.cluster_time = moment.cluster_time
        manifest.ring_keys = _ring_keys()
    written += files.save_media(partial)
    manifest.files = {path.relative_to(partial).as_posix(): hash_of(path) for path in written}
    manifest.finished_at = iso(now())
    manifest.write(partial)
    os.sync()
    partial.rename(folder)
    return manifest


def _dumped(moment: Moment, shape: Shape, path: Path) -> int:
    count = 0
    with gzip.open(path, "wb", compresslevel=3) as file:
        for document in moment.documents(shape.name):
            file.write(document)
            count += 1
    return count


def _ring_keys() -> list[str]:
    """Names of the keys that wrap what is sealed; not the keys."""
    kept = (collection(model).distinct("ring_key", {}) for model in (TenantKey, PlatformKey))
    return sorted({name for names in kept for name in names})
