"""WhatsApp declares itself: what it is called, what it can do, and who does it."""

from collections.abc import Iterator, Mapping
from typing import Any

from channels.providers.abilities import ExampleFile
from channels.providers.contract import (
    BadItem,
    Credentials,
    Endpoint,
    Look,
    OutboundMessage,
    RawItem,
)
from channels.providers.events import Event
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.client import WhatsAppClient
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.definition import template_parameters, template_text
from channels.providers.whatsapp.errors import Rule, rule_for
from channels.providers.whatsapp.explode import explode
from channels.providers.whatsapp.pace import PACE
from channels.providers.whatsapp.parse import parse
from channels.providers.whatsapp.template_files import (
    are_same,
    example_files,
    validate_example,
    with_handles,
)
from channels.providers.whatsapp.template_rules import check_template
from channels.providers.whatsapp.validate import validate, validate_file

_REDACTED = (
    "access_token",
    "appsecret_proof",
    "input_token",
    "from",
    "to",
    "recipient",
    "recipient_id",
    "recipient_user_id",
    "recipient_parent_user_id",
    "recipient_participant_id",
    "recipient_participant_user_id",
    "from_user_id",
    "to_user_id",
    "to_parent_user_id",
    "previous_user_id",
    "new_wa_id",
    "customer",
    "requester",
    "full_name",
    "first_name",
    "from_parent_user_id",
    "wa_id",
    "user_id",
    "parent_user_id",
    "phone",
    "phone_number",
    "phones",
    "emails",
    "addresses",
    "vcard",
    "profile",
    "name",
    "username",
    "body",
    "caption",
    "filename",
    "latitude",
    "longitude",
    "address",
    "response_json",
    "values",
    "saved_addresses",
    "flow_token",
    "coupon_code",
    "text",
    "title",
    "payload",
    "url",
    "link",
)


class WhatsAppProvider:
    """The contract's `Provider` for ``whatsapp``; stateless, one object for all channels."""

    kind = "whatsapp"
    webhook_object = "whatsapp_business_account"
    echoes_sends = False
    redacted_keys = frozenset(_REDACTED)
    capabilities: dict[str, Any] = limits.capabilities()
    pace = PACE
    window_hours = limits.WINDOW_HOURS
    template_types = frozenset({"template"})
    profiled_kinds: frozenset[str] = frozenset()

    def explode(self, payload: Any) -> Iterator[RawItem | BadItem]:
        """Cut a webhook body into items; see `channels.providers.whatsapp.explode`."""
        return explode(payload)

    def parse(self, body: dict[str, Any]) -> list[Event]:
        """Turn one item into events; raises `Unparsable` and nothing else."""
        return parse(body)

    def validate(self, message: OutboundMessage) -> None:
        """Raise `InvalidMessage` or `UnsupportedMessage` for what Meta would refuse."""
        validate(message)

    def validate_file(self, kind: str, mime_type: str, size: int, look: Look | None = None) -> None:
        """Raise `InvalidMessage` for a file that cannot be sent as ``kind``; ``size`` in bytes."""
        validate_file(kind, mime_type, size, look)

    def compose(self, message: OutboundMessage) -> dict[str, Any]:
        """Return the request body; raises what `validate` raises."""
        return compose(message)

    def client(
        self, external: dict[str, str], credentials: Credentials, endpoint: Endpoint
    ) -> WhatsAppClient:
        """Return a client for the channel with these external ids."""
        return WhatsAppClient(external, credentials, endpoint)

    def template_parameters(
        self, components: Any, parameter_format: str = "POSITIONAL"
    ) -> dict[str, Any]:
        """Return the ``expected`` member for a template's content, from its synced definition."""
        return template_parameters(components, parameter_format)

    def validate_template(
        self, *, name: str, category: str, language: str, components: Any, parameter_format: str
    ) -> None:
        """Raise `InvalidMessage` for what Meta would not even review."""
        check_template(
            name=name,
            category=category,
            language=language,
            components=components,
            parameter_format=parameter_format,
        )

    def example_files(self, components: Any) -> list[ExampleFile]:
        """Return the files of ours that checked components show as examples."""
        return example_files(components)

    def validate_example(self, file: ExampleFile, mime_type: str, size: int) -> None:
        """Raise `InvalidMessage` for a file that cannot be this example; ``size`` in bytes."""
        validate_example(file, mime_type, size)

    def with_handles(self, components: Any, handles: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the components with handles (by media id) in place of the files."""
        return with_handles(components, handles)

    def are_same(self, ours: Any, theirs: Any) -> bool:
        """Return whether two lists of components differ in the addresses of their files at most."""
        return are_same(ours, theirs)

    def template_text(self, components: Any, body: Any) -> str:
        """Return a template's body as the customer reads it."""
        return template_text(components, body)

    def explain(self, code: int) -> Rule | None:
        """Return what an error code means, for a failed status; None if undocumented."""
        return rule_for(code)


WHATSAPP = WhatsAppProvider()
