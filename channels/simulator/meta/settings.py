"""Switches of the simulator that can be changed while it runs, and how a change is checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from channels.simulator.meta.records import Json


class BadPatch(ValueError):
    """A control request named an unknown switch, or gave it a value of the wrong kind."""


@dataclass
class Settings:
    """Lasting behaviour. Delays in milliseconds, counted from the previous status."""

    status_delay_ms: dict[str, int] = field(
        default_factory=lambda: {"sent": 40, "delivered": 120, "read": 300}
    )
    auto_read: bool = False
    auto_subscribe: bool = True
    window: str = "sync"
    pair_rate: bool = False
    throughput_per_s: int = 0
    fetch_links: str = "loopback"
    escape: str = "historic"
    webhook_version: int = 26
    webhook_timeout_s: float = 10.0
    retry_schedule_s: list[float] = field(
        default_factory=lambda: [0.2, 1, 2, 5, 10, 30, 60, 120, 300, 600]
    )
    retry_holds_lane: bool = True
    max_connections: int = 64
    media_url_ttl_s: int = 300
    template_review_ms: int = 300
    template_verdict: str = "APPROVED"
    require_appsecret_proof: bool = False
    ig_media_ttl_s: int = 3 * 86_400
    ig_echoes: bool = True
    ig_comments: str = "changes"
    ig_sends_per_s: int = 0
    login: str = "ask"
    oldest_version: int = 20
    newest_version: int = 26
    app_usage: int = -1
    business_usage: int = -1
    record_bodies: bool = True


@dataclass
class Chaos:
    """Misbehaviour of the webhooks. Probabilities 0..1; all off by default."""

    duplicates: float = 0.0
    disorder: float = 0.0
    lose: float = 0.0
    batch: int = 1
    delay_ms: int = 0
    statuses_before_response: bool = False
    skip_sent: bool = False
    skip_delivered: bool = False
    drop_profile: bool = False
    drop_contacts: bool = False
    drop_user_id: bool = False
    bsuid_in_from: bool = False
    int_timestamps: bool = False
    unknown_fields: bool = False
    seed: int = 0


CHOICES: dict[str, tuple[str, ...]] = {
    "window": ("sync", "async", "off"),
    "fetch_links": ("loopback", "always", "never"),
    "escape": ("historic", "modern"),
    "ig_comments": ("changes", "flat"),
    "login": ("ask", "accept", "deny"),
    "template_verdict": ("APPROVED", "REJECTED", "PENDING"),
}


def apply_patch(target: Settings | Chaos | Any, patch: Json) -> None:
    """Change `target` by `patch`, all or nothing. Raises `BadPatch` naming what is wrong."""
    if not isinstance(patch, dict):
        raise BadPatch("a JSON object is expected")
    known = {item.name for item in fields(target)}
    ready = {}
    for name, value in patch.items():
        if name not in known:
            raise BadPatch(f"{name!r} is unknown; known are {', '.join(sorted(known))}")
        ready[name] = _checked(name, getattr(target, name), value)
    for name, value in ready.items():
        setattr(target, name, value)


def _checked(name: str, old: Any, value: Any) -> Any:
    if name in CHOICES and value not in CHOICES[name]:
        raise BadPatch(f"{name!r} must be one of {', '.join(CHOICES[name])}")
    if name == "status_delay_ms":
        return _checked_delays(name, old, value)
    if isinstance(old, bool) and not isinstance(value, bool):
        raise BadPatch(f"{name!r} must be true or false")
    if isinstance(old, (int, float)) and not isinstance(old, bool):
        least = -1 if name in ("app_usage", "business_usage") else 0
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
            raise BadPatch(f"{name!r} must be a number, {least} or more")
        return type(old)(value)
    if old is not None and not isinstance(value, type(old)):
        raise BadPatch(f"{name!r} must be {type(old).__name__}")
    return value


def _checked_delays(name: str, old: Json, value: Any) -> Json:
    if not isinstance(value, dict) or not set(value) <= set(old):
        raise BadPatch(f"{name!r} takes {', '.join(old)}")
    if not all(isinstance(item, (int, float)) and item >= 0 for item in value.values()):
        raise BadPatch(f"{name!r} takes milliseconds, zero or more")
    return {**old, **value}
