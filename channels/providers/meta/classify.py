"""An error answer of the Graph API into the outcome that the send pipeline acts on.

The code decides, not the HTTP status, which Meta does not promise. An answer that carries no
code at all did not come from the API proper but from something before it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.providers.contract import (
    ChannelBroken,
    Outcome,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from channels.providers.meta.access import as_flag, as_int, as_object, as_text
from channels.providers.meta.rules import Rule, Rules

_MAX_DETAIL = 500
_LONGEST_WAIT = 72 * 3600.0
_PROOF = "appsecret_proof"


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """Turns errors into outcomes by a channel's ``rules``.

    ``reconnect`` is the advice for a refused token, ``undocumented`` for an unknown code,
    ``proof_code`` the table's row for a refused ``appsecret_proof``.
    """

    rules: Rules
    reconnect: str
    undocumented: str
    proof_code: int = 104

    def outcome(
        self,
        http_status: int,
        error: Mapping[str, Any],
        *,
        retry_after: float | None = None,
        usage_headers: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Return the outcome for an answer that is not 2xx, with the ``error`` object of its body.

        ``retry_after`` is that header in seconds. ``usage_headers`` are the answer's headers, of
        which ``X-App-Usage`` and ``X-Business-Use-Case-Usage`` may say when calls are allowed
        again. A 504 without a code is `Unknown`: the gateway gave up, the API may have acted.
        """
        given = dict(error)
        code = as_int(given, "code")
        if code is None and http_status == 504:
            return Unknown(reason="the gateway timed out (HTTP 504)")
        wait = retry_after if retry_after is not None else regain_seconds(usage_headers or {})
        rule = self._documented(code, given)
        if rule is None or (http_status == 429 and rule.kind in ("R", "P")):
            return self._by_status(http_status, given, http_status if code is None else code, wait)
        return _by_rule(rule, given, code, wait)

    def _documented(self, code: int | None, error: dict[str, Any]) -> Rule | None:
        if code == 100 and _PROOF in as_text(error, "message"):
            # The general code for a bad parameter, here about every request, not about this one.
            code = self.proof_code
        return self.rules.find(code, as_int(error, "error_subcode")) if code is not None else None

    def _by_status(
        self, status: int, error: dict[str, Any], code: int, wait: float | None
    ) -> Outcome:
        """Return the outcome for an undocumented code, or for none (the status serves)."""
        title = as_text(error, "error_user_title") or f"Error {code}"
        if status == 429:
            return Throttled(code=code, scope="number", retry_after=wait, title=title)
        if status >= 500 or status < 400 or as_flag(error, "is_transient"):
            return Transient(code=code, title=title)
        if status == 401:
            return ChannelBroken(code=code, title="Access was refused", advice=self.reconnect)
        return Rejected(
            code=code, title=title, advice=self.undocumented, detail=error_detail(error)
        )


def _by_rule(rule: Rule, error: dict[str, Any], code: int | None, wait: float | None) -> Outcome:
    """The code of the outcome is the row's: where Meta's own is general, its subcode tells more."""
    shown = rule.code if code is None or rule.code == code else code
    match rule.kind:
        case "R":
            return Transient(code=shown, title=rule.title, max_tries=rule.max_tries)
        case "Q":
            seconds = max(rule.wait_s or 0.0, wait or 0.0) or None
            return Throttled(code=shown, scope=rule.scope, retry_after=seconds, title=rule.title)
        case "T" | "A":
            return ChannelBroken(code=shown, title=rule.title, advice=rule.advice)
        case "S":
            return Unknown(reason=f"{rule.title} ({shown})")
    return Rejected(code=shown, title=rule.title, advice=rule.advice, detail=error_detail(error))


def error_detail(error: Mapping[str, Any]) -> str:
    """Return the most exact sentence of an error object; ``error_data`` may be text itself."""
    given = dict(error)
    data = given.get("error_data")
    detail = data if isinstance(data, str) else as_text(as_object(given, "error_data"), "details")
    found = detail or as_text(given, "error_user_msg") or as_text(given, "message")
    return found[:_MAX_DETAIL]


def regain_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until Meta expects to serve us again, None if the headers do not say.

    ``X-Business-Use-Case-Usage`` gives minutes for each account; a percentage of 100 or more in
    ``X-App-Usage`` without a time means that the rolling hour must pass; ask again in 5 minutes.
    """
    usage = header_object(headers, "x-business-use-case-usage")
    rows = [row for rows in usage.values() if isinstance(rows, list) for row in rows]
    minutes = [as_int(row, "estimated_time_to_regain_access") or 0 for row in rows]
    if minutes and max(minutes) > 0:
        return min(max(minutes) * 60.0, _LONGEST_WAIT)
    return 300.0 if app_usage(headers) >= 100 else None


def app_usage(headers: Mapping[str, str]) -> int:
    """Return the highest percentage of ``X-App-Usage``; 0 where it says nothing."""
    app = header_object(headers, "x-app-usage")
    return max(as_int(app, key) or 0 for key in ("call_count", "total_time", "total_cputime"))


def header_object(headers: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return the JSON object in a header, ``name`` in lower case; an empty one for anything else."""
    lower = {known.lower(): text for known, text in headers.items()}
    return _json_object(lower.get(name, ""))


def retry_after_seconds(text: str) -> float | None:
    """Return a ``Retry-After`` header's seconds; None for a date or nonsense."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT) if math.isfinite(seconds) and seconds >= 0 else None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
