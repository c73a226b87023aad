"""Reading the audit log: by who, what, on what and when, each by an index."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from kernel.models import AuditEntry
from kernel.scoping.context import tenant_scope

# Entries are numbered as they are committed, and a transaction lasts ten seconds at most: by so
# much the order of the numbers may differ from that of the times.
SLACK = timedelta(seconds=15)
PAGE = 500


def list_entries(
    *,
    actor: str = "",
    action: str = "",
    target: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """The active tenant's chained entries, to be ordered by ``seq``.

    ``actor`` is the id of a member, a key or a member of staff, ``target`` the id of what was
    acted on; ``since`` is the first moment wanted and ``until`` the first that is not.
    """
    rows = AuditEntry.objects.filter(seq__gt=0)
    for name, value in (("actor_id", actor), ("action", action), ("target_id", target)):
        if value:
            rows = rows.filter(**{name: value})
    if since is not None:
        rows = rows.filter(seq__gt=_last_before(since), occurred_at__gte=since)
    if until is not None:
        rows = rows.filter(occurred_at__lt=until)
        if (bound := _first_after(until)) is not None:
            rows = rows.filter(seq__lt=bound)
    return rows


def pages(tenant_id: str, rows: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """``rows`` from the oldest, a page at a time, however many there are.

    For answers that are sent while they are read: each page enters the tenant for itself.
    """
    after = 0
    while page := _page(tenant_id, rows, after):
        yield page
        after = page[-1].seq


def _page(tenant_id: str, rows: QuerySet[AuditEntry], after: int) -> list[AuditEntry]:
    with tenant_scope(tenant_id):
        return list(rows.filter(seq__gt=after).order_by("seq")[:PAGE])


def _last_before(moment: datetime) -> int:
    """A number that everything from ``moment`` on is above."""
    earlier = AuditEntry.objects.filter(seq__gt=0, occurred_at__lt=moment - SLACK)
    found = earlier.order_by("-occurred_at").values_list("seq", flat=True).first()
    return int(found or 0)


def _first_after(moment: datetime) -> int | None:
    """A number that everything before ``moment`` is below, if anything is later at all."""
    later = AuditEntry.objects.filter(seq__gt=0, occurred_at__gte=moment + SLACK)
    return later.order_by("occurred_at").values_list("seq", flat=True).first()
