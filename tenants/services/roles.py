"""Roles of a tenant's own: sets of permissions, none wider than their maker's."""

import secrets
from collections.abc import Mapping, Sequence

from django.utils.text import slugify

from kernel import audit
from kernel.events import emit
from kernel.mongo.doors import ObjectId, UniqueViolation, collection, owner
from kernel.mongo.transactions import run_transaction
from tenants.access import Principal, require
from tenants.errors import (
    InvalidFields,
    LimitReached,
    RoleExists,
    RoleInUse,
    RoleNotFound,
    RoleTooHigh,
)
from tenants.events import RoleChanged, RoleCreated, RoleDeleted
from tenants.models import Invitation, Membership, Role
from tenants.permissions import ROLES, Permission
from tenants.services.validation import validated

MOST = 100


def create_role(*, name: str, permissions: Sequence[str], description: str = "") -> Role:
    """A new role; its key is made of its name and stays. Raises ``RoleTooHigh``, ``RoleExists``."""
    principal = require(Permission.ROLES_MANAGE)
    _demand_within(principal, permissions)
    role = Role(key=_key(name), name=name, description=description,
                permissions=sorted(set(permissions)))  # fmt: skip
    _check_name(role)
    try:
        return run_transaction(lambda: _create(role))
    except UniqueViolation as error:
        raise RoleExists(errors=[{"field": "name", "code": "taken"}]) from error


def _create(role: Role) -> Role:
    if len(Role.objects.values_list("pk")[:MOST]) >= MOST:
        raise LimitReached(
            f"a tenant has at most {MOST} roles of its own", limit="roles", most=MOST
        )
    role._state.adding = True
    role.save(force_insert=True)
    audit.record("role.created", role, {"permissions": [None, role.permissions]})
    emit(RoleCreated(role=role.key))
    return role


def change_role(
    *, role_id: str, name: str | None = None, description: str | None = None,
    permissions: Sequence[str] | None = None,
) -> Role:  # fmt: skip
    """Change a role for everyone who has it, from their next request on.

    Neither what it held nor what it will hold may be more than the caller holds.
    """
    principal = require(Permission.ROLES_MANAGE)
    wanted = {"name": name, "description": description,
              "permissions": None if permissions is None else sorted(set(permissions))}  # fmt: skip
    try:
        return run_transaction(lambda: _change(principal, role_id, wanted))
    except UniqueViolation as error:
        raise RoleExists(errors=[{"field": "name", "code": "taken"}]) from error


def _change(principal: Principal, role_id: str, wanted: Mapping[str, object]) -> Role:
    role = _get(role_id)
    _demand_within(principal, role.permissions)
    before = {n: getattr(role, n) for n, v in wanted.items()
              if v is not None and v != getattr(role, n)}  # fmt: skip
    for name in before:
        setattr(role, name, wanted[name])
    _demand_within(principal, role.permissions)
    _check_name(role)
    if before:
        role.save(update_fields=list(before))
        audit.record("role.changed", role, {n: [v, wanted[n]] for n, v in before.items()})
        emit(RoleChanged(role=role.key))
    return role


def delete_role(*, role_id: str) -> None:
    """Delete a role that nobody has; raises ``RoleInUse``."""
    principal = require(Permission.ROLES_MANAGE)
    run_transaction(lambda: _delete(principal, role_id))


def _delete(principal: Principal, role_id: str) -> None:
    """Whoever gives the role at the same time changes its row, so one of the two waits and looks again."""
    role = _get(role_id)
    _demand_within(principal, role.permissions)
    held = Membership.objects.filter(status__in=Membership.STATUSES, role=role.key)
    invited = Invitation.objects.filter(role=role.key, status=Invitation.OPEN)
    if held.exists() or invited.exists():
        raise RoleInUse
    audit.record("role.deleted", role, {"permissions": [role.permissions, None]})
    emit(RoleDeleted(role=role.key))
    collection(Role).delete_one({**owner(), "_id": ObjectId(role.pk)})


def _get(role_id: str) -> Role:
    role = Role.objects.filter(pk=role_id).first()
    if role is None:
        raise RoleNotFound
    return role


def _demand_within(principal: Principal, permissions: Sequence[str]) -> None:
    missing = sorted(set(permissions) - set(principal.permissions))
    if missing:
        raise RoleTooHigh(f"you do not hold {', '.join(missing)}", missing=missing)


def _check_name(role: Role) -> None:
    validated(role)
    if role.name.strip().lower() in ROLES or not role.name.strip():
        problem = {"field": "name", "code": "reserved", "detail": "a built-in role has this name"}
        raise InvalidFields(errors=[problem])


def _key(name: str) -> str:
    """Words that a person recognises, and an end that keeps it apart from built-in and other keys."""
    return f"{slugify(name)[:30].strip('-') or 'role'}-{secrets.token_hex(3)}"
