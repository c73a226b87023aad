"""Reads of the Tenant agent."""

from collections.abc import Mapping

from django.db.models import QuerySet

from kernel.mongo.doors import ObjectId
from kernel.mongo.rows import find_rows
from kernel.scoping import active_tenant_id
from tenants.access import require
from tenants.errors import (
    ApiKeyNotFound,
    InvitationNotFound,
    MemberNotFound,
    RoleNotFound,
    TeamNotFound,
)
from tenants.models import (
    ApiKey,
    Impersonation,
    Invitation,
    Membership,
    Role,
    StaffGrant,
    Team,
    Tenant,
    TenantSettings,
)
from tenants.permissions import Permission


def get_tenant() -> Tenant:
    """The active tenant, as it is now."""
    return Tenant.objects.get(pk=active_tenant_id())


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


def get_active_member(email: str) -> Membership:
    """The active member with that address; raises ``MemberNotFound``, also where two have it for a moment."""
    require(Permission.MEMBERS_READ)
    where = {"email": email.strip().lower(), "status": Membership.ACTIVE}
    members = find_rows(Membership, where, limit=2)
    if len(members) != 1:
        raise MemberNotFound
    return members[0]


def is_owner(member_id: str) -> bool:
    """Whether a member is an owner; False for an id that nobody has."""
    return Membership.objects.filter(pk=member_id, role="owner").exists()


def touches_owners(asked: Mapping[str, object], member_id: str = "") -> bool:
    """Whether what is asked of a member makes an owner, or changes what one is."""
    if asked.get("role") == "owner":
        return True
    return bool(member_id and {"role", "status"} & set(asked)) and is_owner(member_id)


def asks_second_factor() -> bool:
    """Whether the active tenant asks everybody for a second factor."""
    return TenantSettings.objects.filter(second_factor_required=True).exists()


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


def list_owners() -> list[Membership]:
    """The tenant's active owners, twenty at most: whom staff ask about it."""
    active = Membership.objects.filter(status=Membership.ACTIVE, role="owner")
    return list(active.order_by("id")[:20])


def list_grants() -> QuerySet[StaffGrant]:
    """Who of the staff may enter the tenant or might once, the newest first; asked by superusers."""
    return StaffGrant.objects.all()


def list_impersonations() -> QuerySet[Impersonation]:
    """Who of the staff acted as a member of the tenant; asked by staff."""
    return Impersonation.objects.all()


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


def list_roles() -> QuerySet[Role]:
    """The tenant's own roles; ordered by ``key`` the unique index serves them."""
    require(Permission.MEMBERS_READ)
    return Role.objects.all()


def get_role(role_id: str) -> Role:
    """One of the tenant's own roles; raises ``RoleNotFound``."""
    require(Permission.MEMBERS_READ)
    role = Role.objects.filter(pk=role_id).first()
    if role is None:
        raise RoleNotFound
    return role


def list_teams() -> QuerySet[Team]:
    """The tenant's teams; ordered by ``name`` the unique index serves the pages."""
    require(Permission.MEMBERS_READ)
    return Team.objects.all()


def get_team(team_id: str) -> Team:
    """One team; raises ``TeamNotFound``."""
    require(Permission.MEMBERS_READ)
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise TeamNotFound
    return team


def list_team_members(team_id: str) -> QuerySet[Membership]:
    """Who is in a team, also those who were removed from the tenant; ordered by ``user_id``."""
    return Membership.objects.filter(team_ids=get_team(team_id).pk)


def list_invitations() -> QuerySet[Invitation]:
    """The tenant's invitations, the newest first, closed ones included."""
    require(Permission.MEMBERS_INVITE)
    return Invitation.objects.all()


def get_invitation(invitation_id: str) -> Invitation:
    """One invitation; raises ``InvitationNotFound``."""
    require(Permission.MEMBERS_INVITE)
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationNotFound
    return invitation
