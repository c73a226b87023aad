"""Instagram's nodes: account, subscriptions, people, conversations, profile, comments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import (
    DANA,
    IG,
    IG_TOKEN,
    PAGE,
    PAGE_TOKEN,
    TOKEN,
    Meta,
    refusal,
)
from channels.simulator.meta.tests.receiver import Receiver
from channels.simulator.meta.tests.test_instagram import refused


def test_both_ids_of_an_account(meta: Meta) -> None:
    fields = {"fields": "id,user_id,username"}
    node = meta.instagram("GET", "me", params=fields).json()
    assert node == {"id": "26001", "user_id": IG, "username": "acme.shop"}
    page = meta.graph("GET", "me", PAGE_TOKEN, params={"fields": "instagram_business_account"})
    assert page.json() == {
        "id": PAGE,
        "instagram_business_account": {"id": IG, "username": "acme.shop"},
    }


def test_tokens_of_one_host_do_not_serve_on_the_other(meta: Meta) -> None:
    answer = meta.graph("GET", f"{PAGE}/subscribed_apps", IG_TOKEN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, 190)
    assert refused(meta.instagram("GET", "me", PAGE_TOKEN)) == (401, 190, None)
    assert refused(meta.instagram("GET", "me", TOKEN)) == (401, 190, None)
    assert refused(meta.instagram("GET", "999", IG_TOKEN)) == (400, 100, 33)


@pytest.mark.parametrize(("path", "token"), [("me", IG_TOKEN), (PAGE, PAGE_TOKEN)])
def test_subscribing_and_losing_it(meta: Meta, receiver: Receiver, path: str, token: str) -> None:
    ask = meta.instagram if token == IG_TOKEN else meta.graph
    meta.instagram("DELETE", f"{IG}/subscribed_apps")
    none = meta.sim("instagram/inject", ig_id=IG, **{"from": DANA}, text="x")
    assert none["reason"] == "not subscribed"
    wrong = ask("POST", f"{path}/subscribed_apps", token, params={"subscribed_fields": "poems"})
    assert wrong.json()["error"]["code"] == 100
    good = {"subscribed_fields": "messages,comments"}
    assert ask("POST", f"{path}/subscribed_apps", token, params=good).json() == {"success": True}
    listed = ask("GET", f"{path}/subscribed_apps", token).json()["data"]
    assert listed[0]["subscribed_fields"] == ["messages", "comments"]
    meta.dana()
    assert meta.sim("subscriptions", ig_id=IG) == {"subscribed": False}
    assert ask("GET", f"{path}/subscribed_apps", token).json() == {"data": []}


def test_an_hour_of_failed_webhooks_ends_the_subscription(meta: Meta, receiver: Receiver) -> None:
    meta.sim("settings", retry_schedule_s=[0.05])
    subscribed = f"{IG}/subscribed_apps"
    for offset in (0, 3500, 3600):
        meta.sim("clock", offset_s=offset)
        receiver.statuses[:] = [503] * 2
        meta.dana()
        receiver.wait(lambda: not receiver.statuses)
        assert len(meta.instagram("GET", subscribed).json()["data"]) == (0 if offset == 3600 else 1)
    assert meta.sim("instagram/inject", ig_id=IG, **{"from": DANA}, text="x")["delivered"] is None


def test_one_webhook_that_is_taken_begins_the_hour_anew(meta: Meta, receiver: Receiver) -> None:
    meta.sim("settings", retry_schedule_s=[])
    for offset, status in ((0, 503), (3500, 200), (3700, 503), (7000, 503)):
        meta.sim("clock", offset_s=offset)
        receiver.statuses[:] = [status]
        meta.dana()
    assert len(meta.instagram("GET", f"{IG}/subscribed_apps").json()["data"]) == 1


def test_a_profile_needs_consent(meta: Meta) -> None:
    fields = {"fields": "name,username,profile_pic,follower_count"}
    assert refused(meta.instagram("GET", DANA, params=fields)) == (403, 230, None)
    meta.dana()
    node = meta.instagram("GET", DANA, params=fields).json()
    assert (node["id"], node["name"], node["username"]) == (DANA, "Dana", "dana.c")
    meta.sim("instagram/people", igsid=DANA, has_blocked=True)
    assert refused(meta.instagram("GET", DANA, params=fields)) == (400, 100, 2018218)


def test_conversations_and_their_latest_twenty_messages(meta: Meta) -> None:
    first = meta.dana(text="0")
    last = [meta.dana(text=str(n)) for n in range(1, 21)][-1]
    query = {"platform": "instagram", "user_id": DANA}
    found = meta.graph("GET", f"{PAGE}/conversations", PAGE_TOKEN, params=query).json()["data"]
    assert len(found) == 1
    node = meta.instagram("GET", found[0]["id"], params={"fields": "messages"}).json()
    assert node["messages"]["data"][0]["id"] == last
    fields = {"fields": "id,from,to,message,attachments"}
    read = meta.instagram("GET", last, params=fields).json()
    assert (read["message"], read["from"]["id"], read["to"]["data"][0]["id"]) == ("20", DANA, IG)
    assert refused(meta.instagram("GET", first, params=fields)) == (400, 9000001, None)
    assert meta.instagram("GET", "me/conversations", params={"user_id": "1"}).json() == {"data": []}
    meta.sim("instagram/accounts", ig_id=IG, allows_access=False)
    assert refused(meta.instagram("GET", "me/conversations")) == (403, 200, 2534041)


def questions(count: int) -> list[dict[str, Any]]:
    actions = [{"question": f"Q{n}", "payload": str(n)} for n in range(count)]
    return [{"call_to_actions": actions, "locale": "default"}]


def test_ice_breakers_and_the_menu(meta: Meta) -> None:
    menu = [
        {
            "locale": "default",
            "call_to_actions": [
                {"type": "postback", "title": "Hours", "payload": "HOURS"},
                {"type": "web_url", "title": "Shop", "url": "https://example.com"},
            ],
        }
    ]
    body = {"platform": "instagram", "ice_breakers": questions(4), "persistent_menu": menu}
    path = f"{IG}/messenger_profile"
    assert meta.instagram("POST", path, json=body).json() == {"result": "success"}
    found = meta.instagram("GET", path, params={"fields": "ice_breakers"}).json()
    assert found == {"data": [{"ice_breakers": questions(4)}]}
    many = {"platform": "instagram", "ice_breakers": questions(5)}
    assert refused(meta.instagram("POST", path, json=many)) == (400, 100, None)
    shown = meta.read("state")["instagram"]["accounts"][0]["profile"]
    assert shown["persistent_menu"] == menu
    meta.instagram("DELETE", path, json={"fields": ["ice_breakers", "persistent_menu"]})
    assert meta.instagram("GET", path).json() == {"data": []}


def test_a_comment_is_answered_hidden_and_deleted(meta: Meta, receiver: Receiver) -> None:
    comment = meta.sim("instagram/change", ig_id=IG, **{"from": DANA}, text="price?")["id"]
    made = meta.instagram("POST", f"{comment}/replies", params={"message": "20"}).json()
    value = receiver.wait(lambda: receiver.changes()[1:])[0]
    assert (value["from"]["id"], value["parent_id"], value["id"]) == (IG, comment, made["id"])
    again = meta.instagram("POST", f"{made['id']}/replies", params={"message": "20"})
    assert refused(again) == (400, 100, None)
    replies = meta.instagram("GET", f"{comment}/replies", params={"fields": "text"}).json()
    assert [one["text"] for one in replies["data"]] == ["20"]
    assert meta.instagram("POST", comment, params={"hide": "true"}).json() == {"success": True}
    hidden = meta.graph("GET", comment, PAGE_TOKEN, params={"fields": "hidden,username"}).json()
    assert (hidden["hidden"], hidden["username"]) == (True, "dana.c")
    assert meta.instagram("DELETE", comment).json() == {"success": True}
    assert refused(meta.instagram("GET", comment)) == (400, 100, 33)


def test_permissions_are_asked_for(meta: Meta) -> None:
    meta.sim("tokens", token="IGAAless", ig_id=IG, scopes=["instagram_business_basic"])
    body = {"recipient": {"id": DANA}, "message": {"text": "x"}}
    answer = meta.instagram("POST", "me/messages", "IGAAless", json=body)
    assert refused(answer) == (403, 200, None)


def test_events_of_one_account_share_a_body_when_batched(meta: Meta, receiver: Receiver) -> None:
    meta.sim("chaos", batch=3)
    for _ in range(3):
        meta.sim("instagram/inject", ig_id=IG, **{"from": DANA}, text="x", wait=False)
    receiver.wait(lambda: len(receiver.items()) == 3)
    assert len(receiver.bodies) == 1
    assert len(receiver.entries()) == 1


def test_a_thread_is_passed_on_and_taken_back(meta: Meta, receiver: Receiver) -> None:
    meta.dana()
    body = {"recipient": {"id": DANA}, "target_app_id": "263902037430900", "metadata": "bot"}
    passed = meta.instagram("POST", "me/pass_thread_control", json=body)
    assert passed.json() == {"success": True}
    told = receiver.wait(lambda: receiver.items()[1:])[0]["pass_thread_control"]
    assert told == {
        "previous_owner_app_id": 300400500,
        "new_owner_app_id": 263902037430900,
        "metadata": "bot",
    }
    assert refused(meta.direct({"text": "x"})) == (400, 100, 2534037)
    meta.instagram("POST", "me/take_thread_control", json={"recipient": {"id": DANA}})
    assert meta.direct({"text": "x"}).status_code == 200


def test_a_fault_with_a_subcode_speaks_metas_words(meta: Meta) -> None:
    meta.dana()
    meta.sim("fail-next", code=10, subcode=2018278)
    answer = meta.direct({"text": "x"})
    assert refused(answer) == (400, 10, 2018278)
    assert "outside of allowed window" in answer.json()["error"]["message"]


def test_a_file_is_uploaded_and_sent(meta: Meta) -> None:
    meta.dana()
    attachment: dict[str, Any] = {"type": "file", "payload": {"is_reusable": True}}
    form = {"platform": "instagram", "message": json.dumps({"attachment": attachment})}
    files = {"filedata": ("a.pdf", b"%PDF", "application/pdf")}
    path = f"{PAGE}/message_attachments"
    made = meta.graph("POST", path, PAGE_TOKEN, data=form, files=files).json()
    attachment["payload"] = made
    assert meta.direct({"attachment": attachment}).status_code == 200
    files = {"filedata": ("a.txt", b"text", "text/plain")}
    wrong = meta.graph("POST", path, PAGE_TOKEN, data=form, files=files)
    assert refusal(wrong)[1] == 100


def test_a_mention_is_read(meta: Meta) -> None:
    comment = meta.sim("instagram/change", ig_id=IG, **{"from": DANA}, text="@acme?")["id"]
    fields = f"mentioned_comment.comment_id({comment}){{id,text,username}}"
    node = meta.instagram("GET", IG, params={"fields": fields}).json()["mentioned_comment"]
    assert (node["text"], node["username"]) == ("@acme?", "dana.c")
