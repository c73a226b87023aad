"""What a tenant may have and do at most: the limits by name, and how their use is counted."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from tenants.models import Membership, Tenant

API_RATE = "api_requests_per_second"
SHOWN = 10_000  # what is counted for show alone is counted no further


@dataclass(frozen=True, kw_only=True)
class Limit:
    """``daily`` ones begin anew at midnight UTC. ``count`` gives the present use in the active tenant,
    at most as much as it is asked for; without it a counter is kept. ``least`` is the lowest that
    it can be set to: what would close a tenant is not a limit but a suspension."""

    name: str
    title: str
    daily: bool = False
    least: int = 0
    count: Callable[[int], int] | None = None


_limits: dict[str, Limit] = {}


def register(limit: Limit) -> None:
    """Called once for each limit at start-up, by the app that has what is limited."""
    known = _limits.setdefault(limit.name, limit)
    if known != limit:
        raise ValueError(f"the limit {limit.name} is registered twice")


def limits() -> tuple[Limit, ...]:
    return tuple(_limits[name] for name in sorted(_limits))


def limit_named(name: str) -> Limit:
    """One limit; ``KeyError`` for a name that nobody registered."""
    return _limits[name]


def most_of(tenant: Tenant, name: str) -> int | None:
    """The tenant's limit, else the installation's; None is no limit."""
    own: dict[str, int | None] = tenant.limits or {}
    most: int | None = own[name] if name in own else settings.TENANT_LIMITS.get(name)
    return most


def _seats(most: int) -> int:
    return len(Membership.objects.filter(status=Membership.ACTIVE).values_list("pk")[:most])


def register_own() -> None:
    """The limits of what this app has, and of what no app counts."""
    register(Limit(name="seats", title="Active members", count=_seats))
    register(Limit(name="storage_bytes", title="Bytes of files that are kept"))
    register(Limit(name="exports_per_day", title="Exports begun today", daily=True))
    register(Limit(name="invitations_per_day", title="Invitations written today", daily=True))
    register(Limit(name=API_RATE, title="Requests to the API, each second", least=1))
