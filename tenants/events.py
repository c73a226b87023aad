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
class ApiKeyRotated(Event):
    """It has a new secret; the one before holds a while longer."""

    type = "api_key.rotated"
    api_key_id: str
