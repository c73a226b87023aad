"""The work of an export: written in turns of some seconds, kept for a week, then removed."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from archives.events import ExportReady
from archives.gathering import fresh, gather, manifest, work_folder
from archives.gathering_contact import gather_contact
from archives.models import Export
from kernel import audit
from kernel.archive.writer import Place, Writer, as_state
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import on_commit
from kernel.scoping.keys import tenant_path
from kernel.work import Done, Kind, Later, Lease, Released, register
from kernel.work.outcomes import Outcome
from kernel.work.serving import serve_one

log = structlog.get_logger(agentName="archive")
KIND = "export"
TURN_S = 6.0


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=60.0, one_shot=True))


def serve(lease: Lease) -> Released:
    return serve_one(Export, lease, go_on, on_bury=_gave_up)


def go_on(export: Export) -> Outcome:
    """Write some more; finish what is whole; remove what is cancelled or has expired."""
    if export.is_cancelled:
        return _removed(export, Export.CANCELLED)
    if export.phase == Export.READY:
        return _removed(export, Export.EXPIRED)
    state = dict(export.progress) or fresh()
    folder = work_folder(export.pk)
    try:
        writer = Writer(folder, Place(**state["place"]))
    except FileNotFoundError:
        # Another machine began it, or its disk is gone: what this one lacks is written anew.
        log.warning("export.begun_anew", export_id=export.pk)
        shutil.rmtree(folder, ignore_errors=True)
        state, writer = fresh(), Writer(folder, Place())
    with writer:
        if _write(export, writer, state):
            export.attempts = 1  # it moved, so whatever killed it before is behind it
            return Later(seconds=0, error="", burn=False, apply=lambda: _note(export, state))
        writer.finish(manifest(state, contact_id=export.contact_id))
    path, size = _kept(export, folder)
    return Later(seconds=_kept_s(), error="", burn=False,
                 apply=lambda: _ready(export, state, path, size))  # fmt: skip


def _write(export: Export, writer: Writer, state: dict[str, Any]) -> bool:
    """Add for the length of a turn; whether more is to be added."""
    until = time.monotonic() + TURN_S
    if export.contact_id:
        gather_contact(writer, state, export.contact_id)
        return False
    more = gather(writer, state)
    while more and time.monotonic() < until:
        more = gather(writer, state)
    state["place"] = as_state(writer.kept())
    return more


def _kept(export: Export, folder: Path) -> tuple[str, int]:
    """Move the whole archive to where files are kept. Killed in here, it is written anew."""
    whole, path = folder / "archive.tar", tenant_path("exports", f"{export.pk}.tar")
    size = whole.stat().st_size
    if hasattr(default_storage, "location"):
        place = Path(default_storage.path(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(whole, f"{place}.part")
        os.replace(f"{place}.part", place)
    else:
        default_storage.delete(path)
        with whole.open("rb") as file:
            default_storage.save(path, File(file))
    return path, size


def _kept_s() -> float:
    return float(settings.EXPORT_KEPT_DAYS * 86_400)


def _note(export: Export, state: dict[str, Any]) -> None:
    phase = Export.ROWS if state["stage"] == "rows" else Export.FILES
    _set(export, {"progress": state, "phase": phase, **_counted(state)})


def _counted(state: dict[str, Any]) -> dict[str, Any]:
    return {"counts": state["counts"], "file_count": state["files"]}


def _ready(export: Export, state: dict[str, Any], path: str, size: int) -> None:
    at = now()
    _set(export, {
        "phase": Export.READY, "running": False, "progress": {}, **_counted(state), "path": path,
        "size": size, "ready_at": at, "expires_at": at + timedelta(seconds=_kept_s()),
    })  # fmt: skip
    audit.record("export.ready", export, {"size": [None, size]})
    emit(ExportReady(export_id=export.pk))
    on_commit(lambda: shutil.rmtree(work_folder(export.pk), ignore_errors=True))


def _removed(export: Export, phase: str) -> Outcome:
    """The file goes first: a row that says so is true whenever the process dies."""
    _clear(export)
    fields = {"phase": phase, "running": False, "progress": {}, "path": ""}
    return Done(note=phase, apply=lambda: _set(export, fields))


def _gave_up(export: Export, reason: str) -> None:
    _clear(export)
    _set(export, {"phase": Export.FAILED, "running": False, "progress": {}, "path": ""})


def _clear(export: Export) -> None:
    shutil.rmtree(work_folder(export.pk), ignore_errors=True)
    for path in {export.path, tenant_path("exports", f"{export.pk}.tar")} - {""}:
        default_storage.delete(path)


def _set(export: Export, fields: dict[str, Any]) -> None:
    collection(Export).update_one({**owner(), "_id": ObjectId(export.pk)}, {"$set": fields})
