"""People write to an account, and what the account may answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import requests

from channels.simulator.meta.instagram.errors import SUBCODES
from channels.simulator.meta.instagram.samples import PARTS, SHARES
from channels.simulator.meta.tests.conftest import (
    DANA,
    IG,
    IG_SECRET,
    PAGE,
    PAGE_TOKEN,
    SECRET,
    Meta,
)
from channels.simulator.meta.tests.receiver import Receiver

Body = dict[str, Any]


def refused(answer: requests.Response) -> tuple[int, int, int | None]:
    """`(HTTP status, code, subcode)`."""
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    assert "error_data" not in error
    return answer.status_code, error["code"], error.get("error_subcode")


def file(kind: str, url: str = "https://example.com/a") -> Body:
    return {"type": kind, "payload": {"url": url}}


def test_a_message_arrives_in_the_envelope_with_milliseconds(
    meta: Meta, receiver: Receiver
) -> None:
    mid = meta.dana(text="שלום 🌊")
    body = json.loads(receiver.bodies[0])
    assert (body["object"], body["entry"][0]["id"]) == ("instagram", IG)
    assert body["entry"][0]["time"] > 10**12
    item = receiver.items()[0]
    assert item.pop("timestamp") > 10**12
    assert item == {
        "sender": {"id": DANA},
        "recipient": {"id": IG},
        "message": {"mid": mid, "text": "שלום 🌊"},
    }


def sign(secret: str, raw: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def test_the_flavour_decides_which_secret_signs(meta: Meta, receiver: Receiver) -> None:
    meta.dana(text="a/b 🌊")
    assert receiver.headers[0]["x-hub-signature-256"] == sign(IG_SECRET, receiver.bodies[0])
    assert b"a\\/b \\ud83c\\udf0a" in receiver.bodies[0]
    meta.instagram("DELETE", "me/subscribed_apps")
    fields = {"subscribed_fields": "feed"}
    meta.graph("POST", f"{PAGE}/subscribed_apps", PAGE_TOKEN, params=fields)
    meta.dana()
    assert receiver.headers[1]["x-hub-signature-256"] == sign(SECRET, receiver.bodies[1])


@pytest.mark.parametrize("kind", ["image", "video", "audio", "file", *SHARES])
def test_files_and_shares_have_links_that_expire(meta: Meta, receiver: Receiver, kind: str) -> None:
    meta.dana(kind)
    attachment = receiver.items()[0]["message"]["attachments"][0]
    assert attachment["type"] == kind
    url = attachment["payload"]["url"]
    assert requests.get(url).status_code == 200
    meta.sim("clock", advance_s=4 * 86_400)
    assert requests.get(url).status_code == 403


@pytest.mark.parametrize("kind", list(PARTS))
def test_every_other_event_has_its_key(meta: Meta, receiver: Receiver, kind: str) -> None:
    meta.dana(kind)
    assert PARTS[kind].items() <= receiver.items()[0].items()


def test_answers_to_stories_and_quotes(meta: Meta, receiver: Receiver) -> None:
    first = meta.dana()
    meta.dana(reply_to=first)
    meta.dana("story_reply")
    replies = [item["message"].get("reply_to") for item in receiver.items()[1:]]
    assert replies[0] == {"mid": first, "is_self_reply": True}
    assert set(replies[1]["story"]) == {"id", "url"}


def test_reactions_edits_and_deletions_change_the_telephone(meta: Meta, receiver: Receiver) -> None:
    mid = meta.dana()
    meta.dana("reaction", mid=mid, emoji="❤️")
    assert meta.read(f"messages/{mid}")["reactions"] == {"customer": "❤️"}
    meta.dana("reaction", mid=mid)
    assert receiver.items()[2]["reaction"] == {"mid": mid, "action": "unreact"}
    meta.dana("edit", mid=mid, text="new")
    assert meta.read(f"messages/{mid}")["content"] == {"body": "new"}
    meta.dana("deleted", mid=mid)
    assert receiver.items()[4]["message"] == {"mid": mid, "is_deleted": True}
    assert meta.read(f"messages/{mid}")["type"] == "revoked"


def test_a_new_message_can_come_as_an_edit_without_ends(meta: Meta, receiver: Receiver) -> None:
    mid = meta.dana("edit", num_edit=0, omit=["sender", "recipient"], body="hello")
    item = receiver.items()[0]
    assert (item["message_edit"], "sender" in item) == ({"mid": mid, "num_edit": 0}, False)
    node = meta.instagram("GET", mid, params={"fields": "id,from,message"}).json()
    assert (node["from"]["id"], node["message"]) == (DANA, "hello")


def test_another_app_owns_the_thread(meta: Meta, receiver: Receiver) -> None:
    meta.sim("instagram/accounts", ig_id=IG, is_owner=False)
    meta.dana()
    assert receiver.entries()[0]["standby"][0]["message"]["text"] == "hi"
    assert refused(meta.direct({"text": "x"})) == (400, 100, 2534037)


@pytest.mark.parametrize("shape", ["changes", "flat"])
def test_a_comment_comes_in_either_shape(meta: Meta, receiver: Receiver, shape: str) -> None:
    meta.sim("settings", ig_comments=shape)
    comment = meta.sim("instagram/change", ig_id=IG, **{"from": DANA}, text="price?")["id"]
    entry = receiver.entries()[0]
    change = entry if shape == "flat" else entry["changes"][0]
    assert change["field"] == "comments"
    assert change["value"]["id"] == comment
    assert change["value"]["from"] == {"id": DANA, "username": "dana.c"}
    assert entry["time"] < 10**12


@pytest.mark.parametrize("field", ["live_comments", "mentions", "story_insights"])
def test_other_changes(meta: Meta, receiver: Receiver, field: str) -> None:
    meta.sim("instagram/change", ig_id=IG, field=field, **{"from": DANA})
    assert receiver.entries()[0]["changes"][0]["field"] == field


def serve(meta: Meta, content: bytes, mime_type: str) -> str:
    """A link to these bytes on this machine: a customer's file of the simulator itself."""
    body = {"base64": base64.b64encode(content).decode(), "mime_type": mime_type}
    mid = meta.dana("image", **body)
    node = meta.instagram("GET", mid, params={"fields": "attachments"}).json()
    return str(node["attachments"]["data"][0]["image_data"]["url"])


def test_linked_files_are_fetched_and_their_type_is_checked(meta: Meta) -> None:
    url = serve(meta, b"GIF89a", "image/gif")
    assert meta.direct({"attachment": file("image", url)}).status_code == 200
    assert refused(meta.direct({"attachment": file("video", url)})) == (400, 100, 2018047)
    gone = file("image", f"{meta.url}/page/none.png")
    assert refused(meta.direct({"attachment": gone})) == (400, 100, 2018008)
    large = serve(meta, b"x" * (8 * 1024 * 1024 + 1), "image/png")
    assert refused(meta.direct({"attachment": file("image", large)})) == (400, 100, 2018109)


def test_an_uploaded_attachment_is_sent_by_its_id(meta: Meta) -> None:
    meta.dana()
    body = {"platform": "instagram", "message": {"attachment": file("image")}}
    made = meta.graph("POST", f"{PAGE}/message_attachments", PAGE_TOKEN, json=body).json()
    attachment = {"type": "image", "payload": made}
    assert meta.direct({"attachment": attachment}).status_code == 200


def test_the_window_and_the_human_agent(meta: Meta) -> None:
    assert refused(meta.direct({"text": "x"})) == (403, 10, 2534022)
    meta.dana()
    meta.sim("clock", advance_s=86_400)
    assert refused(meta.direct({"text": "x"})) == (403, 10, 2534022)
    on_page = {"recipient": {"id": DANA}, "message": {"text": "x"}}
    answer = meta.graph("POST", "me/messages", PAGE_TOKEN, json=on_page)
    assert refused(answer) == (400, 10, 2534022)
    human = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert meta.direct({"text": "x"}, **human).status_code == 200
    meta.sim("clock", advance_s=6 * 86_400)
    assert refused(meta.direct({"text": "x"}, **human)) == (403, 10, 2534022)
    old = {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}
    assert refused(meta.direct({"text": "x"}, **old)) == (400, 100, None)


@pytest.mark.parametrize("kind", ["postback", "story_mention", "story_reply"])
def test_what_opens_the_window(meta: Meta, kind: str) -> None:
    meta.dana(kind)
    assert meta.direct({"text": "x"}).status_code == 200


def test_a_comment_is_answered_in_private_once_and_within_a_week(meta: Meta) -> None:
    comment = meta.sim("instagram/change", ig_id=IG, **{"from": "902211339999"})["id"]
    body = {"recipient": {"comment_id": comment}, "message": {"text": "hello"}}
    answer = meta.instagram("POST", f"{IG}/messages", json=body)
    assert answer.json()["recipient_id"] == "902211339999"
    assert refused(meta.instagram("POST", f"{IG}/messages", json=body)) == (400, 100, 2534025)
    late = meta.sim("instagram/change", ig_id=IG, **{"from": DANA})["id"]
    meta.sim("clock", advance_s=7 * 86_400 + 1)
    body["recipient"] = {"comment_id": late}
    assert refused(meta.instagram("POST", f"{IG}/messages", json=body)) == (400, 100, 2534025)


def test_sender_actions_stand_alone(meta: Meta) -> None:
    mid = meta.dana()
    for action in ("typing_on", "typing_off", "mark_seen"):
        body = {"recipient": {"id": DANA}, "sender_action": action}
        assert meta.instagram("POST", "me/messages", json=body).json() == {"recipient_id": DANA}
    assert meta.read("thread", phone_number_id=IG, wa_id=DANA)["messages"][0]["read_by_business"]
    body = {"recipient": {"id": DANA}, "sender_action": "react"}
    body["payload"] = {"message_id": mid, "reaction": "love"}
    meta.instagram("POST", "me/messages", json=body)
    assert meta.read(f"messages/{mid}")["reactions"] == {"business": "❤️"}
    both = meta.direct({"text": "x"}, sender_action="typing_on")
    assert refused(both) == (400, 100, 2018014)


def test_a_message_is_read_when_the_conversation_is_open(meta: Meta, receiver: Receiver) -> None:
    meta.dana()
    mid = meta.direct({"text": "x"}).json()["message_id"]
    meta.sim("telephones/look", phone_number_id=IG, wa_id=DANA)
    receiver.wait(lambda: [item for item in receiver.items() if item.get("read") == {"mid": mid}])


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"allows_access": False}, (403, 200, 2534041)),
        ({"is_restricted": True}, (400, 10, 1893063)),
    ],
)
def test_the_standing_of_an_account(meta: Meta, change: Body, wanted: Any) -> None:
    meta.dana()
    meta.sim("instagram/accounts", ig_id=IG, **change)
    assert refused(meta.direct({"text": "x"})) == wanted


def test_people_who_cannot_be_reached(meta: Meta) -> None:
    body = {"recipient": {"id": "1"}, "message": {"text": "x"}}
    assert refused(meta.instagram("POST", "me/messages", json=body)) == (400, 100, 2534014)
    meta.dana()
    meta.sim("instagram/people", igsid=DANA, has_blocked=True)
    assert refused(meta.direct({"text": "x"})) == (400, 551, 1545041)


@pytest.mark.parametrize("subcode", [one for one in SUBCODES if one > 1_000_000])
def test_an_id_that_ends_in_a_subcode_fails_with_it(meta: Meta, subcode: int) -> None:
    body = {"recipient": {"id": f"9022{subcode}"}, "message": {"text": "x"}}
    known = SUBCODES[subcode]
    answer = meta.instagram("POST", "me/messages", json=body)
    assert refused(answer) == (known.http, known.code, subcode)


def test_a_rate_is_refused(meta: Meta) -> None:
    meta.dana()
    meta.sim("settings", ig_sends_per_s=1)
    assert meta.direct({"text": "1"}).status_code == 200
    assert refused(meta.direct({"text": "2"})) == (400, 613, 2534040)
