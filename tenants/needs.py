"""What an operation needs of its caller: permissions, all of them, some of them one of several."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tenants.permissions import Permission


@dataclass(frozen=True)
class AnyOf:
    """One of these permissions is enough."""

    permissions: tuple[Permission, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(self.permissions)}"


Need = Permission | AnyOf


def any_of(*permissions: Permission) -> AnyOf:
    """A need that any one of ``permissions`` meets."""
    return AnyOf(permissions)


def is_met(need: Need, held: Collection[str]) -> bool:
    """Whether the permissions ``held`` meet one need."""
    if isinstance(need, AnyOf):
        return any(permission in held for permission in need.permissions)
    return need in held


def unmet(needs: Iterable[Need], held: Collection[str]) -> list[Need]:
    """Those of ``needs`` that the permissions ``held`` do not meet."""
    return [need for need in needs if not is_met(need, held)]


# Who holds one of these sees conversations; which ones, ``conversations/visibility.py`` says.
READ_CONVERSATIONS = any_of(
    Permission.CONVERSATIONS_READ_ALL,
    Permission.CONVERSATIONS_READ_TEAM,
    Permission.CONVERSATIONS_READ_UNASSIGNED,
    Permission.CONVERSATIONS_READ_ASSIGNED,
)
