"""What a page of the backoffice shows, for the tenant's audit log."""

from typing import Any

from kernel.backoffice.steps import ID
from tenants.impersonation import running_impersonation
from tenants.reads import Target, note_reads


def record_read(request: Any, view: Any, path: dict[str, Any]) -> None:
    """Note what the page showed."""
    running = running_impersonation(request)
    targets = getattr(request, "backoffice_targets", None) or [_target(view, path)]
    note_reads(request, targets, under=running.pk if running else "")


def shows(request: Any, *targets: Target) -> None:
    """Name what a page shows, where its address does not: pairs of type and id."""
    request.backoffice_targets = list(targets)


def _target(view: Any, path: dict[str, Any]) -> Target:
    """A row by its model and id, a list by its model, another page by its name."""
    model = getattr(getattr(view, "__self__", None), "model", None)
    if model is None:
        return "backoffice", str(getattr(view, "__name__", "page"))[:64]
    object_id = str(path.get("object_id", ""))
    return str(model._meta.model_name), object_id if ID.match(object_id) else ""
