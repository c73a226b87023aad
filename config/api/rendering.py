"""How values look in answers."""

from datetime import UTC, datetime


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds; None stays null."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
