"""The 60-day tokens of Instagram Login: exchanged after signing in, and renewed before they end.

A token can be renewed from its 24th hour until it ends; each renewal gives 60 more days. One
that was not renewed in time is dead, and the owner must sign in again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.providers.contract import Outcome, Transient
from channels.providers.meta.access import as_int, as_text
from channels.providers.meta.graph import Graph

LIFE = timedelta(days=60)
EARLIEST = timedelta(hours=24)
MARGIN = timedelta(days=10)
"""A token is renewed when it is at least `EARLIEST` old and ends within `MARGIN`."""


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A new token and the seconds that it lives."""

    access_token: str = field(repr=False)
    expires_in: int


def is_due(*, issued_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Return whether a token is to be renewed now; a younger or dead one cannot be."""
    return now - issued_at >= EARLIEST and now < expires_at <= now + MARGIN


def refresh(graph: Graph) -> Refreshed | Outcome:
    """Return the token's successor. The old one goes on until its own end."""
    token = graph.credentials.access_token
    params = {"grant_type": "ig_refresh_token", "access_token": token}
    if broken := graph.token_refusal():
        return broken
    return _given(_unsigned(graph, "refresh_access_token", params))


def exchange(graph: Graph) -> Refreshed | Outcome:
    """Return the 60-day token for the one-hour token that signing in gave."""
    credentials = graph.credentials
    params = {
        "grant_type": "ig_exchange_token",
        "client_secret": credentials.app_secret,
        "access_token": credentials.access_token,
    }
    return _given(_unsigned(graph, "access_token", params))


def _unsigned(graph: Graph, name: str, params: dict[str, str]) -> "dict[str, object] | Outcome":
    """These endpoints have no version, and take the token as a parameter."""
    return graph.write("GET", name, params=params, is_versioned=False, is_signed=False)


def _given(answer: "dict[str, object] | Outcome") -> Refreshed | Outcome:
    if not isinstance(answer, dict):
        return answer
    token, seconds = as_text(answer, "access_token"), as_int(answer, "expires_in") or 0
    if not token or seconds <= 0:
        return Transient(code=0, title="no usable answer (no token)")
    return Refreshed(access_token=token, expires_in=seconds)
