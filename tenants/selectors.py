"""Reads of the Tenant agent."""

from django.db.models import QuerySet

from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_rows
from tenants.access import require
from tenants.errors import ApiKeyNotFound, MemberNotFound
from tenants.models import ApiKey, Membership, Team, TenantSettings
from tenants.permissions import Permission


def list_members() -> QuerySet[Membership]:
    """Everyone who is or was a member; ordered by ``user_id`` the unique index serves the pages."""
    require(Permission.MEMBERS_READ)
    return Membership.objects.all()


def get_member(member_id: str) -> Membership:
    """One member; raises ``MemberNotFound``."""
    require(Permission.MEMBERS_READ)
    member = Membership.objects.filter(pk=member_id).first()
    if member is None:
        raise MemberNotFound
    return member


def member_names(member_ids: set[str]) -> dict[str, str]:
    """The names of members by id, for showing who is meant; one read for all of them."""
    if not member_ids:
        return {}
    members = find_rows(Membership, {"_id": {"$in": [ObjectId(id_) for id_ in member_ids]}})
    return {member.pk: str(member) for member in members}


def team_names(team_ids: set[str]) -> dict[str, str]:
    """The names of teams by id, for showing whose something is; one read for all of them."""
    if not team_ids:
        return {}
    teams = find_rows(Team, {"_id": {"$in": [ObjectId(id_) for id_ in team_ids]}})
    return {team.pk: team.name for team in teams}


def list_api_keys() -> QuerySet[ApiKey]:
    """The tenant's keys, revoked ones included."""
    require(Permission.API_KEYS_MANAGE)
    return ApiKey.objects.all()


def get_api_key(key_id: str) -> ApiKey:
    """One key; raises ``ApiKeyNotFound``."""
    require(Permission.API_KEYS_MANAGE)
    key = ApiKey.objects.filter(pk=key_id).first()
    if key is None:
        raise ApiKeyNotFound
    return key


def get_settings() -> TenantSettings:
    """What the active tenant chose."""
    require(Permission.TENANT_READ)
    return TenantSettings.objects.get()
