"""What a role holds: the built-in ones are in the code, a tenant's own take one read."""

from kernel.mongo.rows import find_one
from tenants.models import Role
from tenants.permissions import ROLES


def find_permissions(role: str) -> frozenset[str] | None:
    """What ``role`` (a built-in name, or the key of the active tenant's own) holds; None for no role."""
    built_in = ROLES.get(role)
    if built_in is not None:
        return frozenset(built_in)
    found = find_one(Role, {"key": role})
    return None if found is None else frozenset(found.permissions)


def permissions_of(role: str) -> frozenset[str]:
    """``find_permissions``; a role that is no more holds nothing."""
    return find_permissions(role) or frozenset()
