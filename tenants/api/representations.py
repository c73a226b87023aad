"""How tenants, members and keys look in answers."""

from collections.abc import Iterable
from typing import Any

from config.api.rendering import moment
from tenants.access import Principal
from tenants.models import ApiKey, Membership, Tenant, TenantSettings
from tenants.permissions import ROLES

Json = dict[str, Any]


def tenant_json(tenant: Tenant) -> Json:
    return {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name, "status": tenant.status,
            "created_at": moment(tenant.created_at)}  # fmt: skip


def me_json(principal: Principal, tenant: Tenant) -> Json:
    return {
        "kind": principal.kind,
        "id": principal.id,
        "member_id": principal.member_id,
        "name": principal.name,
        "role": principal.role,
        "tenant": tenant_json(tenant),
        "permissions": sorted(principal.permissions),
    }


def settings_json(settings: TenantSettings) -> Json:
    return {"reopen_hours": settings.reopen_hours, "time_zone": settings.time_zone,
            "language": settings.language}  # fmt: skip


def member_json(member: Membership) -> Json:
    return {
        "id": member.pk,
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "status": member.status,
        "availability": member.availability,
        "created_at": moment(member.created_at),
    }


def members_json(members: Iterable[Membership]) -> list[Json]:
    return [member_json(member) for member in members]


def roles_json() -> list[Json]:
    return [{"name": name, "permissions": sorted(held)} for name, held in ROLES.items()]


def api_key_json(key: ApiKey) -> Json:
    """Never the digest, and the key itself only where it was made."""
    return {
        "id": key.pk,
        "name": key.name,
        "scopes": key.scopes,
        "cidrs": key.cidrs,
        "channel_ids": key.channel_ids,
        "created_by_id": key.created_by_id,
        "created_at": moment(key.created_at),
        "expires_at": moment(key.ends_at),
        "previous_until": moment(key.previous_until) if key.is_rotating else None,
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
        "last_used_ip": key.last_used_ip,
    }


def api_keys_json(keys: Iterable[ApiKey]) -> list[Json]:
    return [api_key_json(key) for key in keys]
