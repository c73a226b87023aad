"""Messages on their way out, and how a test tells what becomes of one."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage, OutboundMessage
from channels.providers.events import Identity
from channels.providers.instagram.compose import compose
from channels.providers.instagram.validate import validate

DANA = (Identity(kind="igsid", value="902211334455", scope="17841400000000011"),)
LINK = "https://example.com/a.jpg"


def message(kind: str, **values: Any) -> OutboundMessage:
    values = {"callback_data": "msg:1", "recipient": DANA} | values
    return OutboundMessage(type=kind, **values)


def interactive(text: str = "", **content: Any) -> OutboundMessage:
    return message("interactive", text=text, content=content)


def said(given: OutboundMessage) -> Any:
    """The ``message`` of the body, with the envelope checked."""
    body = compose(given)
    assert body["recipient"] == {"id": "902211334455"}
    assert body["messaging_type"] == "RESPONSE"
    return body["message"]


def refused(given: OutboundMessage) -> tuple[str, int | None]:
    """The field and limit of the refusal, which must come from both doors alike."""
    with pytest.raises(InvalidMessage) as caught:
        validate(given)
    with pytest.raises(InvalidMessage) as again:
        compose(given)
    assert again.value.field == caught.value.field
    assert caught.value.message
    return caught.value.field, caught.value.limit
