"""The files of a backup: media, signed checkpoints, and webhooks that wait in the spool."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

MEDIA, AUDIT, SPOOL = "media", "audit", "spool"
SPOOLED = "*.spool"
PASSES = 10


def save_spool(folder: Path) -> list[Path]:
    """Copy what acknowledged webhooks wait in the spool; returns the copies.

    Before the database is read: what is drained afterwards is in the database then. A file may go
    from one folder to another while it is looked at, so the look is repeated until it finds nothing new.
    """
    saved: dict[str, Path] = {}
    for _ in range(PASSES):
        fresh = [path for path in _spooled() if path.name not in saved]
        for path in fresh:
            target = folder / SPOOL / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, target)
            except FileNotFoundError:  # drained, or in another folder when we look again
                continue
            saved[path.name] = target
        if not fresh:
            break
    return list(saved.values())


def save_audit(folder: Path) -> list[Path]:
    """Copy the signed checkpoints."""
    root = Path(settings.DATA) / AUDIT
    return [_copied(path, folder / AUDIT / path.name) for path in sorted(root.glob("*.jsonl"))]


def save_media(folder: Path) -> Iterator[Path]:
    """Copy every stored file; one that is removed meanwhile is no loss, because its row says so."""
    for name in _stored(""):
        target = folder / MEDIA / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with default_storage.open(name) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
        except FileNotFoundError:
            continue
        yield target


def load_all(folder: Path) -> int:
    """Put the files of a backup back in their places; returns how many there were."""
    count = 0
    for path in _below(folder / MEDIA):
        name = path.relative_to(folder / MEDIA).as_posix()
        if not default_storage.exists(name):
            with path.open("rb") as file:
                default_storage.save(name, file)
        count += 1
    for path in _below(folder / AUDIT):
        _copied(path, Path(settings.DATA) / AUDIT / path.name)
        count += 1
    for path in _below(folder / SPOOL):
        _copied(path, Path(settings.SPOOL) / "restored" / path.name)  # an edge takes it over
        count += 1
    return count


def _spooled() -> list[Path]:
    return sorted(Path(settings.SPOOL).rglob(SPOOLED))


def _stored(folder: str) -> Iterator[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(names):
        yield f"{folder}/{name}".lstrip("/")
    for inner in sorted(folders):
        yield from _stored(f"{folder}/{inner}".lstrip("/"))


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _copied(source: Path, target: Path) -> Path:
    """What stands there already is evidence, or acknowledged: it is set aside."""
    if target.exists():
        target.rename(target.with_name(f"{target.name}.replaced-{time.time_ns()}"))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target
