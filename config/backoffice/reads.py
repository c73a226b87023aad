"""What staff look at is in the tenant's audit log: once for each page in a quarter of an hour."""

import time
from typing import Any

from kernel import audit
from kernel.backoffice.steps import ID
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id
from tenants.staff import running_impersonation

KEY = "backoffice_reads"
EVERY_S = 15 * 60
MOST_KEPT = 300
Target = tuple[str, str]


def record_read(request: Any, view: Any, path: dict[str, Any]) -> None:
    """Write ``staff.viewed`` for what the page showed, unless this browser's last entry of it is fresh.

    The session remembers what was written, after it was: a session that is lost, or saved by two
    requests at once, costs an entry more and never one less.
    """
    running = running_impersonation(request)
    on_behalf_of = running.pk if running else ""
    targets = getattr(request, "backoffice_targets", None) or [_target(view, path)]
    known, at = _fresh(request), int(time.time())
    names = {f"{active_tenant_id()}:{on_behalf_of}:{kind}:{id_}": (kind, id_)
             for kind, id_ in targets}  # fmt: skip
    new = {name: target for name, target in names.items() if name not in known}
    if not new:
        return
    run_transaction(lambda: _write(list(new.values())))
    newest = sorted({**known, **dict.fromkeys(new, at)}.items(), key=lambda kept: kept[1])
    request.session[KEY] = dict(newest[-MOST_KEPT:])


def _write(targets: list[Target]) -> None:
    for target in targets:
        audit.record("staff.viewed", target)


def shows(request: Any, *targets: Target) -> None:
    """Name what a page shows, where its address does not: pairs of type and id."""
    request.backoffice_targets = list(targets)


def _fresh(request: Any) -> dict[str, int]:
    since = time.time() - EVERY_S
    kept: dict[str, int] = request.session.get(KEY, {})
    return {name: at for name, at in kept.items() if at > since}


def _target(view: Any, path: dict[str, Any]) -> Target:
    """A row by its model and id, a list by its model, another page by its name."""
    model = getattr(getattr(view, "__self__", None), "model", None)
    if model is None:
        return "backoffice", str(getattr(view, "__name__", "page"))[:64]
    object_id = str(path.get("object_id", ""))
    return str(model._meta.model_name), object_id if ID.match(object_id) else ""
