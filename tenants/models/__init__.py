"""Tenants and who may act in them."""

from tenants.models.api_key import ApiKey
from tenants.models.counter import TenantCounter
from tenants.models.membership import Membership
from tenants.models.settings import TenantSettings
from tenants.models.support import Impersonation, StaffGrant
from tenants.models.team import Team
from tenants.models.tenant import Tenant

__all__ = ["ApiKey", "Impersonation", "Membership", "StaffGrant", "Team", "Tenant", "TenantCounter",
           "TenantSettings"]  # fmt: skip
