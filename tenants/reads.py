"""What staff look at is in the tenant's audit log: once for each thing in a quarter of an hour."""

import re
import time
from collections.abc import Iterable
from typing import Any

from kernel import audit
from kernel.mongo.transactions import run_transaction
from kernel.scoping import active_tenant_id

KEY = "backoffice_reads"
EVERY_S = 15 * 60
MOST_KEPT = 300
Target = tuple[str, str]
_PREFIX = "/api/v1/"
_ID = re.compile(r"[0-9a-f]{24}")


def note_reads(request: Any, targets: Iterable[Target], *, under: str) -> None:
    """Write ``staff.viewed`` for pairs of type and id, unless this browser's last entry of one is fresh.

    ``under`` names the impersonation, if one runs: another begins anew. A program has no session that
    could remember, so each of its reads is written. The session remembers what was written, after it
    was: a session that is lost, or saved by two requests at once, costs an entry more and never one less.
    """
    is_browser = getattr(request, "by_cookie", True)
    known, at = _fresh(request) if is_browser else {}, int(time.time())
    names = {f"{active_tenant_id()}:{under}:{kind}:{id_}": (kind, id_)
             for kind, id_ in targets}  # fmt: skip
    new = {name: target for name, target in names.items() if name not in known}
    if not new:
        return
    run_transaction(lambda: _write(list(new.values())))
    if not is_browser:
        return
    newest = sorted({**known, **dict.fromkeys(new, at)}.items(), key=lambda kept: kept[1])
    request.session[KEY] = dict(newest[-MOST_KEPT:])


def _write(targets: list[Target]) -> None:
    for target in targets:
        audit.record("staff.viewed", target)


def _fresh(request: Any) -> dict[str, int]:
    since = time.time() - EVERY_S
    kept: dict[str, int] = request.session.get(KEY, {})
    return {name: at for name, at in kept.items() if at > since}


def target_of(path: str) -> Target:
    """The resource and the id that an address of the API asks for; the path itself where there is none."""
    parts = path.removeprefix(_PREFIX).split("/")
    ids = [part for part in parts if _ID.fullmatch(part)]
    return parts[0][:40], ids[-1] if ids else "/".join(parts)[:64]
