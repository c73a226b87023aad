"""From a credential to a principal in a tenant."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import User
from kernel.clock import now
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_one, hydrated
from kernel.scoping import Reason, tenant_scope, unscoped
from tenants import keys
from tenants.access import Principal
from tenants.confines import CONFINABLE
from tenants.entry import demand_entry, is_inside
from tenants.errors import BadApiKey, TenantNotFound, TenantSuspended
from tenants.models import ApiKey, Membership, Tenant
from tenants.roles import permissions_of

LAST_USED_EVERY = timedelta(minutes=1)


def principal_of_key(text: str, ip: str) -> tuple[Tenant, Principal]:
    """The tenant and principal of an API key; raises ``BadApiKey``, ``TenantSuspended`` or what keeps it out.

    Nothing is cached, so that a revocation holds from the next request.
    """
    parsed = keys.parse(text)
    if parsed is None:
        raise BadApiKey("the key is malformed")
    found = _looked_up(parsed.id)
    if found is None:
        raise BadApiKey
    try:
        return _opened(found, parsed.secret, ip)
    except BadApiKey as refusal:
        refusal.key = (found.key.tenant_id, found.key.pk)
        raise


@dataclass(frozen=True)
class _Found:
    """A key with its tenant and who made it: an active member whose account is open, or nobody."""

    key: ApiKey
    tenant: Tenant | None
    maker: Membership | None


def _looked_up(key_id: str) -> _Found | None:
    """All that a key rests on, in one read: every request of a program begins with it."""
    with unscoped(Reason.RESOLVE_API_KEY):
        rows = list(collection(ApiKey).aggregate([{"$match": {"_id": ObjectId(key_id)}}, *_JOINED]))
    if not rows:
        return None
    (row,) = rows
    maker = hydrated(Membership, row["maker"] if row["person"] else [])
    tenant = hydrated(Tenant, row["tenant"])
    return _Found(
        hydrated(ApiKey, [row])[0], tenant[0] if tenant else None, maker[0] if maker else None
    )


_OWN_ACTIVE = {
    "$and": [{"$eq": ["$tenantId", "$$tenant"]}, {"$eq": ["$status", Membership.ACTIVE]}]
}
_JOINED: list[dict[str, Any]] = [
    {"$lookup": {"from": Tenant._meta.db_table, "localField": "tenantId", "foreignField": "_id",
                 "as": "tenant"}},
    {"$lookup": {"from": Membership._meta.db_table, "localField": "created_by_id", "foreignField": "_id",
                 "let": {"tenant": "$tenantId"}, "pipeline": [{"$match": {"$expr": _OWN_ACTIVE}}],
                 "as": "maker"}},
    {"$lookup": {"from": User._meta.db_table, "localField": "maker.user_id", "foreignField": "_id",
                 "pipeline": [{"$match": {"is_active": True}}, {"$project": {"_id": 1}}], "as": "person"}},
]  # fmt: skip


def _opened(found: _Found, secret: str, ip: str) -> tuple[Tenant, Principal]:
    if not _opens(secret, found.key):
        raise BadApiKey
    tenant = _open_tenant(found.tenant)
    with tenant_scope(tenant):
        principal = _principal_of(found.key, found.maker, ip)
    demand_entry(tenant, ip=ip)
    return tenant, principal


def _opens(secret: str, key: ApiKey) -> bool:
    """Whether it is the key's secret, or the one before a rotation whose overlap lasts."""
    is_current = keys.matches(secret, key.digest)
    is_previous = keys.matches(secret, key.previous_digest)
    return is_current or (is_previous and key.is_rotating)


def principal_of_listed_key(key: ApiKey, ip: str) -> Principal:
    """What a key of the active tenant may do now, from that address; its secret is not asked for."""
    maker = find_one(Membership, {"_id": ObjectId(key.created_by_id), "status": Membership.ACTIVE})
    return _principal_of(key, maker if maker and _is_enabled(maker.user_id) else None, ip)


def _principal_of(key: ApiKey, maker: Membership | None, ip: str) -> Principal:
    if key.has_ended:
        raise BadApiKey("the key is revoked or has expired")
    if key.cidrs and not is_inside(ip, key.cidrs):
        raise BadApiKey("the key is not allowed from this address")
    if maker is None:
        raise BadApiKey("the key's maker is no longer a member")
    _note_use(key, ip)
    held = frozenset(key.scopes) & permissions_of(maker.role)
    return Principal(kind="api_key", id=key.pk, member_id=maker.pk, user_id="", name=key.name,
                     role=maker.role, permissions=held & CONFINABLE if key.channel_ids else held,
                     team_ids=tuple(maker.team_ids), channel_ids=tuple(key.channel_ids),
                     on_behalf_of=maker.pk)  # fmt: skip


def _is_enabled(user_id: str) -> bool:
    """Whether an operator has left the account open: a key ends with its maker's sessions."""
    enabled = {"_id": ObjectId(user_id), "is_active": True}
    return collection(User).find_one(enabled, {"_id": 1}) is not None


def _note_use(key: ApiKey, ip: str) -> None:
    """At most once a minute, by one of those who come at once, so that reading does not become writing."""
    at = now()
    if key.last_used_at is None or key.last_used_at < at - LAST_USED_EVERY:
        collection(ApiKey).update_one(
            {**owner(), "_id": ObjectId(key.pk), "last_used_at": key.last_used_at},
            {"$set": {"last_used_at": at, "last_used_ip": ip}},
        )


def principal_of_user(user: User, named: str, ip: str = "") -> tuple[Tenant, Principal]:
    """The tenant that ``named`` (slug or id) means and the person's membership in it.

    A tenant one does not belong to and one that does not exist are the same answer. ``ip`` is
    where the person comes from; a tenant with an allow-list admits nobody without it.
    """
    tenant = find_one(Tenant, {"_id": ObjectId(named)} if is_id(named) else {"slug": named})
    if tenant is None:
        raise TenantNotFound
    with tenant_scope(tenant):
        mine = {"user_id": ObjectId(user.pk), "status": Membership.ACTIVE}
        member = find_one(Membership, mine)
        if member is None:
            raise TenantNotFound
        _open_tenant(tenant)
        demand_entry(tenant, ip=ip, person=user)
        return tenant, principal_of_member(member)


def principal_of_member(member: Membership) -> Principal:
    """What a member of the active tenant may do now."""
    return Principal(kind="member", id=member.pk, member_id=member.pk, user_id=member.user_id,
                     name=str(member), role=member.role, permissions=permissions_of(member.role),
                     team_ids=tuple(member.team_ids or ()))  # fmt: skip


def _open_tenant(tenant: Tenant | None) -> Tenant:
    if tenant is None:
        raise BadApiKey
    if tenant.status == Tenant.SUSPENDED:
        raise TenantSuspended
    return tenant


def is_id(text: str) -> bool:
    """Whether a text has the form of our ids; a tenant's slug never has."""
    return len(text) == 24 and all(c in "0123456789abcdef" for c in text)
