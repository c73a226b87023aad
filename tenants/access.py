"""Who acts in a tenant and what they may do; services ask ``require``."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kernel.actor import SYSTEM, Actor, acting_as
from tenants.errors import PermissionDenied
from tenants.permissions import RANK, Permission


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A member or a key, inside one tenant. ``member_id`` is the key's maker for a key.

    ``staff_id`` is the user id of the member of staff who acts as this member, if one does.
    """

    kind: str
    id: str
    member_id: str
    user_id: str
    name: str
    role: str
    permissions: frozenset[str]
    team_ids: tuple[str, ...] = ()
    staff_id: str = ""
    is_authenticated: bool = True

    @property
    def pk(self) -> str:
        return self.id

    def outranks(self, role: str) -> bool:
        """Whether this one may give or take ``role``: owners any, others those below their own.

        Staff who act as somebody never do: who owns a tenant is decided by its own people.
        """
        if self.staff_id:
            return False
        return self.role == "owner" or RANK[role] < RANK[self.role]


_SYSTEM = Principal(kind="system", id="", member_id="", user_id="", name="", role="owner",
                    permissions=frozenset(Permission))  # fmt: skip
_current: ContextVar[Principal | None] = ContextVar("principal", default=None)


def current_principal() -> Principal:
    """The one who acts; raises ``PermissionDenied`` when nobody does."""
    principal = _current.get()
    if principal is None:
        raise PermissionDenied("nobody is acting here")
    return principal


def require(*permissions: Permission) -> Principal:
    """Return the acting principal if it holds all ``permissions``; else raise ``PermissionDenied``."""
    principal = current_principal()
    missing = [str(p) for p in permissions if p not in principal.permissions]
    if missing:
        raise PermissionDenied(f"this needs {', '.join(missing)}", missing=missing)
    return principal


@contextmanager
def acting(principal: Principal, *, ip: str = "", request_id: str = "") -> Iterator[Principal]:
    """Bind the principal, and the actor that audit and events will name."""
    token = _current.set(principal)
    actor = Actor(kind="staff" if principal.staff_id else principal.kind,
                  id=principal.staff_id or principal.id, name=principal.name,
                  user_id=principal.user_id, ip=ip, request_id=request_id,
                  on_behalf_of=principal.member_id if principal.staff_id else "")  # fmt: skip
    try:
        with acting_as(actor):
            yield principal
    finally:
        _current.reset(token)


@contextmanager
def acting_as_system() -> Iterator[Principal]:
    """Workers and commands act for the system itself, with every permission."""
    token = _current.set(_SYSTEM)
    try:
        with acting_as(SYSTEM):
            yield _SYSTEM
    finally:
        _current.reset(token)
