"""How much of Meta's call limits is used, as every answer may tell in its headers.

``X-App-Usage`` is the app's share of a rolling hour in percent; ``X-Business-Use-Case-Usage`` holds
the same for each account, with the minutes until it is served again. Source: Graph API rate limits.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from channels.providers.contract import Accepted, Usage
from channels.providers.meta.access import as_int
from channels.providers.meta.classify import app_usage, header_object, regain_seconds

_Answer = TypeVar("_Answer")
_SHARES = ("call_count", "total_cputime", "total_time")


def usage_of(headers: Mapping[str, str]) -> Usage | None:
    """Return what an answer's headers say, None where they say nothing that matters."""
    rows = [
        row
        for rows in header_object(headers, "x-business-use-case-usage").values()
        if isinstance(rows, list)
        for row in rows
    ]
    account = max((as_int(row, name) or 0 for row in rows for name in _SHARES), default=0)
    waits = any((as_int(row, "estimated_time_to_regain_access") or 0) > 0 for row in rows)
    usage = Usage(
        app=app_usage(headers),
        account=account,
        regain_s=(regain_seconds(headers) or 0.0) if waits else 0.0,
    )
    return usage if usage != Usage() else None


def with_usage(answer: _Answer, headers: Mapping[str, str]) -> _Answer | Accepted:
    """Return the outcome, with what its answer said of the limits if it was accepted."""
    return replace(answer, usage=usage_of(headers)) if isinstance(answer, Accepted) else answer
