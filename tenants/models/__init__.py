"""Tenants and who may act in them."""

from tenants.models.account_entry import AccountEntry
from tenants.models.api_key import ApiKey
from tenants.models.counter import TenantCounter
from tenants.models.invitation import Invitation, InvitationMail
from tenants.models.membership import Membership
from tenants.models.role import Role
from tenants.models.settings import TenantSettings
from tenants.models.support import Impersonation, StaffGrant
from tenants.models.team import Team
from tenants.models.tenant import Tenant
from tenants.models.usage import Usage

__all__ = [
    "AccountEntry",
    "ApiKey",
    "Impersonation",
    "Invitation",
    "InvitationMail",
    "Membership",
    "Role",
    "StaffGrant",
    "Team",
    "Tenant",
    "TenantCounter",
    "TenantSettings",
    "Usage",
]
