"""The things Meta knows about: numbers, accounts, customers, tokens, media, templates, messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Number:
    """A business telephone number. `access_token` may act on it and on its WABA."""

    phone_number_id: str
    display_phone_number: str
    waba_id: str
    verified_name: str
    access_token: str
    status: str = "CONNECTED"
    quality_rating: str = "GREEN"
    name_status: str = "APPROVED"
    code_verification_status: str = "VERIFIED"
    throughput_level: str = "STANDARD"
    override_callback_uri: str = ""
    pin: str = ""

    @property
    def digits(self) -> str:
        """The number as `wa_id` and webhooks write it: digits only."""
        return "".join(ch for ch in self.display_phone_number if ch.isdigit())


@dataclass
class Waba:
    """A WhatsApp Business Account. Events leave only while our app is in `subscribed_apps`."""

    waba_id: str
    name: str
    subscribed_apps: list[str] = field(default_factory=list)
    override_callback_uri: str = ""


@dataclass
class Customer:
    """A person with a telephone. `reachable=False` is a telephone that is switched off."""

    wa_id: str
    name: str
    bsuid: str = ""
    username: str = ""
    hide_phone: bool = False
    read_receipts: bool = True
    reachable: bool = True
    auto_read: bool | None = None


@dataclass
class Token:
    """An access token; `waba_ids` and `phone_number_ids` are what it was granted.

    `kind` is SYSTEM_USER, USER (of a person, over the accounts `ig_ids`), PAGE or INSTAGRAM
    (both of the account `ig_id`); a Page's token ends with the person's, its `parent`.
    """

    value: str
    waba_ids: list[str]
    phone_number_ids: list[str]
    scopes: list[str]
    expires_at: float = 0.0
    is_revoked: bool = False
    revoked_subcode: int = 467
    kind: str = "SYSTEM_USER"
    issued_at: float = 0.0
    ig_id: str = ""
    ig_ids: list[str] = field(default_factory=list)
    parent: str = ""


@dataclass
class Code:
    """What a login hands to its redirect address: good once, until `expires_at`."""

    token: str
    expires_at: float
    redirect_uri: str = ""
    is_used: bool = False


@dataclass
class Burst:
    """Messages from a number to one person, `count` of them since `began`, by the simulator's clock."""

    began: float
    count: int = 1


@dataclass
class Media:
    """Stored bytes. `origin` is `upload` (by the business), `inbound` (a customer) or `link`."""

    media_id: str
    phone_number_id: str
    mime_type: str
    content: bytes
    sha256: str
    origin: str
    created_at: float
    expires_at: float
    filename: str = ""


@dataclass
class Upload:
    """A file on its way by the Resumable Upload API: a session, and the handle once it is whole."""

    session: str
    signature: str
    token: str
    length: int
    mime_type: str
    name: str = ""
    content: bytes = b""
    handle: str = ""


@dataclass
class Template:
    """An approved (or not) message template, with components as the management API shows them."""

    template_id: str
    waba_id: str
    name: str
    language: str
    category: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"
    status: str = "APPROVED"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    previous_category: str = ""


@dataclass
class Message:
    """One bubble of a thread. `direction` is seen from the business: inbound or outbound."""

    wamid: str
    phone_number_id: str
    wa_id: str
    direction: str
    type: str
    content: Json | list[Json] | None
    at: float
    status: str
    reply_to: str = ""
    opaque: str | None = None
    category: str = "service"
    is_free: bool = True
    to_bsuid: bool = False
    error: Json | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    view: Json = field(default_factory=dict)

    @property
    def thread(self) -> tuple[str, str]:
        """The pair (our number, customer) to which this message belongs."""
        return (self.phone_number_id, self.wa_id)
