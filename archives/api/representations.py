"""How exports, imports and erasures look in answers."""

from collections.abc import Iterable
from typing import Any

from archives.models import ContactErasure, Erasure, Export, Import, RetentionRun
from archives.services.exports import link_to
from config.api.rendering import moment
from kernel.models import WorkItem

Json = dict[str, Any]


def export_json(export: Export) -> Json:
    is_ready = export.phase == Export.READY and not export.is_cancelled
    return {
        "id": export.pk,
        "contact_id": export.contact_id or None,
        "phase": export.phase,
        "counts": export.counts,
        "file_count": export.file_count,
        "size": export.size,
        "created_at": moment(export.created_at),
        "ready_at": moment(export.ready_at),
        "expires_at": moment(export.expires_at),
        "url": link_to(export) if is_ready else None,
        "error": export.last_error if export.phase == Export.FAILED else "",
    }


def exports_json(exports: Iterable[Export]) -> list[Json]:
    return [export_json(export) for export in exports]


def import_json(row: Import) -> Json:
    return {
        "id": row.pk,
        "slug": row.slug,
        "phase": row.phase,
        "tenant_id": row.new_tenant_id if row.phase == Import.DONE else None,
        "report": row.report,
        "problem": row.problem,
        "created_at": moment(row.created_at),
        "finished_at": moment(row.finished_at),
    }


def imports_json(rows: Iterable[Import]) -> list[Json]:
    return [import_json(row) for row in rows]


def erasure_json(erasure: Erasure) -> Json:
    return {
        "id": erasure.pk,
        "tenant_id": erasure.erased_tenant_id,
        "slug": erasure.slug,
        "state": erasure.state,
        "asked_at": moment(erasure.asked_at),
        "due_at": moment(erasure.due_at),
        "finished_at": moment(erasure.finished_at),
        "certificate": erasure.certificate,
    }


def contact_erasure_json(erasure: ContactErasure) -> Json:
    return {
        "id": erasure.pk,
        "contact_id": erasure.contact_id,
        "state": _state(erasure),
        "asked_at": moment(erasure.created_at),
        "finished_at": moment(erasure.finished_at),
        "certificate": erasure.certificate,
    }


def contact_erasures_json(erasures: Iterable[ContactErasure]) -> list[Json]:
    return [contact_erasure_json(erasure) for erasure in erasures]


def retention_runs_json(runs: Iterable[RetentionRun]) -> list[Json]:
    return [
        {"id": run.pk, "day": run.day, "state": _state(run), "days": run.days, "removed": run.removed,
         "created_at": moment(run.created_at), "finished_at": moment(run.finished_at)}
        for run in runs
    ]  # fmt: skip


def _state(item: WorkItem) -> str:
    """What the state of work says to those whose work it is."""
    return {WorkItem.DONE: "done", WorkItem.DEAD: "failed"}.get(item.state, "running")
