"""The same internal messages through every provider: each is composed, or refused by name before any call."""

import json

import pytest

from channels.providers import PROVIDERS, provider_for
from channels.providers.contract import (
    InvalidMessage,
    OutboundMedia,
    OutboundMessage,
    UnsupportedMessage,
)
from channels.providers.events import Identity
from kernel.errors import DomainError
from messaging.errors import InvalidMessageBody, TemplateUnknown, UnsupportedByChannel
from messaging.models import Delivery, Message
from messaging.services.drafts import Draft
from messaging.services.send import send_message
from messaging.tests.instagram import DANA, ig_receive, ig_text

LINK = "https://example.com/a"
EVERYBODY = (
    Identity(kind="wa_id", value="972501234567"),
    Identity(kind="igsid", value=DANA, scope="17841400000000011"),
)
BUTTONS = [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}]
PRODUCT = {"catalog_id": "55", "product_retailer_id": "SKU-1"}
MEDIA = {kind: {"link": LINK} for kind in ("image", "audio", "video", "document", "sticker")}

TYPES = {
    "text": {},
    **MEDIA,
    "location": {"latitude": 38.7, "longitude": -9.1, "name": "Shop", "address": "Rua 1"},
    "contacts": {"contacts": [{"name": {"formatted_name": "Rui", "first_name": "Rui"},
                               "phones": [{"phone": "+351912345678"}]}]},
    "template": {"name": "offers", "language": "en_US", "body": []},
    "reaction": {"target_external_id": "m1", "emoji": "❤️"},
    "share": {"media_id": "17900"},
    "hologram": {"a": 1},
}  # fmt: skip
INTERACTIVE = {
    "buttons": {"body": "Well?", "buttons": BUTTONS},
    "cta_url": {"body": "See", "button": "Open", "url": LINK},
    "quick_replies": {"body": "Size?", "quick_replies": [{"title": "M", "payload": "M"}]},
    "generic": {"elements": [{"title": "Shirt", "subtitle": "blue", "buttons": BUTTONS}]},
    "list": {"body": "When?", "button": "Choose",
             "sections": [{"title": "Mon", "rows": [{"id": "r1", "title": "9:00"}]}]},
    "flow": {"body": "Book", "button": "Book", "flow": {"id": "66", "token": "t"}},
    "product": {"body": "Look", **PRODUCT, "products": ["SKU-1"]},
    "product_list": {"header": {"text": "Ours"}, "body": "Look", "catalog_id": "55", "sections": [
        {"title": "New", "product_items": [{"product_retailer_id": "SKU-1"}]}]},
    "catalog": {"body": "All", "thumbnail_product_retailer_id": "SKU-1"},
    "location_request": {"body": "Where?"},
    "contact_request": {"body": "Who?"},
    "address": {"body": "Where to?", "address": {"country": "IN"}},
    "carousel": {"body": "New", "cards": [
        {"header": {"image": {"link": LINK}}, "body": "Blue", "button": "See", "url": f"{LINK}/{n}"}
        for n in (1, 2)]},
    "telepathy": {"body": "?"},
}  # fmt: skip
ALL = [
    *((kind, content) for kind, content in TYPES.items()),
    *(("interactive", {"type": kind, **content}) for kind, content in INTERACTIVE.items()),
    ("sticker", {"name": "like_heart"}),
    ("reaction", {"target_external_id": "m1", "emoji": ""}),
]
IDS = [content.get("type", kind) if kind == "interactive" else kind for kind, content in ALL]
every_type = pytest.mark.parametrize(("kind", "content"), ALL, ids=IDS)
every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.kind)
ON_INSTAGRAM = {"text", "image", "audio", "video", "document", "reaction", "share", "buttons", "cta_url",
                "quick_replies", "generic", "product"}  # fmt: skip


def message(kind, content):
    media = OutboundMedia(link=content["link"]) if "link" in content and kind in MEDIA else None
    expected = {"body": 0} if kind == "template" else {}
    return OutboundMessage(
        callback_data="0" * 24, type=kind, recipient=EVERYBODY, text="hi" if kind == "text" else "",
        media=media, content={**content, **({"expected": expected} if expected else {})},
    )  # fmt: skip


def what(do, given):
    try:
        return "composed", do(given)
    except UnsupportedMessage as error:
        return "unsupported", str(error)
    except InvalidMessage as error:
        return "invalid", error.field


@every_provider
@every_type
def test_a_message_is_composed_or_refused_by_name(provider, kind, content):
    given = message(kind, content)
    checked, (result, detail) = what(provider.validate, given), what(provider.compose, given)
    assert checked[0] == result, "checking and composing disagree"
    assert detail, "a refusal says what it is about"
    if result == "composed":
        assert json.loads(json.dumps(detail)) == detail
    if kind not in provider.capabilities["types"]:
        assert result == "unsupported"
    elif kind != "interactive":
        assert result != "unsupported"


@every_type
def test_what_instagram_takes_is_what_it_says(kind, content):
    name = content["type"] if kind == "interactive" else kind
    result, _ = what(provider_for("instagram").compose, message(kind, content))
    takes = name in ON_INSTAGRAM or content.get("name") == "like_heart"
    assert (result == "composed") == takes
    if kind == "interactive":
        offered = provider_for("instagram").capabilities["interactive"]
        assert (name in offered) == (result == "composed")


@pytest.mark.parametrize("part", ["header", "footer"])
def test_what_instagram_would_not_show_is_not_dropped_in_silence(part):
    content = {"type": "buttons", **INTERACTIVE["buttons"], part: "by the way"}
    result, field = what(provider_for("instagram").compose, message("interactive", content))
    assert (result, field) == ("invalid", f"interactive.{part}")


# ------------------------------------------------------------------ through the service


REFUSALS = (UnsupportedByChannel, InvalidMessageBody, TemplateUnknown)


def sent_or_refused(conversation, kind, content):
    """The refusal of a draft; None for one that is queued. A refused one leaves nothing."""
    before = Message.objects.count(), Delivery.objects.count()
    draft = Draft(type=kind, text="hi" if kind == "text" else "", body=dict(content))
    try:
        send_message(conversation_id=conversation.pk, draft=draft)
    except DomainError as error:
        assert isinstance(error, REFUSALS), error
        assert (Message.objects.count(), Delivery.objects.count()) == before
        return error
    assert (Message.objects.count(), Delivery.objects.count()) == (before[0] + 1, before[1] + 1)
    return None


SENT = [(kind, content) for kind, content in ALL if kind != "reaction"]


def test_no_type_reaches_instagram_that_it_does_not_take(gram):
    ig_receive(gram.channel, ig_text(gram.channel, DANA))
    talk = Message.objects.get().conversation
    for kind, content in SENT:
        refusal = sent_or_refused(talk, kind, content)
        expected = what(provider_for("instagram").compose, message(kind, content))[0]
        assert (refusal is None) == (expected == "composed"), (kind, content)
        if expected == "unsupported" and kind != "template":
            assert isinstance(refusal, UnsupportedByChannel), kind
    assert gram.meta.asked == []


def test_no_type_reaches_whatsapp_that_it_does_not_take(shop):
    for kind, content in SENT:
        if kind == "template":
            continue  # needs a template of the account's
        refusal = sent_or_refused(shop.conversation, kind, content)
        expected = what(provider_for("whatsapp").compose, message(kind, content))[0]
        assert (refusal is None) == (expected == "composed"), (kind, content)
        if expected == "unsupported":
            assert isinstance(refusal, UnsupportedByChannel), kind
