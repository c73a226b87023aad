"""What a provider is: the contract between a messaging network and the pipelines.

A provider is a folder under ``channels/providers/`` with one ``Provider``
object; it keeps no state between calls and imports no other provider. Inbound,
``explode`` cuts one webhook body into items and ``parse`` turns an item into
internal events. Outbound, ``compose`` turns an internal message into a request
body and ``client`` performs it, answering with one of the outcomes below.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.providers.events import Event, Identity
from channels.providers.pace import Pace


@dataclass(frozen=True, kw_only=True)
class RawItem:
    """One entry × change × item of a webhook body, able to be parsed alone.

    ``address`` routes it (a phone number id, a WABA id, an Instagram id) and is
    empty when the body does not say; ``key`` is unique for the item within its
    channel, so that a redelivery is recognised; ``order_key`` names the person
    whose items must stay in order; ``body`` is JSON with all that parse needs.
    """

    address_kind: str
    address: str
    key: str
    order_key: str
    field: str
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class BadItem:
    """An item that could not even be cut out; dead-lettered with its reason."""

    reason: str
    body: Any


@dataclass(frozen=True, kw_only=True)
class OutboundMedia:
    """A file to send: by ``provider_id`` (uploaded before) or by public ``link``.

    ``mime_type`` is known of an uploaded one, while the message is checked.
    """

    provider_id: str = ""
    link: str = ""
    caption: str = ""
    filename: str = ""
    mime_type: str = ""


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """An internal message on its way out, the same shape for every channel.

    ``type`` is text, image, audio, video, document, sticker, location,
    contacts, interactive, template, reaction, share or comment; ``content`` is the
    object named as the type in the API's form, where an ``interactive`` names
    its kind in its own ``type`` (a reaction is ``{"target_external_id",
    "emoji"}``). ``media`` is the file of a media message, or the uploaded one
    in the header of a template or an interactive message. ``uploaded`` has the
    provider's id of each further file that the content names by ``media_id``:
    of cards, of an album.
    ``callback_data`` comes back in status webhooks and identifies the message.
    """

    callback_data: str
    type: str
    recipient: tuple[Identity, ...]
    text: str = ""
    preview_url: bool = False
    reply_to_external_id: str = ""
    media: OutboundMedia | None = None
    content: dict[str, Any] = field(default_factory=dict)
    uploaded: Mapping[str, str] = field(default_factory=dict)


# ------------------------------------------------------------------ outcomes of a send


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much of its call limits the provider says is used, in percent of a rolling hour.

    ``app`` is of all calls of our app, ``account`` of those for the account that was asked for;
    ``regain_s`` are the seconds until the account is served again, 0 while it is.
    """

    app: int = 0
    account: int = 0
    regain_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The provider took it; ``alias`` is the recipient's id as the provider spells it.

    ``usage`` is what the answer says of the call limits, None where it says nothing; ``parts``
    are the ids of what went before it, where one message of ours left as several.
    """

    external_id: str
    alias: Identity | None = None
    usage: Usage | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NotSent:
    """Certain not to have left (DNS, refused, TLS, connect timeout, body not fully written)."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """It may have been taken: never to be resent blindly."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Throttled:
    """Slow down; ``scope`` is number, pair, account, app or template.

    ``retry_after`` is in seconds, None for our schedule.
    """

    code: int
    scope: str
    retry_after: float | None = None
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Transient:
    """The provider is in trouble; the same request may succeed later. ``max_tries`` bounds it where documented."""

    code: int
    title: str = ""
    max_tries: int | None = None


@dataclass(frozen=True, kw_only=True)
class ChannelBroken:
    """The account, not the message, is refused: pause the channel and keep its queue."""

    code: int
    title: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """This message will never be accepted. ``advice`` tells an agent what to do instead."""

    code: int
    title: str
    advice: str
    detail: str = ""


Outcome = Accepted | NotSent | Unknown | Throttled | Transient | ChannelBroken | Rejected


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of a channel's health report."""

    name: str
    ok: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a client needs to act for one channel; never logged, never in a repr.

    ``further_secrets`` are also the app's while its secret is rotated; ``is_app_shared`` tells
    that the app is the installation's, not the channel's own.
    """

    access_token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    further_secrets: tuple[str, ...] = field(default=(), repr=False)
    is_app_shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a provider's API answers: scheme, host and version, from the settings."""

    base_url: str
    version: str
    timeout_s: float = 20.0


class InvalidMessage(ValueError):
    """A message breaks a documented limit; found before any call is made."""

    def __init__(self, field: str, message: str, *, limit: int | None = None) -> None:
        super().__init__(message)
        self.field, self.message, self.limit = field, message, limit


class UnsupportedMessage(ValueError):
    """This channel has no such kind of message."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What an image file shows of itself; in pixels."""

    width: int
    height: int
    is_animated: bool = False


Look = Callable[[], Picture | None]
"""Opens a file that is to be sent; None for what is no image that can be read."""


class Renewed(Protocol):
    """A token in the place of one that would have ended; ``expires_in`` is in seconds."""

    @property
    def access_token(self) -> str: ...
    @property
    def expires_in(self) -> int: ...


class Client(Protocol):
    """Calls a provider for one channel. Every method returns within ``Endpoint.timeout_s``."""

    def send(self, body: dict[str, Any]) -> Outcome: ...
    def mark_read(self, external_id: str, *, typing: bool) -> Outcome: ...
    def upload(self, data: bytes, mime_type: str, filename: str) -> "str | Outcome": ...
    def download(self, media_id: str, *, max_bytes: int) -> "Downloaded | Outcome": ...
    def check(self) -> list[Check]: ...
    def describe(self) -> "dict[str, Any] | Outcome": ...
    def subscribe(self) -> Outcome | None: ...
    def unsubscribe(self) -> Outcome: ...
    def is_subscribed(self) -> "bool | Outcome": ...
    def refresh_token(self) -> "Renewed | Outcome | None": ...
    def templates(self) -> "list[dict[str, Any]] | Outcome": ...


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """A file's bytes as the provider served them. ``sha256`` is what it claimed, hex or empty."""

    data: bytes = field(repr=False)
    mime_type: str = ""
    sha256: str = ""


class Provider(Protocol):
    """A messaging network, declared by its folder.

    ``echoes_sends``: what we send comes back by webhook too, as what the business wrote.
    """

    kind: str
    webhook_object: str
    echoes_sends: bool
    redacted_keys: frozenset[str]
    capabilities: dict[str, Any]
    pace: Pace
    window_hours: int
    template_types: frozenset[str]
    profiled_kinds: frozenset[str]

    def explode(self, payload: Any) -> Iterator[RawItem | BadItem]: ...
    def parse(self, body: dict[str, Any]) -> list[Event]: ...
    def validate(self, message: OutboundMessage) -> None: ...
    def validate_file(
        self, kind: str, mime_type: str, size: int, look: Look | None = None
    ) -> None: ...
    def template_parameters(self, components: Any, parameter_format: str) -> dict[str, Any]: ...
    def template_text(self, components: Any, body: Any) -> str: ...
    def explain(self, code: int) -> Any: ...
    def compose(self, message: OutboundMessage) -> dict[str, Any]: ...
    def client(
        self, external: dict[str, str], credentials: Credentials, endpoint: Endpoint
    ) -> Client: ...
