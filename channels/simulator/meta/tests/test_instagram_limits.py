"""What an account may send: at each limit accepted and echoed, one past it refused."""

from __future__ import annotations

from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import DANA, IG, Meta
from channels.simulator.meta.tests.receiver import Receiver
from channels.simulator.meta.tests.test_instagram import file, refused

Body = dict[str, Any]


def buttons(count: int) -> list[Body]:
    return [{"type": "postback", "title": str(n), "payload": str(n)} for n in range(count)]


def elements(count: int, **more: Any) -> Body:
    one = {"title": "x" * 80, "subtitle": "x" * 80, "buttons": buttons(3), **more}
    return template(template_type="generic", elements=[one] * count)


def template(**payload: Any) -> Body:
    return {"attachment": {"type": "template", "payload": payload}}


def quick(count: int, **more: Any) -> Body:
    one = {"content_type": "text", "title": "x" * 20, "payload": "x" * 1000, **more}
    return {"text": "?", "quick_replies": [one] * count}


GOOD: list[Body] = [
    {"text": "x" * 1000},
    {"text": "ש" * 500},
    quick(13),
    quick(1, title="x" * 21),
    {"attachment": file("image")},
    {"attachment": file("video")},
    {"attachment": file("audio")},
    {"attachment": file("file")},
    {"attachments": [file("image")] * 10},
    {"attachment": {"type": "like_heart"}},
    {"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "179400000000011"}}},
    elements(10),
    template(template_type="button", text="x" * 640, buttons=buttons(3)),
]
BAD: list[tuple[Body, int | None]] = [
    ({"text": "x" * 1001}, None),
    ({"text": "ש" * 501}, None),
    ({"text": ""}, 2534015),
    ({}, 2534015),
    ({"text": "a", "attachment": file("image")}, 2534015),
    (quick(14), None),
    (quick(1, payload="x" * 1001), None),
    ({"quick_replies": quick(1)["quick_replies"], "attachment": file("image")}, 2534015),
    ({"attachment": file("poem")}, None),
    ({"attachment": file("image", "ftp://x")}, 2018008),
    ({"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}, 2018074),
    ({"attachments": [file("image")] * 11}, None),
    ({"attachments": [file("video")] * 2}, 2534015),
    ({"attachment": {"type": "MEDIA_SHARE", "payload": {"id": "1"}}}, 2534015),
    (elements(11), None),
    (elements(1, title="x" * 81), None),
    (elements(1, buttons=buttons(4)), None),
    (template(template_type="generic", elements=[{"title": "only"}]), 2534015),
    (template(template_type="button", text="x" * 641, buttons=buttons(1)), None),
    (template(template_type="button", text="x", buttons=buttons(4)), None),
    (template(template_type="poem"), None),
]


@pytest.mark.parametrize("message", GOOD)
def test_what_is_within_the_limits_is_sent_and_echoed(
    meta: Meta, receiver: Receiver, message: Body
) -> None:
    meta.dana()
    answer = meta.direct(message)
    assert answer.status_code == 200, answer.text
    mid = answer.json()["message_id"]
    assert answer.json() == {"recipient_id": DANA, "message_id": mid}
    echo = receiver.wait(lambda: receiver.items()[1:])[0]
    assert (echo["sender"]["id"], echo["message"]["is_echo"]) == (IG, True)
    assert echo["message"]["mid"] == mid
    assert meta.read(f"messages/{mid}")["direction"] == "outbound"


@pytest.mark.parametrize(("message", "subcode"), BAD)
def test_what_is_beyond_the_limits_is_refused(
    meta: Meta, message: Body, subcode: int | None
) -> None:
    meta.dana()
    assert refused(meta.direct(message)) == (400, 100, subcode)
