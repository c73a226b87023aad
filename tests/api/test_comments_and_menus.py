"""Comments and menus through the API: shapes, limits by name, other kinds of channels, other tenants."""

from collections.abc import Iterator
from typing import Any

import pytest

from channels.providers.meta.tests.server import Meta, playing
from kernel.models import AuditEntry
from messaging.models import Message
from messaging.tests.instagram import DANA, ig_receive, instagram_channel
from tests import factories
from tests.api.caller import Caller, code_of


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Meta]:
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    with playing() as server:
        settings.META_GRAPH_URL = settings.META_INSTAGRAM_URL = server.base_url
        yield server


@pytest.fixture
def gram(world: Any, graph: Meta) -> Any:
    with factories.inside(world):
        return instagram_channel()


@pytest.fixture
def comment(world: Any, gram: Any) -> Message:
    value = {"id": "18055", "text": "price?", "from": {"id": DANA, "username": "dana.c"}}
    with factories.inside(world):
        ig_receive(gram, changes=[{"field": "comments", "value": value}])
        return Message.objects.get()


def test_a_comment_is_answered_hidden_and_deleted(
    owner: Caller, comment: Message, graph: Meta
) -> None:
    path = f"conversations/{comment.conversation_id}/messages"
    said = {"type": "comment", "text": "12 euros", "reply_to_id": comment.pk}
    sent = owner.post(path, said)
    assert (sent.status_code, sent.json()["comment"]["parent_id"]) == (201, "18055")
    graph.answer({"success": True})
    hidden = owner.patch(f"messages/{comment.pk}/comment", {"is_hidden": True})
    assert (hidden.status_code, hidden.json()["comment"]["is_hidden"]) == (200, True)
    assert code_of(owner.post(path, said)) == "comment_not_answerable"
    graph.answer({"success": True})
    assert owner.delete(f"messages/{comment.pk}/comment").status_code == 204
    updates = owner.get(f"messages/{comment.pk}").json()["updates"]
    assert [u["actor"]["kind"] for u in updates if u["kind"] == "moderated"] == ["agent", "agent"]


def test_a_comment_needs_to_say_which_it_answers(owner: Caller, comment: Message) -> None:
    path = f"conversations/{comment.conversation_id}/messages"
    refused = owner.post(path, {"type": "comment", "text": "12 euros"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "reply_to_id")


def test_anothers_comment_is_unknown(comment: Message, graph: Meta, new_tenant: Any) -> None:
    from tests.api.conftest import signed_in

    other = new_tenant()
    caller = signed_in(other.user, other.tenant)
    refused = caller.patch(f"messages/{comment.pk}/comment", {"is_hidden": True})
    assert (refused.status_code, graph.asked) == (404, [])


QUESTIONS = [{"question": "Open?", "payload": "HOURS"}]
HELD = {"data": [{"ice_breakers": [{"locale": "default", "call_to_actions": QUESTIONS}]}]}


def test_ice_breakers_are_read_set_and_taken_away(
    owner: Caller, world: Any, gram: Any, graph: Meta
) -> None:
    path = f"channels/{gram.pk}/menus"
    graph.answer({"data": []})
    assert owner.get(path).json() == {"ice_breakers": [], "persistent_menu": []}
    graph.answer({"result": "success"})
    graph.answer(HELD)
    changed = owner.call("put", f"{path}/ice-breakers", body={"ice_breakers": QUESTIONS})
    assert changed.json() == {"ice_breakers": QUESTIONS, "persistent_menu": []}
    assert graph.body(1)["ice_breakers"] == [{"call_to_actions": QUESTIONS, "locale": "default"}]
    graph.answer({"result": "success"})
    graph.answer({"data": []})
    assert owner.delete(f"{path}/ice-breakers").status_code == 204
    assert graph.body(3)["fields"] == ["ice_breakers"]
    with factories.inside(world):
        done = AuditEntry.objects.filter(target_id=gram.pk, action="channel.menu_changed")
        assert done.count() == 2


def test_a_menu_is_set(owner: Caller, gram: Any, graph: Meta) -> None:
    items = [{"title": "Track", "payload": "TRACK"}, {"title": "Shop", "url": "https://a.example/"}]
    shown = [{"type": "postback", **items[0]}, {"type": "web_url", **items[1]}]
    graph.answer({"result": "success"})
    graph.answer({"data": [{"persistent_menu": [{"locale": "default", "call_to_actions": shown}]}]})
    path = f"channels/{gram.pk}/menus/persistent-menu"
    assert (
        owner.call("put", path, body={"persistent_menu": items}).json()["persistent_menu"] == items
    )


@pytest.mark.parametrize(
    ("name", "entries", "field", "limit"),
    [
        ("ice_breakers", QUESTIONS * 5, "ice_breakers", 4),
        ("ice_breakers", [{"question": "x" * 81, "payload": "A"}], "ice_breakers[0].question", 80),
        ("persistent_menu", [{"title": "x", "payload": "A"}] * 6, "persistent_menu", 5),
        ("persistent_menu", [{"title": "x" * 31, "payload": "A"}], "persistent_menu[0].title", 30),
    ],
)
def test_a_menu_beyond_its_limits_is_refused_by_name(
    owner: Caller, gram: Any, graph: Meta, name: str, entries: Any, field: str, limit: int
) -> None:
    path = f"channels/{gram.pk}/menus/{name.replace('_', '-')}"
    refused = owner.call("put", path, body={name: entries})
    assert (refused.status_code, code_of(refused)) == (422, "invalid_menu")
    assert (refused.json()["errors"][0]["field"], refused.json()["limit"]) == (field, limit)
    assert graph.asked == []


def test_whatsapp_has_no_menus(owner: Caller, world: Any) -> None:
    with factories.inside(world):
        channel = factories.channel()
    assert code_of(owner.get(f"channels/{channel.pk}/menus")) == "menus_unsupported"


def test_what_the_provider_refuses_is_said(owner: Caller, gram: Any, graph: Meta) -> None:
    graph.refuse(100)
    path = f"channels/{gram.pk}/menus/ice-breakers"
    refused = owner.call("put", path, body={"ice_breakers": QUESTIONS})
    assert (refused.status_code, code_of(refused)) == (422, "provider_refused")
