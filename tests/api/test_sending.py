"""Sending: what is stored, what is refused before anything is."""

from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from kernel.clock import now
from messaging.api import examples
from messaging.models import Delivery, Message
from tests import factories
from tests.api.caller import Caller, code_of, fields_of

BODY = [{"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way."}]


def count(world: Any) -> tuple[int, int]:
    with factories.inside(world):
        return Message.objects.count(), Delivery.objects.count()


def send(caller: Caller, thread: Any, body: dict[str, Any], **headers: str) -> Any:
    return caller.post(f"conversations/{thread.pk}/messages", body, **headers)


def test_a_text_is_queued_and_shown(world: Any, owner: Caller, thread: Any) -> None:
    sent = send(owner, thread, {"type": "text", "text": "  On its way! ", "preview_url": True})
    assert sent.status_code == 201
    assert (sent.json()["text"], sent.json()["status"]) == ("  On its way! ", "queued")
    assert sent.json()["sender"] == {
        "kind": "agent",
        "id": world.owner.pk,
        "name": str(world.owner),
    }
    assert sent.json()["external_id"] is None
    one = owner.get(f"messages/{sent.json()['id']}").json()
    assert (one["updates"], one["attempts"]) == ([], [])
    summary = owner.get(f"conversations/{thread.pk}").json()["last_message"]
    assert (summary["id"], summary["direction"]) == (sent.json()["id"], "outbound")
    assert count(world) == (2, 1)


def test_a_reply_a_reaction_and_a_file_by_link(world: Any, owner: Caller, thread: Any) -> None:
    first = owner.get(f"conversations/{thread.pk}/messages").json()["results"][0]["id"]
    reply = send(owner, thread, {"type": "text", "text": "Yes", "reply_to_id": first})
    assert reply.json()["reply_to_id"] == first
    reaction = send(
        owner, thread, {"type": "reaction", "reaction": {"message_id": first, "emoji": "👍"}}
    )
    assert reaction.json()["reaction"] == {"message_id": first, "emoji": "👍"}
    link = {"link": "https://example.com/a.jpg", "caption": "Look"}
    image = send(owner, thread, {"type": "image", "image": link})
    assert (image.json()["image"], image.json()["text"]) == (link, "Look")


def test_nobody_quotes_one_customer_to_another(world: Any, owner: Caller, thread: Any) -> None:
    with factories.inside(world):
        elsewhere = factories.message()
    before = count(world)
    for body in ({"type": "text", "text": "x", "reply_to_id": elsewhere.pk},
                 {"type": "reaction", "reaction": {"message_id": elsewhere.pk, "emoji": "👍"}}):  # fmt: skip
        refused = send(owner, thread, body)
        assert (refused.status_code, code_of(refused)) == (404, "message_not_found")
    assert count(world) == before


def test_a_closed_window_says_what_is_allowed_and_until_when_it_was_open(
    world: Any, owner: Caller, thread: Any
) -> None:
    until = now() - timedelta(hours=1)
    with factories.inside(world):
        thread.window_until = until
        thread.save(update_fields=["window_until"])
        factories.template(thread.channel, name="order_update", components=BODY)
    refused = send(owner, thread, {"type": "text", "text": "Hello"})
    assert (refused.status_code, code_of(refused)) == (409, "window_closed")
    assert refused.json()["allowed"] == ["template"]
    assert refused.json()["until"].startswith(until.isoformat()[:19])
    window = owner.get(f"conversations/{thread.pk}/window").json()
    assert (window["open"], window["allowed"]) == (False, ["template"])
    template = {"name": "order_update", "language": "en_US", "body": ["Ana", "A-1"]}
    sent = send(owner, thread, {"type": "template", "template": template})
    assert sent.status_code == 201
    assert sent.json()["template"] == template
    assert count(world) == (2, 1)


@pytest.mark.parametrize("body, status, code, field", [
    ({"type": "text", "text": "x" * 4097}, 422, "invalid_message", "text"),
    ({"type": "text", "text": "  "}, 422, "invalid_message", "text"),
    ({"type": "template", "template": {"name": "order_update", "language": "en_US", "body": ["A"]}},
     422, "invalid_message", "template.body.1"),
    ({"type": "template", "template": {"name": "none", "language": "en_US"}},
     422, "template_unknown", "template.name"),
    ({"type": "image", "image": {"link": "ftp://x/a.jpg"}}, 422, "invalid_message", "image.link"),
    ({"type": "audio", "audio": {"link": "https://x/a.ogg", "caption": "no"}},
     422, "invalid_message", "audio.caption"),
    ({"type": "image", "image": {"media_id": "0" * 24}}, 404, "media_not_found", "image.media_id"),
    ({"type": "sticker", "sticker": {"name": "like_heart"}}, 422, "invalid_message", "sticker"),
    ({"type": "sticker", "sticker": {}}, 400, "invalid_fields", "sticker"),
    ({"type": "location", "location": {"latitude": 91, "longitude": 0}},
     422, "invalid_message", "location.latitude"),
    ({"type": "location", "location": {"latitude": "1", "longitude": 0}},
     400, "invalid_fields", "location.latitude"),
    ({"type": "contacts", "contacts": {"contacts": [{"name": {"formatted_name": "Rui"}}]}},
     422, "invalid_message", "contacts.contacts.0.name"),
    ({"type": "interactive", "interactive": {"type": "hologram"}},
     400, "invalid_fields", "interactive.type"),
    ({"type": "interactive", "interactive": {"type": "buttons", "body": "x", "colour": "red"}},
     400, "invalid_fields", "interactive.colour"),
    ({"type": "interactive", "interactive": {"type": "buttons", "body": "x"}},
     422, "invalid_message", "interactive.buttons"),
    ({"type": "interactive", "interactive": {"type": "list", "body": "x", "button": "Open",
        "sections": [{"rows": [{"id": "a", "title": "x" * 25}]}]}},
     422, "invalid_message", "interactive.sections.0.rows.0.title"),
    ({"type": "interactive", "interactive": {"type": "buttons", "header": {"image": {}}}},
     400, "invalid_fields", "interactive.header.image"),
    ({"type": "text"}, 400, "invalid_fields", "text"),
    ({"type": "text", "text": "a", "image": {"link": "https://x"}}, 400, "invalid_fields", "image"),
    ({"type": "text", "text": 5}, 400, "invalid_fields", "text"),
    ({"type": "image", "image": {}}, 400, "invalid_fields", "image"),
    ({"type": "image", "image": {"link": "https://x", "media_id": "0" * 24}},
     400, "invalid_fields", "image"),
    ({"type": "image", "image": {"link": "https://x", "size": 3}}, 400, "invalid_fields", "image.size"),
    ({"type": "hologram"}, 400, "invalid_fields", "type"),
    ({"text": "no type"}, 400, "invalid_fields", "type"),
    ({"type": "text", "text": "a", "reply_to_id": "xyz"}, 400, "invalid_fields", "reply_to_id"),
])  # fmt: skip
def test_what_a_channel_would_refuse_is_refused_with_its_field(
    world: Any, owner: Caller, thread: Any, body: Any, status: int, code: str, field: str
) -> None:
    with factories.inside(world):
        factories.template(thread.channel, name="order_update", components=BODY)
    refused = send(owner, thread, body)
    assert (refused.status_code, code_of(refused)) == (status, code), refused.json()
    assert field in fields_of(refused), refused.json()
    assert refused.json().get("limit") == (4096 if "x" * 4097 in body.values() else ANY)
    assert count(world) == (1, 0)


def test_a_kind_that_the_channel_has_not_is_told_before_any_call(
    world: Any, owner: Caller, thread: Any
) -> None:
    for body in ({"type": "share", "share": {"media_id": "17900000000000001"}},
                 {"type": "interactive", "interactive": {"type": "generic", "elements": []}}):  # fmt: skip
        refused = send(owner, thread, body)
        assert (refused.status_code, code_of(refused)) == (422, "unsupported_by_channel")
    assert count(world) == (1, 0)


def with_links(value: Any) -> Any:
    """An example's files are nobody's; a link to one is taken in the same place."""
    if isinstance(value, dict):
        return {"link": "https://example.com/a.jpg"} if "media_id" in value else {
            name: with_links(inner) for name, inner in value.items()}  # fmt: skip
    return [with_links(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name, body", examples.INTERACTIVE, ids=lambda value: str(value)[:20])
def test_every_interactive_example_is_taken_and_shown(
    world: Any, owner: Caller, thread: Any, name: str, body: Any
) -> None:
    body = with_links(body)
    sent = send(owner, thread, {"type": "interactive", "interactive": body})
    assert sent.status_code == 201, sent.json()
    assert (sent.json()["interactive"], sent.json()["text"]) == (body, body["body"])


def test_a_send_on_a_thread_that_moved_on_is_refused(
    world: Any, owner: Caller, thread: Any
) -> None:
    first = send(owner, thread, {"type": "text", "text": "one"}).json()["id"]
    body = {"type": "text", "text": "two", "expected_last_message_id": "0" * 24}
    refused = send(owner, thread, body)
    assert (refused.status_code, code_of(refused)) == (409, "conversation_moved_on")
    assert refused.json()["last_message_id"] == first
    assert send(owner, thread, {**body, "expected_last_message_id": first}).status_code == 201


def test_who_reads_shows_the_customer_that_it_was_read(world: Any, owner: Caller, thread: Any,
                                                       as_role: Any) -> None:  # fmt: skip
    from messaging.models import ReadReceipt

    path = f"conversations/{thread.pk}/read"
    assert as_role("viewer").post(path).status_code == 200
    assert code_of(as_role("viewer").post(path, {"typing": True})) == "permission_denied"
    with factories.inside(world):
        assert not ReadReceipt.objects.exists()
    owner.post(path, {"typing": True})
    with factories.inside(world):
        assert ReadReceipt.objects.get().typing is True
