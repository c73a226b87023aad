"""Instagram declares itself: what it is called, what it can do, and who does it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from channels.providers.contract import (
    BadItem,
    Credentials,
    Endpoint,
    Look,
    OutboundMessage,
    RawItem,
)
from channels.providers.events import Event
from channels.providers.instagram import limits
from channels.providers.instagram.client import InstagramClient
from channels.providers.instagram.compose import compose
from channels.providers.instagram.errors import rule_for
from channels.providers.instagram.explode import explode
from channels.providers.instagram.pace import PACE
from channels.providers.instagram.parse import parse
from channels.providers.instagram.validate import validate, validate_file
from channels.providers.instagram.window import tag_for
from channels.providers.meta.rules import Rule

_REDACTED = (
    "access_token",
    "appsecret_proof",
    "client_secret",
    "input_token",
    "sender",
    "recipient",
    "recipient_id",
    "from",
    "to",
    "user_id",
    "username",
    "name",
    "text",
    "title",
    "payload",
    "url",
    "link",
    "ref",
    "emoji",
    "metadata",
    "profile_pic",
)


class InstagramProvider:
    """The contract's `Provider` for ``instagram``; stateless, one object for all channels."""

    kind = "instagram"
    webhook_object = "instagram"
    echoes_sends = True
    redacted_keys = frozenset(_REDACTED)
    capabilities: dict[str, Any] = limits.capabilities()
    pace = PACE
    window_hours = limits.WINDOW_HOURS
    human_agent_hours = limits.HUMAN_AGENT_HOURS
    private_reply_hours = limits.PRIVATE_REPLY_HOURS
    template_types: frozenset[str] = frozenset()
    profiled_kinds: frozenset[str] = frozenset({"igsid"})

    def explode(self, payload: Any) -> Iterator[RawItem | BadItem]:
        """Cut a webhook body into items; see `channels.providers.instagram.explode`."""
        return explode(payload)

    def parse(self, body: dict[str, Any]) -> list[Event]:
        """Turn one item into events; raises `Unparsable` and nothing else."""
        return parse(body)

    def validate(self, message: OutboundMessage) -> None:
        """Raise `InvalidMessage` or `UnsupportedMessage` for what Meta would refuse."""
        validate(message)

    def validate_file(self, kind: str, mime_type: str, size: int, look: Look | None = None) -> None:
        """Raise `InvalidMessage` for a file that cannot be sent as ``kind``; ``size`` in bytes."""
        validate_file(kind, mime_type, size)

    def tag_for(self, elapsed: timedelta, *, is_written_by_person: bool) -> str:
        """Return the tag of a message so long after the customer wrote; see `window.tag_for`."""
        return tag_for(elapsed, is_written_by_person=is_written_by_person)

    def compose(self, message: OutboundMessage) -> dict[str, Any]:
        """Return the request body; raises what `validate` raises."""
        return compose(message)

    def client(
        self, external: dict[str, str], credentials: Credentials, endpoint: Endpoint
    ) -> InstagramClient:
        """Return a client for the channel with these external ids; see `login.account_of`."""
        return InstagramClient(external, credentials, endpoint)

    def template_parameters(
        self, components: Any, parameter_format: str = "POSITIONAL"
    ) -> dict[str, Any]:
        """Return that nothing is expected: Instagram has no approved templates."""
        return {"body": 0}

    def template_text(self, components: Any, body: Any) -> str:
        """Return no text: Instagram has no approved templates."""
        return ""

    def explain(self, code: int) -> Rule | None:
        """Return what an error code means; None if undocumented."""
        return rule_for(code)


INSTAGRAM = InstagramProvider()
