"""A valid message of each kind that the limits' table knows, with every field filled in."""

from copy import deepcopy
from typing import Any

from channels.providers.contract import OutboundMedia, OutboundMessage
from channels.providers.events import Identity

NOA = (Identity(kind="wa_id", value="972501234567"),)
LINK = "https://example.com/a"
_PRODUCT = {"catalog_id": "55", "product_retailer_id": "SKU-1"}
_HEADED = {
    "header": {"document": {"link": LINK, "filename": "a.pdf"}},
    "body": "Well?",
    "footer": "f",
}
_PICTURE = {"image": {"link": LINK}}

INTERACTIVE: dict[str, dict[str, Any]] = {
    "buttons": {**_HEADED, "buttons": [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}]},
    "list": {
        "header": {"text": "Times"},
        "body": "When?",
        "footer": "f",
        "button": "Choose",
        "sections": [
            {"title": "Mon", "rows": [{"id": "r1", "title": "9:00", "description": "early"}]}
        ],
    },
    "cta_url": {**_HEADED, "button": "Open", "url": LINK},
    "flow": {
        **_HEADED,
        "button": "Book",
        "flow": {"id": "66", "token": "t", "mode": "published", "screen": "ONE", "data": {"a": 1}},
    },
    "product": {"body": "Look", "footer": "f", **_PRODUCT},
    "product_list": {
        "header": {"text": "Ours"},
        "body": "Look",
        "footer": "f",
        "catalog_id": "55",
        "sections": [{"title": "New", "product_items": [{"product_retailer_id": "SKU-1"}]}],
    },
    "catalog": {"body": "All", "footer": "f", "thumbnail_product_retailer_id": "SKU-1"},
    "location_request": {"body": "Where?"},
    "contact_request": {"body": "Who?"},
    "voice_call": {"body": "Call us", "button": "Call", "ttl_minutes": 60, "payload": "A-1"},
    "call_permission_request": {"body": "May we call you?"},
    "address": {**_HEADED, "address": {"country": "IN", "values": {"name": "Noa"}}},
    "carousel": {
        "body": "New",
        "cards": [
            {"header": _PICTURE, "body": "Blue", "button": "See", "url": f"{LINK}/{n}"}
            for n in (1, 2)
        ],
    },
}

CONTACT = {
    "name": {"formatted_name": "Rui Costa", "first_name": "Rui"},
    "phones": [{"phone": "+351 912 345 678", "type": "WORK", "wa_id": "351912345678"}],
    "emails": [{"email": "rui@example.com", "type": "WORK"}],
    "addresses": [{"street": "Rua Augusta 1", "city": "Lisboa", "country_code": "pt"}],
    "urls": [{"url": LINK, "type": "WORK"}],
    "org": {"company": "Costa", "title": "Owner"},
    "birthday": "1990-02-28",
}

CONTENTS: dict[str, dict[str, Any]] = {
    "location": {"latitude": 38.7139, "longitude": -9.1394, "name": "Shop", "address": "Rua 1"},
    "contacts": {"contacts": [CONTACT]},
    "template": {
        "name": "spring_offers",
        "language": "en_US",
        "header": {"text": "Spring"},
        "body": ["Noa"],
        "buttons": [
            {"type": "url", "text": "o/1"},
            {"type": "quick_reply", "payload": "later"},
            {"type": "copy_code", "coupon_code": "SAVE"},
            {
                "type": "mpm",
                "thumbnail_product_retailer_id": "SKU-1",
                "sections": [{"title": "New", "product_items": [{"product_retailer_id": "1"}]}],
            },
        ],
        "cards": [
            {"header": _PICTURE, "buttons": [{"type": "url", "text": str(n)}]} for n in (1, 2)
        ],
    },
    "template.alone": {"name": "note", "language": "en_US", "body": ["Noa"]},
    **{f"interactive.{kind}": {"type": kind, **body} for kind, body in INTERACTIVE.items()},
}


def message(kind: str, content: dict[str, Any] | None = None, **values: Any) -> OutboundMessage:
    """A message of a kind of the table; ``content`` replaces the sample's."""
    given = deepcopy(CONTENTS.get(kind, {})) if content is None else content
    return OutboundMessage(
        type=kind.split(".")[0],
        callback_data="msg:1",
        recipient=NOA,
        **{"content": given} | values,
    )


def beside_a_file(kind: str, caption: str = "", filename: str = "") -> OutboundMessage:
    """A media message with these words beside its file."""
    media = OutboundMedia(provider_id="84", caption=caption, filename=filename)
    return message(kind, {}, media=media)
