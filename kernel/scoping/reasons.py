"""The closed list of reasons for leaving a tenant's scope. A new one needs an ADR."""

from enum import StrEnum


class Reason(StrEnum):
    """Why code may look across tenants; each use is logged under this name."""

    ROUTE_INBOUND = "route_inbound"  # find which tenant owns a provider's address
    RESOLVE_API_KEY = "resolve_api_key"  # a key is known before its tenant is
    LIST_MY_TENANTS = "list_my_tenants"  # a person's memberships span tenants
    SWEEP_WORK = "sweep_work"  # due work is found for all tenants at once
    MIGRATE = "migrate"
    AUDIT_INTEGRITY = "audit_integrity"  # verify every tenant's chain
    ROTATE_KEYS = "rotate_keys"  # re-wrap every tenant's data key
    PLATFORM_ADMIN = "platform_admin"  # staff choose which tenant to enter
    BACK_UP = "back_up"  # the whole database as of one moment, and back
    PURGE_EXPIRED = "purge_expired"  # time-limited rows of all tenants
