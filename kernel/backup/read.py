"""Restoring a backup into an empty database."""

import gzip
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from kernel.backup import files
from kernel.backup.manifest import BadBackup, Manifest, check_files
from kernel.backup.write import DATABASE
from kernel.mongo.dumps import Shape, is_empty, load
from kernel.scoping import Reason, unscoped
from kernel.vault import key_ring

Say = Callable[[str], None]
LENGTH = 4


def read_backup(folder: Path, *, say: Say) -> Manifest:
    """Fill the empty database and put the files back; raises ``BadBackup`` before anything is touched.

    Every file is compared with its hash first, and the key ring must have the keys that the
    backup names: without them it would come up unable to send.
    """
    manifest = Manifest.read(folder)
    check_files(folder, manifest)
    say(f"{len(manifest.files)} files are as they were written, of {manifest.finished_at}")
    if missing := sorted(set(manifest.ring_keys) - set(key_ring().keys)):
        raise BadBackup(f"the key ring lacks {', '.join(missing)}: nothing sealed would open")
    if not is_empty():
        raise BadBackup("the database is not empty; restore into a new one")
    with unscoped(Reason.BACK_UP):
        for name, known in manifest.collections.items():
            shape = Shape(name, known.options, known.indexes)
            count = load(shape, documents_of(folder / DATABASE / f"{name}.bson.gz"))
            if count != known.documents:
                raise BadBackup(f"{name} has {count} documents, not {known.documents}")
            say(f"{name}: {count} documents, {len(known.indexes)} indexes")
    say(f"{files.load_all(folder)} files put back")
    return manifest


def documents_of(path: Path) -> Iterator[bytes]:
    """The BSON documents of a dumped collection; raises ``BadBackup`` for one that is cut off."""
    with gzip.open(path, "rb") as file:
        while head := file.read(LENGTH):
            yield _document(head, file, path)


def _document(head: bytes, file: "BinaryIO | gzip.GzipFile", path: Path) -> bytes:
    if len(head) == LENGTH:
        (size,) = struct.unpack("<i", head)
        body = file.read(size - LENGTH)
        if len(body) == size - LENGTH:
            return head + body
    raise BadBackup(f"{path.name} is cut off")
