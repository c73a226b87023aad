"""What a tenant may have and do at most, where staff set nothing else for it."""

import os

from django.core.exceptions import ImproperlyConfigured

from config.settings.api import RATE_TENANT
from config.settings.environment import number

# How long the link in an invitation's e-mail works.
INVITATION_DAYS = number("SWITCHBOARD_INVITATION_DAYS", 7)


def _most(name: str, default: int | None) -> int | None:
    """A whole number; ``none`` is no limit."""
    value = os.environ.get(name)
    if not value:
        return default
    if value.lower() == "none":
        return None
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number or none, not {value!r}")
    return int(value)


# How many tenants one person may make, by hand or from archives, of those that are still there.
TENANTS_PER_PERSON = _most("SWITCHBOARD_LIMIT_TENANTS_PER_PERSON", 20)

TENANT_LIMITS: dict[str, int | None] = {
    "seats": _most("SWITCHBOARD_LIMIT_SEATS", None),
    "channels": _most("SWITCHBOARD_LIMIT_CHANNELS", None),
    "contacts": _most("SWITCHBOARD_LIMIT_CONTACTS", None),
    "messages_per_day": _most("SWITCHBOARD_LIMIT_MESSAGES_PER_DAY", None),
    "storage_bytes": _most("SWITCHBOARD_LIMIT_STORAGE_BYTES", None),
    "exports_per_day": _most("SWITCHBOARD_LIMIT_EXPORTS_PER_DAY", 24),
    "invitations_per_day": _most("SWITCHBOARD_LIMIT_INVITATIONS_PER_DAY", 200),
    "api_requests_per_second": RATE_TENANT,
}
