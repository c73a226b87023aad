"""The time, in one place. Leases use the database's clock instead."""

from datetime import UTC, datetime

from kernel.mongo.wake import LONG_AGO, NEVER

__all__ = ["LONG_AGO", "NEVER", "iso", "now"]


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as the API and the events show times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> datetime:
    """UTC, cut to milliseconds as MongoDB stores it, so that what is written equals what is read."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
