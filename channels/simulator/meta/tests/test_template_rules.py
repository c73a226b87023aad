"""What Meta refuses of a new template with cards or an offer, and what webhooks do to a template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import WABA, Meta, refusal
from channels.simulator.meta.tests.receiver import Receiver
from channels.simulator.meta.tests.test_uploads import handle_of

BODY = {"type": "body", "text": "Look at these."}
FILE = {"type": "header", "format": "image", "example": {"header_handle": ["4::a"]}}
OPEN = {"type": "url", "text": "Open", "url": "https://shop.example/"}
REPLY = {"type": "quick_reply", "text": "More"}


def text(words: str) -> dict[str, Any]:
    return {"type": "body", "text": words}


def buttons(*given: Any) -> dict[str, Any]:
    return {"type": "buttons", "buttons": list(given)}


def card(*parts: Any) -> dict[str, Any]:
    return {"components": [*parts]}


def carousel(*cards: Any) -> list[Any]:
    return [BODY, {"type": "carousel", "cards": [*cards]}]


def offer(words: Any = "Expiring offer!", *beside: Any, says: Any = BODY) -> list[Any]:
    of = {"type": "limited_time_offer", "limited_time_offer": {"text": words}}
    return [says, of, *beside]


def create(meta: Meta, components: list[Any], **more: Any) -> Any:
    made = {"name": "spring", "language": "en_US", "category": "MARKETING", **more}
    components = json.loads(json.dumps(components).replace("4::a", handle_of(meta)))
    return meta.graph("POST", f"{WABA}/message_templates", json={**made, "components": components})


WHOLE = card(FILE, text("x" * 160), buttons(REPLY, OPEN))
VIEW = card({"type": "header", "format": "product"}, buttons({"type": "spm", "text": "View"}))


@pytest.mark.parametrize(
    "components",
    [
        carousel(WHOLE, WHOLE),
        carousel(*[card(FILE)] * 10),
        carousel(VIEW, VIEW),
        offer("x" * 16, FILE, buttons({"type": "copy_code", "example": "X"}, OPEN)),
        offer(says=text("x" * 600)),
    ],
)
def test_what_is_within_the_limits_is_made(meta: Meta, components: list[Any]) -> None:
    made = create(meta, components)
    assert made.status_code == 200, made.text
    shown = meta.graph("GET", made.json()["id"]).json()["components"]
    assert [one["type"] for one in shown] == [one["type"].upper() for one in components]
    for one in shown[1].get("cards", []):
        assert one["components"][0]["type"] == "HEADER"


@pytest.mark.parametrize(
    "components",
    [
        carousel(WHOLE),
        carousel(*[WHOLE] * 11),
        [BODY, {"type": "carousel"}],
        carousel("x", "y"),
        carousel({}, {}),
        carousel(*[card(text("No header"))] * 2),
        carousel(*[card({"type": "header", "format": "text", "text": "x"})] * 2),
        carousel(*[card({"type": "header", "format": "image", "example": "x"})] * 2),
        carousel(*[card(FILE, FILE)] * 2),
        carousel(*[card(FILE, text("x" * 161))] * 2),
        carousel(*[card(FILE, text(""))] * 2),
        carousel(*[card(FILE, buttons(OPEN, OPEN, REPLY))] * 2),
        carousel(*[card(FILE, buttons({**OPEN, "url": "nonsense"}))] * 2),
        carousel(*[card(FILE, buttons({**OPEN, "text": "x" * 26}))] * 2),
        carousel(card(FILE), card(FILE, text("One has a body"))),
        carousel(card(FILE, buttons(OPEN)), card(FILE, buttons(REPLY))),
        offer(""),
        offer(None),
        offer("x" * 17),
        offer("Now", {"type": "footer", "text": "x"}),
        offer("Now", {"type": "header", "format": "text", "text": "x"}),
        offer("Now", buttons(OPEN, {"type": "copy_code", "example": "X"})),
        offer(says=text("x" * 601)),
        [BODY, {"type": "limited_time_offer"}],
    ],
)
def test_what_is_past_a_limit_is_refused(meta: Meta, components: list[Any]) -> None:
    assert refusal(create(meta, components))[:2] == (400, 100)


@pytest.mark.parametrize("components", [carousel(WHOLE, WHOLE), offer()])
def test_only_marketing_has_carousels_and_offers(meta: Meta, components: list[Any]) -> None:
    assert refusal(create(meta, components, category="UTILITY"))[:2] == (400, 100)


@pytest.mark.parametrize(
    ("event", "shown"),
    [("REINSTATED", "APPROVED"), ("FLAGGED", "APPROVED"), ("UNARCHIVED", "APPROVED"),
     ("ARCHIVED", "ARCHIVED"), ("LOCKED", "PAUSED"), ("UNLOCKED", "PAUSED")],
)  # fmt: skip
def test_the_list_shows_a_status_and_never_an_event(
    meta: Meta, receiver: Receiver, event: str, shown: str
) -> None:
    meta.sim("templates", name="welcome", status="PAUSED")
    field = {"field": "message_template_status_update", "waba_id": WABA, "template": "welcome"}
    meta.sim("field", **field, value={"event": event})
    (found,) = meta.graph("GET", f"{WABA}/message_templates?name=welcome").json()["data"]
    assert (found["status"], found["language"]) == (shown, "en_US")
    (told,) = receiver.wait(receiver.changes)
    assert (told["event"], told["message_template_language"]) == (event, "en-US")
