"""The internal events: what every provider parses its webhooks into.

The pipelines above know these classes and no provider's payload. Every value
but the discriminators is optional, because real payloads leave anything out.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Identity:
    """One name a provider knows a person by, such as ``("wa_id", "972501234567")``.

    ``scope`` separates ids that mean nothing outside one account (an
    Instagram-scoped id); it is empty where the value is globally one person's.
    """

    kind: str
    value: str
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer as a provider describes them; the strongest identity first."""

    identities: tuple[Identity, ...]
    name: str = ""
    username: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class MediaRef:
    """A file that waits at the provider. ``sha256`` is lower-case hex; ``size`` is in bytes."""

    kind: str
    provider_id: str = ""
    url: str = ""
    mime_type: str = ""
    sha256: str = ""
    filename: str = ""
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderError:
    """An error as the provider reported it inside a webhook."""

    code: int
    title: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Common to all. ``provider_at`` is the provider's clock in UTC, None when absent or absurd."""

    provider_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InboundMessage(Event):
    """A customer wrote. ``content`` holds the type's own object (location, contacts, interactive, …)."""

    external_id: str
    sender: Person
    type: str
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    reply_to_external_id: str = ""
    forwarded: bool = False
    referral: dict[str, Any] | None = None
    error: ProviderError | None = None


@dataclass(frozen=True, kw_only=True)
class StatusUpdate(Event):
    """What became of a message we sent; ``status`` is sent, delivered, read, played or failed."""

    external_id: str
    status: str
    callback_data: str = ""
    recipient: Person | None = None
    error: ProviderError | None = None
    pricing: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Reaction(Event):
    """A customer put ``emoji`` on a message, or took it away (empty)."""

    external_id: str
    target_external_id: str
    sender: Person
    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class Ignored(Event):
    """Understood, and of no consequence; the ledger counts it under ``reason``."""

    reason: str
