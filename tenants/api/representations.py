"""How tenants, members and keys look in answers."""

from collections.abc import Iterable
from typing import Any

from accounts.factors import has_second_factor
from accounts.models import User
from config.api.rendering import moment
from kernel.clock import now
from tenants.access import Principal
from tenants.ends import End
from tenants.models import (
    ApiKey,
    Invitation,
    Membership,
    Role,
    Team,
    Tenant,
    TenantSettings,
)
from tenants.models.settings import RETAINED
from tenants.permissions import ROLES
from tenants.services.limits import Used

Json = dict[str, Any]


def tenant_json(tenant: Tenant) -> Json:
    return {"id": tenant.pk, "slug": tenant.slug, "name": tenant.name, "status": tenant.status,
            "created_at": moment(tenant.created_at)}  # fmt: skip


def my_tenant_json(tenant: Tenant, role: str, end: End | None) -> Json:
    erasure = {"id": end.id, "due_at": moment(end.due_at)} if end else None
    return {**tenant_json(tenant), "role": role, "erasure": erasure}


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
    kept = settings.retention_days or {}
    return {
        "reopen_hours": settings.reopen_hours,
        "time_zone": settings.time_zone,
        "language": settings.language,
        "retention_days": {kind: kept.get(kind) for kind in RETAINED},
        "email_domains": settings.email_domains or [],
        "second_factor_required": bool(settings.second_factor_required),
        "ip_allow_list": settings.ip_allow_list or [],
    }


def limits_json(found: Iterable[Used]) -> list[Json]:
    return [
        {"name": one.name, "title": one.title, "limit": one.limit, "used": one.used,
         "used_is_at_least": one.used_is_at_least, "resets_at": moment(one.resets_at)}
        for one in found
    ]  # fmt: skip


def member_json(member: Membership) -> Json:
    return {
        "id": member.pk,
        "name": member.name,
        "email": member.email,
        "role": member.role,
        "status": member.status,
        "availability": member.availability,
        "team_ids": list(member.team_ids or ()),
        "created_at": moment(member.created_at),
    }


def members_json(members: Iterable[Membership]) -> list[Json]:
    return [member_json(member) for member in members]


def built_in_roles_json() -> list[Json]:
    return [
        {"id": None, "key": name, "name": name, "description": "", "is_built_in": True,
         "permissions": sorted(held)}
        for name, held in ROLES.items()
    ]  # fmt: skip


def role_json(role: Role) -> Json:
    return {"id": role.pk, "key": role.key, "name": role.name, "description": role.description,
            "is_built_in": False, "permissions": sorted(role.permissions)}  # fmt: skip


def team_json(team: Team) -> Json:
    return {"id": team.pk, "name": team.name, "created_at": moment(team.created_at)}


def teams_json(teams: Iterable[Team]) -> list[Json]:
    return [team_json(team) for team in teams]


def invitation_json(invitation: Invitation) -> Json:
    """Never the link; ``status`` says expired for one that is open past its term."""
    is_over = invitation.status == Invitation.OPEN and invitation.expires_at <= now()
    return {
        "id": invitation.pk,
        "email": invitation.email,
        "role": invitation.role,
        "status": "expired" if is_over else invitation.status,
        "invited_by_id": invitation.invited_by_id,
        "created_at": moment(invitation.created_at),
        "expires_at": moment(invitation.expires_at),
        "mailed_at": moment(invitation.mailed_at),
        "accepted_at": moment(invitation.accepted_at),
    }


def invitations_json(invitations: Iterable[Invitation]) -> list[Json]:
    return [invitation_json(invitation) for invitation in invitations]


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


def account_json(person: User) -> Json:
    """What a person is told of their own account."""
    return {
        "id": person.pk,
        "email": person.email,
        "name": person.name,
        "has_password": person.has_usable_password(),
        "has_second_factor": has_second_factor(person),
        "created_at": moment(person.date_joined),
    }
