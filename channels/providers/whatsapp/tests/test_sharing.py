"""Places and contact cards."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage, OutboundMedia
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.tests.outbound import CONTACT, message
from channels.providers.whatsapp.validate import validate


def refusal(kind: str, content: Any) -> str:
    with pytest.raises(InvalidMessage) as caught:
        validate(message(kind, content))
    return caught.value.field


def test_degrees_go_out_as_text() -> None:
    given = {"latitude": 38.7139, "longitude": -9, "name": "Shop", "address": ""}
    body = compose(message("location", given))
    assert body["location"] == {"latitude": "38.7139", "longitude": "-9", "name": "Shop"}
    small = compose(message("location", {"latitude": 1e-7, "longitude": 0}))["location"]
    assert float(small["latitude"]) == 1e-7


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "location.latitude"),
        ({"latitude": "38", "longitude": 1}, "location.latitude"),
        ({"latitude": True, "longitude": 1}, "location.latitude"),
        ({"latitude": float("nan"), "longitude": 1}, "location.latitude"),
        ({"latitude": 1, "longitude": -180.1}, "location.longitude"),
        ({"latitude": 1, "longitude": 1, "url": "https://e.com"}, "location.url"),
    ],
)
def test_no_such_place(content: Any, field: str) -> None:
    assert refusal("location", content) == field


def test_contacts_go_out_as_they_come_in() -> None:
    assert compose(message("contacts", {"contacts": [CONTACT]}))["contacts"] == [CONTACT]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": {"formatted_name": "Rui"}}, "name"),
        ({"name": {"first_name": "Rui"}}, "name.formatted_name"),
        ({"name": "Rui"}, "name"),
        ({"birthday": "28.2.1990"}, "birthday"),
        ({"birthday": "1990-02-30"}, "birthday"),
        ({"phones": {"phone": "1"}}, "phones"),
        ({"phones": [{"number": "1"}]}, "phones.0.number"),
        ({"phones": [{"phone": 972501234567}]}, "phones.0.phone"),
        ({"fax": "1"}, "fax"),
    ],
)
def test_an_incomplete_card_is_named(changes: Any, field: str) -> None:
    cards = [CONTACT, {**CONTACT, **changes}]
    assert refusal("contacts", {"contacts": cards}) == f"contacts.contacts.1.{field}"


def test_a_voice_note_is_opus_in_ogg() -> None:
    ogg = OutboundMedia(provider_id="1", mime_type="audio/ogg; codecs=opus")
    assert compose(message("audio", {"voice": True}, media=ogg))["audio"]["voice"] is True
    mp3 = OutboundMedia(provider_id="1", mime_type="audio/mpeg")
    assert compose(message("audio", {"voice": False}, media=mp3))["audio"] == {"id": "1"}
    for kind, media in (("audio", mp3), ("video", ogg)):
        with pytest.raises(InvalidMessage) as caught:
            validate(message(kind, {"voice": True}, media=media))
        assert caught.value.field == f"{kind}.voice"
