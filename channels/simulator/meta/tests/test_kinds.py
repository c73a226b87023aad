"""Every interactive kind and part of a template: at the limit accepted, one past it refused."""

from __future__ import annotations

from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import WABA, Meta, refusal, wamid_of
from channels.simulator.meta.tests.receiver import Receiver

Body = dict[str, Any]


def asking(kind: str, action: Body, **more: Any) -> Body:
    inside = {"type": kind, "body": {"text": "?"}, "action": action, **more}
    return {"type": "interactive", "interactive": inside}


def parameters(kind: str, **values: Any) -> Body:
    return {"name": kind, "parameters": values}


def flow(**values: Any) -> Body:
    usual = {"flow_message_version": "3", "flow_id": "66", "flow_cta": "Book"}
    return asking("flow", parameters("flow", **{**usual, **values}))


def products(*counts: int, **more: Any) -> Body:
    sections = [
        {
            "title": "T" * 24,
            "product_items": [{"product_retailer_id": f"{place}-{n}"} for n in range(count)],
        }
        for place, count in enumerate(counts)
    ]
    header = {"header": {"type": "text", "text": "H"}}
    return asking("product_list", {"catalog_id": "1", "sections": sections}, **{**header, **more})


def card(place: int, text: str = "x", **more: Any) -> Body:
    image = {"type": "image", "image": {"link": "https://example.com/a.jpg"}}
    link = parameters("cta_url", display_text="Go", url="https://example.com")
    usual = {"card_index": place, "type": "cta_url", "header": image, "body": {"text": text}}
    return {**usual, "action": link, **more}


def carousel(*cards: Body, **more: Any) -> Body:
    return asking("carousel", {"cards": list(cards)}, **more)


GOOD: list[Body] = [
    flow(flow_cta="x" * 30, flow_action_payload={"screen": "A", "data": {"a": 1}}),
    asking("product", {"catalog_id": "1", "product_retailer_id": "SKU"}),
    {
        "type": "interactive",
        "interactive": {
            "type": "product",
            "action": {"catalog_id": "1", "product_retailer_id": "SKU"},
        },
    },
    products(3, 27),
    products(*[3] * 10),
    asking("catalog_message", parameters("catalog_message", thumbnail_product_retailer_id="S")),
    carousel(*[card(n, "x" * 160) for n in range(10)]),
    carousel(card(0), card(1)),
    asking("request_contact_info", {"name": "request_contact_info"}),
    asking("address_message", parameters("address_message", country="IN")),
    asking("location_request_message", {"name": "send_location"}),
    asking("cta_url", parameters("cta_url", display_text="x" * 20, url="https://a.b")),
]
BAD: list[tuple[Body, int, str]] = [
    (flow(flow_cta="x" * 31), 131009, "flow_cta"),
    (flow(flow_cta="Book 🎉"), 131009, "flow_cta"),
    (flow(flow_name="also"), 131008, "flow_id"),
    (flow(flow_message_version="2"), 131009, "flow_message_version"),
    (flow(flow_action_payload={"screen": "A", "data": {}}), 131009, "data"),
    (flow(colour="red"), 100, "colour"),
    (asking("product", {"catalog_id": "1"}), 131008, "product_retailer_id"),
    (products(3, 28), 131009, "31 products"),
    (products(*[1] * 11), 131009, "sections"),
    (products(1, header=None), 131008, "header"),
    (asking("catalog_message", {"name": "catalog"}), 131009, "name"),
    (carousel(card(0)), 131009, "cards"),
    (carousel(*[card(n) for n in range(11)]), 131009, "cards"),
    (carousel(card(0), card(1, "x" * 161)), 131009, "body"),
    (carousel(card(0), card(1, "1\n2\n3\n4")), 131009, "line breaks"),
    (carousel(card(0), card(2)), 131009, "card_index"),
    (carousel(card(0), card(1), footer={"text": "f"}), 131009, "footer"),
    (carousel(card(0), card(1), header={"type": "text", "text": "f"}), 131009, "header"),
    (
        carousel(
            card(0),
            card(1, header={"type": "video", "video": {"link": "https://example.com/a.mp4"}}),
        ),
        131009,
        "one kind of header",
    ),
    (asking("address_message", parameters("address_message", country="IL")), 131009, "country"),
    (asking("riddle", {}), 131009, "type"),
]


@pytest.mark.parametrize("body", GOOD, ids=lambda body: str(body["interactive"]["type"]))
def test_every_interactive_kind_is_accepted_at_its_limit(meta: Meta, body: Body) -> None:
    meta.write()
    assert meta.read(f"messages/{wamid_of(meta.send(body))}")["content"] == body["interactive"]


@pytest.mark.parametrize(("body", "code", "named"), BAD)
def test_one_past_the_limit_is_refused_with_its_field(
    meta: Meta, body: Body, code: int, named: str
) -> None:
    meta.write()
    status, found, details = refusal(meta.send(body))
    assert (status, found) == (400, code)
    assert named in details


def test_an_address_form_fails_where_telephones_do_not_have_it(
    meta: Meta, receiver: Receiver
) -> None:
    meta.write()
    form = asking("address_message", parameters("address_message", country="IN"))
    wamid = wamid_of(meta.send(form))
    receiver.wait(lambda: receiver.statuses_of(wamid))
    assert receiver.statuses_of(wamid)[0]["errors"][0]["code"] == 1026


def upload(meta: Meta, content: bytes, mime_type: str) -> str:
    answer = meta.graph(
        "POST",
        "209988776655443/media",
        data={"messaging_product": "whatsapp", "type": mime_type},
        files={"file": ("a", content, mime_type)},
    )
    return str(answer.json()["id"])


def test_a_static_sticker_is_smaller_than_an_animated_one(meta: Meta) -> None:
    meta.write()
    still = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x00" + b"\0" * 102_400
    moving = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02" + b"\0" * 102_400
    answer = meta.send(type="sticker", sticker={"id": upload(meta, still, "image/webp")})
    assert refusal(answer)[1] == 131009
    assert wamid_of(meta.send(type="sticker", sticker={"id": upload(meta, moving, "image/webp")}))


def test_a_voice_message_is_opus(meta: Meta) -> None:
    meta.write()
    music, voice = upload(meta, b"m", "audio/mpeg"), upload(meta, b"o", "audio/ogg")
    assert refusal(meta.send(type="audio", audio={"id": music, "voice": True}))[1] == 131009
    assert wamid_of(meta.send(type="audio", audio={"id": voice, "voice": True}))


OFFER = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hi {{1}}"},
    {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"has_expiration": True}},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "COPY_CODE", "text": "Copy"},
            {"type": "URL", "text": "Open", "url": "https://a.b/{{1}}"},
            {"type": "QUICK_REPLY", "text": "Stop"},
        ],
    },
]


def part(kind: str, *values: Body, **more: Any) -> Body:
    return {"type": kind, "parameters": list(values), **more}


def button(place: int, kind: str, **value: Any) -> Body:
    return part("button", value, sub_type=kind, index=str(place))


SENT = [
    part("header", {"type": "image", "image": {"link": "https://example.com/a.jpg"}}),
    part("body", {"type": "text", "text": "Noa"}),
    part(
        "limited_time_offer",
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1}},
    ),
    button(0, "copy_code", type="coupon_code", coupon_code="x" * 15),
    button(1, "url", type="text", text="o/1"),
    button(2, "quick_reply", type="payload", payload="stop-1"),
]


def use(components: list[Body]) -> Body:
    template = {"name": "offer", "language": {"code": "en_US"}, "components": components}
    return {"type": "template", "template": template}


def test_a_template_with_every_part_is_accepted_and_shown(meta: Meta) -> None:
    meta.sim("templates", name="offer", waba_id=WABA, components=OFFER, category="MARKETING")
    view = meta.read(f"messages/{wamid_of(meta.send(use(SENT)))}")["view"]
    assert view["body"] == "Hi Noa"
    assert [one["type"] for one in view["buttons"]] == ["COPY_CODE", "URL", "QUICK_REPLY"]
    assert view["buttons"][2]["payload"] == "stop-1"


@pytest.mark.parametrize(
    ("place", "instead", "code"),
    [
        (0, None, 132000),
        (0, part("header", {"type": "text", "text": "a"}), 132012),
        (2, None, 132000),
        (3, None, 132000),
        (3, button(0, "copy_code", type="coupon_code", coupon_code="x" * 16), 131009),
        (4, None, 132000),
        (4, button(1, "quick_reply", type="payload", payload="p"), 132012),
        (5, button(3, "quick_reply", type="payload", payload="p"), 132018),
        (5, button(2, "quick_reply", type="text", text="p"), 132012),
    ],
)
def test_a_part_that_does_not_fit_the_stored_template_is_refused(
    meta: Meta, place: int, instead: Body | None, code: int
) -> None:
    meta.sim("templates", name="offer", waba_id=WABA, components=OFFER, category="MARKETING")
    sent = [one for index, one in enumerate(SENT) if index != place]
    answer = meta.send(use([*sent, instead] if instead else sent))
    assert refusal(answer)[1] == code


def test_a_header_for_a_template_without_one_is_refused(meta: Meta) -> None:
    template = {"name": "welcome", "language": {"code": "en_US"}}
    extra = [part("header", {"type": "text", "text": "a"})]
    answer = meta.send(type="template", template={**template, "components": extra})
    assert refusal(answer)[1] == 132000


def test_a_carousel_needs_as_many_cards_as_stored(meta: Meta) -> None:
    stored = [{"components": [{"type": "BODY", "text": "Card {{1}}"}]} for _ in range(2)]
    components = [{"type": "BODY", "text": "Look"}, {"type": "CAROUSEL", "cards": stored}]
    meta.sim("templates", name="offer", waba_id=WABA, components=components)
    cards = [
        {"card_index": n, "components": [part("body", {"type": "text", "text": str(n)})]}
        for n in range(2)
    ]
    wamid = wamid_of(meta.send(use([{"type": "carousel", "cards": cards}])))
    shown = meta.read(f"messages/{wamid}")["view"]["cards"]
    assert [one["body"] for one in shown] == ["Card 0", "Card 1"]
    answer = meta.send(use([{"type": "carousel", "cards": cards[:1]}]))
    assert refusal(answer)[1] == 132000
