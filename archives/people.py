"""Rows of an archive that this installation decides: members, settings, channels."""

from typing import Any

from bson import ObjectId

from accounts.models import User
from channels.models import Channel
from kernel.archive.errors import ArchiveRefused
from kernel.archive.order import Model
from kernel.mongo.doors import collection, owner
from tenants.entry import entry_of
from tenants.models import Membership, Role, TenantSettings
from tenants.permissions import ROLES, Permission
from tenants.placeholders import address_of, placeholder_for

RECONNECT = "It came with an archive: reconnect it with a token of its account."


def replaced() -> frozenset[str]:
    return frozenset({"tenants.Membership", "tenants.TenantSettings", "channels.Channel"})


def placed(model: Model, rows: list[dict[str, Any]], state: dict[str, Any]) -> None:
    """Change ``rows`` in place to what holds here."""
    if model is Membership:
        _members(rows, state)
    elif model is TenantSettings:
        _settings(rows)
    elif model is Channel:
        _channels(rows)


def _members(rows: list[dict[str, Any]], state: dict[str, Any]) -> None:
    """Whoever imports is the archive's member of their own address, as owner; nobody else is a member.

    The others are disabled, with a placeholder behind them, and wait for an invitation. Whether an
    address has an account here is not even looked up: the answer would be anybody's to ask for.
    """
    person = User.objects.get(pk=state["owner_id"])
    mine = Membership.objects.filter(user_id=person.pk).first()
    for row in rows:
        row["email"] = row["email"].strip().lower()
        if row["email"] == person.email and state["mine"] in ("", str(row["_id"])):
            state["mine"] = str(row["_id"])
            row |= {"user_id": ObjectId(person.pk), "role": "owner", "status": Membership.ACTIVE}
            _step_aside(mine, row["_id"])
        else:
            nobody = placeholder_for(str(row["_id"]), row["name"])
            row |= {"user_id": ObjectId(nobody), "status": Membership.DISABLED}


def _step_aside(mine: Membership | None, archived: ObjectId) -> None:
    """Whoever imports was made a member at the start; the archive's own row of them replaces that."""
    if mine is not None and mine.pk != str(archived):
        collection(Membership).delete_one({**owner(), "_id": ObjectId(mine.pk)})


def _settings(rows: list[dict[str, Any]]) -> None:
    """One row, instead of that which the tenant began with."""
    if len(rows) > 1:
        raise ArchiveRefused("tenant_settings has more than one row")
    for row in rows:
        others = {**owner(), "_id": {"$ne": row["_id"]}}
        collection(TenantSettings).delete_many(others)


def _channels(rows: list[dict[str, Any]]) -> None:
    """Disconnected: no credential came along, and the provider's address stays whose it is."""
    for row in rows:
        if row["status"] != Channel.REMOVED:
            row |= {"status": Channel.BROKEN, "status_reason": RECONNECT}


def check_roles() -> None:
    """Every member's role is a built-in one or one of the archive's, which hold what there is to hold."""
    roles = list(Role.objects.all())
    keys = {role.key for role in roles}
    held = {permission for role in roles for permission in role.permissions}
    if keys & set(ROLES) or len(keys) != len(roles) or held - {str(p) for p in Permission}:
        raise ArchiveRefused("a role is none that a tenant can have")
    given = set(Membership.objects.values_list("role", flat=True))
    if unknown := given - keys - set(ROLES):
        raise ArchiveRefused(
            f"a member has the role {sorted(unknown)[0][:40]!r}, which there is not"
        )


def ask_on_entry() -> dict[str, Any]:
    """What the settings ask of whoever enters, as the tenant keeps it."""
    return entry_of(TenantSettings.objects.get())


def remove_placeholders() -> int:
    """Remove the people who stand behind members that an import brought along; nobody else's."""
    rows = collection(Membership).find(owner(), {"_id": 1})
    addresses = [address_of(str(row["_id"])) for row in rows]
    return int(collection(User).delete_many({"email": {"$in": addresses}}).deleted_count)
