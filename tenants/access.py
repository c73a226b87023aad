"""Who acts in a tenant and what they may do; services ask ``require``."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kernel.actor import SYSTEM, Actor, acting_as
from tenants.errors import PermissionDenied
from tenants.needs import AnyOf, Need, unmet
from tenants.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A member or a key, inside one tenant. ``member_id`` is the key's maker for a key.

    ``channel_ids`` are the channels that a key keeps to; empty when it keeps to none.
    ``on_behalf_of`` names in the audit log whose power this one uses: a key, its maker's.
    ``staff_id`` is the user id of the member of staff who acts as this member, if one does:
    the log then names that one, on behalf of this.
    """

    kind: str
    id: str
    member_id: str
    user_id: str
    name: str
    role: str
    permissions: frozenset[str]
    team_ids: tuple[str, ...] = ()
    channel_ids: tuple[str, ...] = ()
    on_behalf_of: str = ""
    staff_id: str = ""
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        return self.id

    @property
    def asker(self) -> str:
        """Who really asks: staff who act as a member use up their own places, not that one's."""
        return self.staff_id or self.id

    @property
    def is_owner(self) -> bool:
        """Whether this one may do what is left to owners; a key never is, whoever made it,
        nor is staff acting as one: who owns a tenant is decided by its own people."""
        return self.role == "owner" and self.kind != "api_key" and not self.staff_id

    def covers(self, role: str, permissions: frozenset[str]) -> bool:
        """Whether this one may give, change or take a role that holds ``permissions``.

        Owners are made and unmade by owners alone; others by whoever holds all that they hold.
        """
        return self.is_owner if role == "owner" else permissions <= self.permissions


SYSTEM_PRINCIPAL = Principal(kind="system", id="", member_id="", user_id="", name="", role="owner",
                    permissions=frozenset(Permission))  # fmt: skip
_current: ContextVar[Principal | None] = ContextVar("principal", default=None)


def current_principal() -> Principal:
    """The one who acts; raises ``PermissionDenied`` when nobody does."""
    principal = _current.get()
    if principal is None:
        raise PermissionDenied("nobody is acting here")
    return principal


def present_principal() -> Principal | None:
    """The one who acts, or None when nobody does."""
    return _current.get()


def require(*needs: Need) -> Principal:
    """Return the acting principal if it meets all ``needs``; else raise ``PermissionDenied``."""
    principal = current_principal()
    lacking = unmet(needs, principal.permissions)
    if lacking:
        raise PermissionDenied(
            f"this needs {' and '.join(map(str, lacking))}",
            missing=[str(need) for need in lacking if not isinstance(need, AnyOf)],
            one_of=[list(need.permissions) for need in lacking if isinstance(need, AnyOf)],
        )
    return principal


def allowed_channels() -> tuple[str, ...]:
    """The channels that whoever acts keeps to; empty for everybody who may act on all of them."""
    principal = _current.get()
    return principal.channel_ids if principal else ()


@contextmanager
def acting(principal: Principal, *, ip: str = "", request_id: str = "") -> Iterator[Principal]:
    """Bind the principal, and the actor that audit and events will name."""
    token = _current.set(principal)
    actor = Actor(kind="staff" if principal.staff_id else principal.kind,
                  id=principal.staff_id or principal.id, name=principal.name,
                  user_id=principal.user_id, on_behalf_of=principal.on_behalf_of, ip=ip,
                  request_id=request_id)  # fmt: skip
    try:
        with acting_as(actor):
            yield principal
    finally:
        _current.reset(token)


@contextmanager
def acting_as_system(by: Actor = SYSTEM) -> Iterator[Principal]:
    """Workers and commands act for the system itself, with every permission; ``by`` is who had them do it."""
    token = _current.set(SYSTEM_PRINCIPAL)
    try:
        with acting_as(by):
            yield SYSTEM_PRINCIPAL
    finally:
        _current.reset(token)
