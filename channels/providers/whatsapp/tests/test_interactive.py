"""What the customer taps on goes out in Meta's form; what Meta would refuse does not go out."""

from typing import Any

import pytest

from channels.providers.contract import InvalidMessage, OutboundMedia
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.tests.outbound import CONTENTS, LINK, message
from channels.providers.whatsapp.validate import validate

DOCUMENT = {"type": "document", "document": {"link": LINK, "filename": "a.pdf"}}
REPLY = {"type": "reply", "reply": {"id": "y", "title": "Yes"}}
IMAGE = {"type": "image", "image": {"link": LINK}}


def sent(kind: str, media: OutboundMedia | None = None, **changes: Any) -> dict[str, Any]:
    content = {**CONTENTS[f"interactive.{kind}"], **changes}
    return compose(message("interactive", content, media=media))["interactive"]


def refusal(kind: str, **changes: Any) -> str:
    content = {**CONTENTS[f"interactive.{kind}"], **changes}
    given = message("interactive", {k: v for k, v in content.items() if v is not None})
    with pytest.raises(InvalidMessage) as caught:
        validate(given)
    with pytest.raises(InvalidMessage):
        compose(given)
    return caught.value.field


@pytest.mark.parametrize(
    ("kind", "wire", "action"),
    [
        (
            "buttons",
            "button",
            {"buttons": [REPLY, {"type": "reply", "reply": {"id": "n", "title": "No"}}]},
        ),
        (
            "list",
            "list",
            {"button": "Choose", "sections": CONTENTS["interactive.list"]["sections"]},
        ),
        (
            "cta_url",
            "cta_url",
            {"name": "cta_url", "parameters": {"display_text": "Open", "url": LINK}},
        ),
        (
            "flow",
            "flow",
            {
                "name": "flow",
                "parameters": {
                    "flow_message_version": "3",
                    "flow_cta": "Book",
                    "flow_id": "66",
                    "flow_token": "t",
                    "mode": "published",
                    "flow_action": "navigate",
                    "flow_action_payload": {"screen": "ONE", "data": {"a": 1}},
                },
            },
        ),
        ("product", "product", {"catalog_id": "55", "product_retailer_id": "SKU-1"}),
        (
            "product_list",
            "product_list",
            {
                "catalog_id": "55",
                "sections": [{"title": "New", "product_items": [{"product_retailer_id": "SKU-1"}]}],
            },
        ),
        (
            "catalog",
            "catalog_message",
            {
                "name": "catalog_message",
                "parameters": {"thumbnail_product_retailer_id": "SKU-1"},
            },
        ),
        ("location_request", "location_request_message", {"name": "send_location"}),
        ("contact_request", "request_contact_info", {"name": "request_contact_info"}),
        (
            "address",
            "address_message",
            {
                "name": "address_message",
                "parameters": {"country": "IN", "values": {"name": "Noa"}},
            },
        ),
    ],
)
def test_each_kind_has_metas_type_and_action(kind: str, wire: str, action: Any) -> None:
    body = sent(kind)
    assert (body["type"], body["action"]) == (wire, action)
    assert body["body"] == {"text": CONTENTS[f"interactive.{kind}"]["body"]}


def test_header_body_and_footer_stand_around_it() -> None:
    assert sent("buttons")["header"] == DOCUMENT
    assert sent("buttons")["footer"] == {"text": "f"}
    assert sent("list")["header"] == {"type": "text", "text": "Times"}
    bare = compose(message("interactive", {"type": "product", "catalog_id": "5",
                                           "product_retailer_id": "S"}))["interactive"]  # fmt: skip
    assert set(bare) == {"type", "action"}


def test_an_uploaded_file_takes_the_place_of_the_headers_own() -> None:
    media = OutboundMedia(provider_id="900", filename="b.pdf")
    own = {"document": {"media_id": "a" * 24}}
    assert sent("buttons", media, header=own)["header"] == {
        "type": "document",
        "document": {"id": "900", "filename": "b.pdf"},
    }
    picture = {"type": "image", "image": {"media_id": "a" * 24}}
    assert sent("cta_url", media, header=picture)["header"] == {
        "type": "image",
        "image": {"id": "900"},
    }
    assert refusal("buttons", header=picture) == "interactive.header.image.media_id"


def test_a_reply_quotes_what_it_answers() -> None:
    given = message("interactive.list", reply_to_external_id="wamid.A")
    assert compose(given)["context"] == {"message_id": "wamid.A"}


# ----------------------------------------------------------------------------------- carousel


def test_cards_of_links_replies_and_products() -> None:
    first = sent("carousel")["action"]["cards"][0]
    assert first == {
        "card_index": 0,
        "type": "cta_url",
        "header": IMAGE,
        "body": {"text": "Blue"},
        "action": {"name": "cta_url", "parameters": {"display_text": "See", "url": f"{LINK}/1"}},
    }
    tapped = {
        "header": {"video": {"link": LINK}},
        "buttons": [{"id": "y", "title": "Yes"}],
    }
    second = sent("carousel", cards=[tapped, tapped])["action"]["cards"][1]
    assert second == {
        "card_index": 1,
        "type": "cta_url",
        "header": {"type": "video", "video": {"link": LINK}},
        "action": {
            "buttons": [{"type": "quick_reply", "quick_reply": {"id": "y", "title": "Yes"}}]
        },
    }
    product = {"catalog_id": "5", "product_retailer_id": "S"}
    assert sent("carousel", cards=[product, product])["action"]["cards"][1] == {
        "card_index": 1,
        "type": "product",
        "action": product,
    }


PICTURE = {"header": {"image": {"link": LINK}}}
CARD = {**PICTURE, "button": "See", "url": LINK}
TAP = {**PICTURE, "buttons": [{"id": "y", "title": "Yes"}]}
TWO_TAPS = {**PICTURE, "buttons": [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}]}
SHOWN = {"catalog_id": "5", "product_retailer_id": "S"}


@pytest.mark.parametrize(
    ("cards", "field"),
    [
        ([CARD], "cards"),
        ([CARD, TAP], "cards.1"),
        ([TAP, TWO_TAPS], "cards.1"),
        ([CARD, {**CARD, "header": {"video": {"link": LINK}}}], "cards.1"),
        ([SHOWN, {**SHOWN, "catalog_id": "6"}], "cards.1"),
        ([{**CARD, **TAP}, CARD], "cards.0"),
        ([PICTURE, CARD], "cards.0"),
        ([{**CARD, "button": ""}, CARD], "cards.0.button"),
        ([{**CARD, "header": {}}, CARD], "cards.0.header"),
        ([{**CARD, "header": {"document": {"link": LINK}}}, CARD], "cards.0.header.document"),
        ([{**CARD, "header": {"image": {"media_id": "x"}}}, CARD], "cards.0.header.image.media_id"),
        ([{**SHOWN, "body": "x"}, SHOWN], "cards.0.body"),
        ([{"product_retailer_id": "S"}, SHOWN], "cards.0.catalog_id"),
        ([{**CARD, "catalog_id": "5"}, CARD], "cards.0.catalog_id"),
        (["x", CARD], "cards.0"),
    ],
)
def test_cards_are_whole_and_alike(cards: Any, field: str) -> None:
    assert refusal("carousel", cards=cards) == f"interactive.{field}"


# ------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("buttons", {"type": None}, "type"),
        ("buttons", {"type": 7}, "type"),
        ("buttons", {"colour": "red"}, "colour"),
        ("buttons", {"body": 7}, "body"),
        ("buttons", {"buttons": "x"}, "buttons"),
        ("buttons", {"buttons": ["x"]}, "buttons.0"),
        ("buttons", {"buttons": [{"id": "a", "title": "A", "url": LINK}]}, "buttons.0.url"),
        ("buttons", {"buttons": [{"id": " a", "title": "A"}]}, "buttons.0.id"),
        ("buttons", {"buttons": [{"id": n, "title": "A"} for n in "ab"]}, "buttons.1.title"),
        ("buttons", {"buttons": [{"id": "a", "title": n} for n in "AB"]}, "buttons.1.id"),
        ("buttons", {"header": "text"}, "header"),
        ("buttons", {"header": {}}, "header"),
        ("buttons", {"header": {"text": "a", "image": {"link": LINK}}}, "header"),
        ("buttons", {"header": {"type": "video", "image": {"link": LINK}}}, "header"),
        ("buttons", {"header": {"image": {"link": "a.png"}}}, "header.image.link"),
        ("buttons", {"header": {"image": {"link": LINK, "media_id": "a"}}}, "header.image"),
        ("buttons", {"header": {"image": {"link": LINK, "filename": "a"}}}, "header.image.filename"),
        ("list", {"header": {"image": {"link": LINK}}}, "header.image"),
        ("list", {"sections": [{"rows": [{"id": n, "title": "a"}]} for n in "ab"]},
         "sections.0.title"),
        ("list", {"sections": [{"rows": [{"id": "a", "title": "a"}] * 2}]}, "sections.0.rows.1.id"),
        ("cta_url", {"url": "javascript:alert(1)"}, "url"),
        ("flow", {"button": "Book 📅"}, "button"),
        ("flow", {"flow": {}}, "flow"),
        ("flow", {"flow": {"id": "1", "name": "a"}}, "flow"),
        ("flow", {"flow": {"id": "1", "mode": "test"}}, "flow.mode"),
        ("flow", {"flow": {"id": "1", "action": "jump"}}, "flow.action"),
        ("flow", {"flow": {"id": "1", "screen": "A", "data": {}}}, "flow.data"),
        ("flow", {"flow": {"id": "1", "data": {"a": 1}}}, "flow.screen"),
        ("flow", {"flow": {"id": "1", "action": "data_exchange", "screen": "A"}}, "flow"),
        ("product", {"header": {"text": "x"}}, "header"),
        ("product_list", {"header": None}, "header"),
        ("address", {"address": {"country": "IN", "values": []}}, "address.values"),
        ("location_request", {"footer": "x"}, "footer"),
        ("carousel", {"header": {"text": "x"}}, "header"),
    ],
)  # fmt: skip
def test_what_meta_would_refuse_is_named(kind: str, changes: Any, field: str) -> None:
    assert refusal(kind, **changes) == f"interactive.{field}"


def test_a_flow_that_exchanges_data_has_no_first_screen() -> None:
    flow = {"name": "visit", "action": "data_exchange"}
    assert sent("flow", flow=flow)["action"]["parameters"] == {
        "flow_message_version": "3",
        "flow_cta": "Book",
        "flow_name": "visit",
        "flow_action": "data_exchange",
    }
