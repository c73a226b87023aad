"""Who may give, change or take a role."""

from kernel.mongo.doors import collection, owner
from tenants.access import Principal
from tenants.errors import InvalidFields, RoleTooHigh
from tenants.models import Membership, Role
from tenants.permissions import ROLES
from tenants.principals import principal_of_member
from tenants.roles import find_permissions, permissions_of


def demand_may_give(principal: Principal, role: str) -> None:
    """Raise ``InvalidFields`` for a role that is none, ``RoleTooHigh`` for one that holds too much."""
    permissions = find_permissions(role)
    if permissions is None:
        raise _no_such_role(role)
    if not principal.covers(role, permissions):
        raise RoleTooHigh


def demand_may_manage(principal: Principal, member: Membership) -> None:
    """Raise ``RoleTooHigh`` for a member who holds what the principal does not."""
    if not principal.covers(member.role, permissions_of(member.role)):
        raise RoleTooHigh


def note_given(role: str) -> None:
    """In the transaction that gives ``role``: if the role is deleted at the same time, one of the two waits."""
    if role in ROLES:
        return
    given = {"$inc": {"given": 1}}
    if not collection(Role).update_one({**owner(), "key": role}, given).matched_count:
        raise _no_such_role(role)


def may_still_give(member_id: str, role: str) -> bool:
    """Whether a member is still there and holds what ``role`` does."""
    member = Membership.objects.filter(pk=member_id, status=Membership.ACTIVE).first()
    return member is not None and principal_of_member(member).covers(role, permissions_of(role))


def _no_such_role(role: str) -> InvalidFields:
    problem = {"field": "role", "code": "unknown", "detail": f"there is no role {role!r}"}
    return InvalidFields(errors=[problem])
