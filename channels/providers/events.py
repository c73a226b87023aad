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
class Written(Event):
    """What somebody wrote. ``content`` holds the type's own object (location, contacts, interactive, …).

    ``is_history`` marks what was written before the account was connected: shown in its place,
    neither unread nor counted as a customer's new message.
    """

    external_id: str
    type: str
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    reply_to_external_id: str = ""
    forwarded: bool = False
    error: ProviderError | None = None
    is_history: bool = False


@dataclass(frozen=True, kw_only=True)
class InboundMessage(Written):
    """A customer wrote. ``is_standby``: another app answers this thread for now."""

    sender: Person
    referral: dict[str, Any] | None = None
    is_standby: bool = False


@dataclass(frozen=True, kw_only=True)
class Echo(Written):
    """The business wrote, here or with another tool (its phone, the Instagram app, another vendor).

    ``app_id`` is the app that sent it, where the provider says so.
    """

    recipient: Person
    app_id: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageEdited(Event):
    """What a message says now; ``number`` counts its edits where the provider does.

    ``media`` holds files only where they are news: of a message whose files come apart from it.
    """

    external_id: str
    type: str = "text"
    text: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    media: tuple[MediaRef, ...] = ()
    author: Person | None = None
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class MessageRevoked(Event):
    """Its author took a message back: its words and files are to go."""

    external_id: str
    author: Person | None = None


@dataclass(frozen=True, kw_only=True)
class StatusUpdate(Event):
    """What became of a message we sent; ``status`` is sent, delivered, read, played or failed."""

    external_id: str
    status: str
    callback_data: str = ""
    recipient: Person | None = None
    error: ProviderError | None = None
    pricing: dict[str, Any] | None = None
    conversation: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Reaction(Event):
    """A customer put ``emoji`` on a message, or took it away (empty)."""

    external_id: str
    target_external_id: str
    sender: Person
    emoji: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadUpTo(Event):
    """The customer has read everything up to this message of ours."""

    external_id: str
    reader: Person


@dataclass(frozen=True, kw_only=True)
class PressedButton(Event):
    """A tap that is no message of its own and still speaks to us (ice breaker, menu, template button).

    ``external_id`` may be empty; ``title`` is what the customer saw, ``payload`` what we had put behind it.
    """

    sender: Person
    external_id: str = ""
    title: str = ""
    payload: str = ""
    referral: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Referred(Event):
    """A customer came through a link, a code or an ad, into a thread that may exist already."""

    sender: Person
    referral: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Commented(Event):
    """A comment under a post or in a live video, or one that mentions the account."""

    external_id: str
    author: Person
    text: str = ""
    parent_external_id: str = ""
    media: dict[str, Any] = field(default_factory=dict)
    is_live: bool = False
    is_mention: bool = False


@dataclass(frozen=True, kw_only=True)
class CallNoted(Event):
    """A call for the timeline. ``phase`` is the provider's word (connect, terminate, ringing, …)."""

    external_id: str
    person: Person
    phase: str
    direction: str = ""
    duration_s: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class IdentityChanged(Event):
    """A person has a new number or id; both name the same customer from now on."""

    previous: Person
    current: Person
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ContactNoted(Event):
    """The business's own address book names a person, or (``is_removed``) no longer does."""

    person: Person
    is_removed: bool = False


@dataclass(frozen=True, kw_only=True)
class PreferenceChanged(Event):
    """A customer stopped or resumed a category of messages, such as ``marketing``."""

    person: Person
    category: str
    is_wanted: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ThreadControl(Event):
    """Which app answers a thread: ``action`` is pass, take, request or roles."""

    action: str
    person: Person | None = None
    previous_app: str = ""
    new_app: str = ""
    metadata: str = ""


@dataclass(frozen=True, kw_only=True)
class TemplateChanged(Event):
    """A template's ``status``, ``quality``, ``category`` or ``components`` (named by ``what``) changed."""

    what: str
    external_id: str
    name: str = ""
    language: str = ""
    value: str = ""
    previous: str = ""
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AccountNotice(Event):
    """News of the account or number itself. ``topic`` is the provider's field name.

    ``severity`` is info, warning or critical; ``sentence`` is for people; ``facts`` is what changes in
    the channel's own record (``quality``, ``messaging_limit``, ``verified_name``, …).
    """

    topic: str
    sentence: str
    severity: str = "info"
    facts: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Ignored(Event):
    """Understood, and of no consequence; the ledger counts it under ``reason``."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Announced(Event):
    """Something exists at the provider of which only the id came: to be read there, then stored.

    ``what`` is message, edit (a message known already whose new words did not come), comment, profile or
    mention. ``person`` is the customer where one was named; ``detail`` holds what else came (``text``,
    ``media_id``). The provider's client reads it by ``external_id`` and answers with events.
    """

    what: str
    external_id: str
    person: Person | None = None
    detail: dict[str, Any] = field(default_factory=dict)
