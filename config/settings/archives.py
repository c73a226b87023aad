"""How long what was asked for is kept, and how large what comes may be."""

from config.settings.environment import number

# Days between asking for a tenant's erasure and its beginning; until then it can be cancelled.
ERASE_GRACE_DAYS = number("SWITCHBOARD_ERASE_GRACE_DAYS", 7)
# Days for which raw deliveries are kept that no tenant's items lead to; 0 keeps them.
LEFTOVER_DAYS = number("SWITCHBOARD_LEFTOVER_DAYS", 30)
EXPORT_KEPT_DAYS = number("SWITCHBOARD_EXPORT_KEPT_DAYS", 7)
IMPORT_MAX_BYTES = number("SWITCHBOARD_IMPORT_MAX_BYTES", 2_000_000_000)
