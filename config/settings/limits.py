"""What a tenant may have and do at most, where staff set nothing else for it."""

import os

from django.core.exceptions import ImproperlyConfigured

from config.settings.api import RATE_TENANT
from config.settings.environment import number

# How long the link in an invitation's e-mail works.
INVITATION_DAYS = number("SWITCHBOARD_INVITATION_DAYS", 7)


def _most(name: str, default: int | None) -> int | None:
    """A whole number; ``none`` is no limit."""
    value = os.environ.get(f"SWITCHBOARD_LIMIT_{name}")
    if value is None:
        return default
    if value.lower() == "none":
        return None
    if not value.isdigit():
        raise ImproperlyConfigured(
            f"SWITCHBOARD_LIMIT_{name} must be a whole number or none, not {value!r}"
        )
    return int(value)


TENANT_LIMITS: dict[str, int | None] = {
    "seats": _most("SEATS", None),
    "channels": _most("CHANNELS", None),
    "contacts": _most("CONTACTS", None),
    "messages_per_day": _most("MESSAGES_PER_DAY", None),
    "storage_bytes": _most("STORAGE_BYTES", None),
    "exports_per_day": _most("EXPORTS_PER_DAY", 24),
    "invitations_per_day": _most("INVITATIONS_PER_DAY", 200),
    "api_requests_per_second": RATE_TENANT,
}
