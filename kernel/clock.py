"""The time, in one place. Leases use the database's clock instead."""

from datetime import UTC, datetime

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """UTC, cut to milliseconds as MongoDB stores it, so that what is written equals what is read."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
