"""Which tenants are to be erased, and when. The app that erases them stands above, and tells it here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tenants.models import Tenant


@dataclass(frozen=True)
class End:
    """An erasure that was asked for: its id, and until when it can be cancelled."""

    id: str
    due_at: datetime


Finds = Callable[[list[str]], dict[str, End]]
_finds: list[Finds] = []


def register_ends(find: Finds) -> None:
    """Have ``find(tenant ids)`` say which of them are to be erased; from an app's ``ready``."""
    if find not in _finds:
        _finds.append(find)


def ends_of(tenants: Iterable[Tenant]) -> dict[str, End]:
    """Tenant id → its end, of those that have one. Nothing is read unless one is closed for it."""
    closed = [t.pk for t in tenants if Tenant.BY_ERASURE in (t.closed_by or ())]
    return {id_: end for find in _finds if closed for id_, end in find(closed).items()}
