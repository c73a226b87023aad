"""Tenant scope: who may see a row is decided where queries are compiled, not where they are written."""

from kernel.scoping.context import (
    NoActiveTenant,
    TenantMismatch,
    active_tenant_id,
    is_unscoped,
    tenant_scope,
    unscoped,
)
from kernel.scoping.reasons import Reason

__all__ = [
    "NoActiveTenant",
    "Reason",
    "TenantMismatch",
    "active_tenant_id",
    "is_unscoped",
    "tenant_scope",
    "unscoped",
]
