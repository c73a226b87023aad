"""How tenants, grants and people look to the installation's own people."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts.factors import SECOND_FACTORS
from accounts.models import User
from config.api.rendering import moment
from tenants.api.representations import limits_json, tenant_json
from tenants.models import Impersonation, Membership, StaffGrant, Tenant
from tenants.services.limits import Used
from tenants.services.tenant import tenants_of

Json = dict[str, Any]
MOST_SESSIONS = 100


def tenants_json(tenants: Iterable[Tenant]) -> list[Json]:
    return [tenant_json(tenant) for tenant in tenants]


def operated_json(tenant: Tenant, owners: Iterable[Membership], used: Iterable[Used]) -> Json:
    asked = tenant.entry or {}
    return {
        **tenant_json(tenant),
        "suspended_at": moment(tenant.suspended_at),
        "entry": {
            "networks": asked.get("networks", []),
            "email_domains": asked.get("domains", []),
            "second_factor_required": bool(asked.get("second_factor")),
        },
        "owners": [{"id": one.pk, "name": one.name, "email": one.email} for one in owners],
        "limits": limits_json(used),
    }


def grant_json(grant: StaffGrant) -> Json:
    return {
        "id": grant.pk,
        "email": grant.email,
        "reason": grant.reason,
        "granted_by": grant.granted_by,
        "is_open": grant.is_open,
        "created_at": moment(grant.created_at),
        "expires_at": moment(grant.expires_at),
        "revoked_at": moment(grant.revoked_at),
    }


def grants_json(grants: Iterable[StaffGrant]) -> list[Json]:
    return [grant_json(grant) for grant in grants]


def impersonation_json(begun: Impersonation) -> Json:
    return {
        "id": begun.pk,
        "email": begun.email,
        "member_id": begun.member_id,
        "reason": begun.reason,
        "is_running": begun.is_running,
        "started_at": moment(begun.started_at),
        "expires_at": moment(begun.expires_at),
        "ended_at": moment(begun.ended_at),
    }


def impersonations_json(rows: Iterable[Impersonation]) -> list[Json]:
    return [impersonation_json(begun) for begun in rows]


def people_json(people: list[User]) -> list[Json]:
    ids = [person.pk for person in people]
    factors = Authenticator.objects.filter(user_id__in=ids, type__in=SECOND_FACTORS)
    proven = {str(id_) for id_ in factors.values_list("user_id", flat=True)}
    return [_person_json(person, has_factor=person.pk in proven) for person in people]


def person_json(person: User) -> Json:
    sessions = UserSession.objects.filter(user_id=person.pk).values_list("pk")[:MOST_SESSIONS]
    return {
        **people_json([person])[0],
        "tenants": [{"id": tenant.pk, "slug": tenant.slug, "role": role}
                    for tenant, role in tenants_of(person)],
        "session_count": len(sessions),
    }  # fmt: skip


def _person_json(person: User, *, has_factor: bool) -> Json:
    return {
        "id": person.pk,
        "email": person.email,
        "name": person.name,
        "is_active": person.is_active,
        "is_staff": person.is_staff,
        "is_superuser": person.is_superuser,
        "has_second_factor": has_factor,
        "created_at": moment(person.date_joined),
    }
