"""Facts of the Tenant agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class TenantCreated(Event):
    type = "tenant.created"
    tenant_id: str
    slug: str


@dataclass(frozen=True, kw_only=True)
class TenantSuspended(Event):
    type = "tenant.suspended"
    tenant_id: str


@dataclass(frozen=True, kw_only=True)
class TenantResumed(Event):
    type = "tenant.resumed"
    tenant_id: str


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    type = "member.added"
    member_id: str
    role: str


@dataclass(frozen=True, kw_only=True)
class MemberChanged(Event):
    type = "member.changed"
    member_id: str
    role: str
    status: str


@dataclass(frozen=True, kw_only=True)
class MemberRemoved(Event):
    type = "member.removed"
    member_id: str


@dataclass(frozen=True, kw_only=True)
class ApiKeyCreated(Event):
    type = "api_key.created"
    api_key_id: str


@dataclass(frozen=True, kw_only=True)
class ApiKeyRevoked(Event):
    type = "api_key.revoked"
    api_key_id: str


@dataclass(frozen=True, kw_only=True)
class TenantRenamed(Event):
    type = "tenant.renamed"
    tenant_id: str
    slug: str


@dataclass(frozen=True, kw_only=True)
class SettingsChanged(Event):
    type = "settings.changed"
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InvitationSent(Event):
    type = "invitation.sent"
    invitation_id: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationRevoked(Event):
    type = "invitation.revoked"
    invitation_id: str


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    type = "invitation.accepted"
    invitation_id: str
    member_id: str


@dataclass(frozen=True, kw_only=True)
class RoleCreated(Event):
    type = "role.created"
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    type = "role.changed"
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleDeleted(Event):
    type = "role.deleted"
    role: str


@dataclass(frozen=True, kw_only=True)
class TeamCreated(Event):
    type = "team.created"
    team_id: str


@dataclass(frozen=True, kw_only=True)
class TeamRenamed(Event):
    type = "team.renamed"
    team_id: str


@dataclass(frozen=True, kw_only=True)
class TeamDeleted(Event):
    type = "team.deleted"
    team_id: str


@dataclass(frozen=True, kw_only=True)
class TeamMemberAdded(Event):
    type = "team.member_added"
    team_id: str
    member_id: str


@dataclass(frozen=True, kw_only=True)
class TeamMemberRemoved(Event):
    type = "team.member_removed"
    team_id: str
    member_id: str


@dataclass(frozen=True, kw_only=True)
class ApiKeyRotated(Event):
    """It has a new secret; the one before holds a while longer."""

    type = "api_key.rotated"
    api_key_id: str
