"""Over the API: what somebody may not see is, everywhere, what does not exist."""

from typing import Any

import pytest

from conversations.services.changes import assign_conversation
from kernel.clock import now
from kernel.models import DomainEvent
from kernel.mongo.ids import new_id
from kernel.scoping.context import outside_scope
from kernel.work.drain import drain
from messaging.models import Attachment, Message
from tenants.models import Membership, Team
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller
from webhooks.models import WebhookEvent

SAME_ID = {"X-Request-Id": "the-same-each-time"}
LIMITED = ["conversations:read_team", "conversations:read_unassigned", "conversations:read_assigned",
           "conversations:assign", "conversations:close", "messages:send", "messages:send_template",
           "events:read"]  # fmt: skip


@pytest.fixture
def office(world: Any) -> Any:
    """Two conversations with a message and a file each, of one contact: one everybody's, one another's."""
    with factories.inside(world):
        world.other = Membership.objects.create(
            user=factories.person(), role="agent", email="o@e.test"
        )
        world.team = Team.objects.create(name="Sales")
        contact, channel = factories.contact(name="Ana"), factories.channel()
        factories.identity(contact)
        world.hidden = _talk(channel, contact, assignee=world.other, status="closed", active=False)
        world.open = _talk(channel, contact)
    return world


def _talk(channel: Any, contact: Any, **fields: Any) -> Any:
    row = factories.conversation(on=channel, with_=contact, message_count=1, **fields)
    row.message = factories.message(row, seq=1, attachment_count=1)
    file = factories.item(media_state="stored", mime_type="image/png", message_id=row.message.pk)
    file.save(force_insert=True)
    row.file = file
    return row


def rows(world: Any) -> tuple[Any, ...]:
    with factories.inside(world):
        return (Message.objects.count(), Attachment.objects.count(), DomainEvent.objects.count(),
                type(world.hidden).objects.filter(pk=world.hidden.pk).values().get())  # fmt: skip


def test_whatever_asks_for_an_invisible_conversation_hears_what_a_random_id_hears(
    office: Any,
) -> None:
    caller, _ = key_caller(office, LIMITED)
    before = rows(office)
    by_conversation = [
        ("get", "conversations/{}", None),
        ("patch", "conversations/{}", {"status": "open"}),
        ("post", "conversations/{}/assign", {"assignee_id": "me"}),
        ("post", "conversations/{}/assign", {"team_id": None}),
        ("post", "conversations/{}/read", {"typing": True}),
        ("get", "conversations/{}/window", None),
        ("get", "conversations/{}/messages", None),
        ("post", "conversations/{}/messages", {"type": "text", "text": "x"}),
        ("post", "conversations/{}/messages", {"type": "template", "template": {"name": "t", "language": "en"}}),
    ]  # fmt: skip
    for method, path, body in by_conversation:
        same(caller, method, path, office.hidden.pk, body)
    same(caller, "get", "messages/{}", office.hidden.message.pk)
    same(caller, "get", "media/{}", office.hidden.file.pk)
    assert rows(office) == before


def same(caller: Caller, method: str, path: str, hidden: str, body: Any = None) -> None:
    answers = [
        caller.call(method, path.format(id_), body=body, headers=SAME_ID)
        for id_ in (hidden, new_id())
    ]
    assert [a.status_code for a in answers] == [404, 404], (method, path, answers[0].content)
    assert answers[0].content == answers[1].content, (method, path)
    assert dict(answers[0].headers).keys() == dict(answers[1].headers).keys()


def test_nothing_of_an_invisible_conversation_is_quoted_or_sent_on(office: Any) -> None:
    caller, _ = key_caller(office, LIMITED)
    path, before = f"conversations/{office.open.pk}/messages", rows(office)
    for kind, hidden in (("message", office.hidden.message.pk), ("file", office.hidden.file.pk)):
        for body in bodies(kind, hidden):
            random = bodies(kind, new_id())[bodies(kind, hidden).index(body)]
            one, other = (caller.post(path, b, **SAME_ID) for b in (body, random))
            assert one.status_code in (404, 422) and one.content == other.content, body
    assert rows(office) == before
    everybody, _ = key_caller(office, [*LIMITED, "conversations:read_all"])
    assert everybody.get(f"media/{office.hidden.file.pk}").status_code == 200


def bodies(kind: str, id_: str) -> list[dict[str, Any]]:
    if kind == "file":
        return [{"type": "image", "image": {"media_id": id_}}]
    return [{"type": "text", "text": "x", "reply_to_id": id_},
            {"type": "reaction", "reaction": {"message_id": id_, "emoji": "👍"}}]  # fmt: skip


def test_lists_and_filters_show_only_what_is_visible(office: Any) -> None:
    caller, _ = key_caller(office, LIMITED)
    for query in ({}, {"contact": office.open.contact_id}, {"channel": office.open.channel_id},
                  {"team": "none"}, {"status": "open,closed"}):  # fmt: skip
        found = caller.get("conversations", **query).json()["results"]
        assert [row["id"] for row in found] == [office.open.pk], query
    for query in ({"assignee": office.other.pk}, {"team": office.team.pk}, {"team": "mine"}):
        assert caller.get("conversations", **query).json()["results"] == []
    assert caller.get("conversations", team="x").status_code == 400


def test_a_conversation_is_given_to_a_team_and_found_by_it(office: Any, owner: Caller) -> None:
    path = f"conversations/{office.open.pk}"
    given = owner.post(f"{path}/assign", {"team_id": office.team.pk}).json()
    assert given["team"] == {"id": office.team.pk, "name": "Sales"}
    found = owner.get("conversations", team=office.team.pk).json()["results"]
    assert [row["id"] for row in found] == [office.open.pk]
    refused = owner.post(f"{path}/assign", {"team_id": "0" * 24})
    assert (refused.status_code, code_of(refused)) == (422, "team_unknown")
    assert owner.post(f"{path}/assign", {}).status_code in (400, 422)
    taken = owner.post(f"{path}/assign", {"team_id": None, "assignee_id": "me"}).json()
    assert (taken["team"], taken["assignee"]["id"]) == (None, office.owner.pk)


def test_who_gives_a_conversation_away_is_shown_it_once_more(office: Any) -> None:
    caller, _ = key_caller(office, LIMITED)
    path = f"conversations/{office.open.pk}"
    given = caller.post(f"{path}/assign", {"assignee_id": office.other.pk})
    assert given.json()["assignee"]["id"] == office.other.pk
    assert code_of(caller.get(path)) == "conversation_not_found"


def test_no_archive_and_no_ledger_tells_of_conversations_that_one_does_not_see(
    office: Any,
) -> None:
    """An archive of a contact has all that was said with them, an inbound item is a message."""
    with factories.inside(office):
        event = WebhookEvent(channel_id=office.open.channel_id, event_key="msg:1", field="messages",
                             delivery_id=new_id(), position=0, body={"text": "Hi"}, lane="l",
                             received_at=now())  # fmt: skip
        event.save(force_insert=True)
    limited = [*LIMITED, "contacts:read", "contacts:export", "webhooks:manage"]
    export, item = f"contacts/{office.open.contact_id}/export", f"webhook-events/{event.pk}"
    some, all_ = (key_caller(office, [*limited, *more])[0]
                  for more in ((), ("conversations:read_all",)))  # fmt: skip
    for method, path in (("post", export), ("get", item)):
        refused = some.call(method, path)
        assert (refused.status_code, code_of(refused)) == (403, "permission_denied"), path
        assert refused.json()["detail"] == "this needs conversations:read_all"
    assert "body" not in some.get("webhook-events").json()["results"][0]
    assert all_.get(item).status_code == 200
    made = all_.post(export)
    assert made.status_code == 202
    of_it = f"tenant/exports/{made.json()['id']}"
    assert all_.get(of_it).status_code == 200
    assert code_of(some.get(of_it)) == code_of(some.delete(of_it)) == "export_not_found"


# ------------------------------------------------------------------ the feed


def feed(caller: Caller, world: Any, **query: Any) -> list[Any]:
    drain("relay", seconds=5)
    answer = caller.get("events", **query).json()
    assert answer["next_after"] == answer["last"]
    return answer["results"]


def test_the_feed_leaves_out_events_of_what_is_not_visible(quiet: None, office: Any) -> None:
    caller, _ = key_caller(office, LIMITED)
    with factories.inside(office):
        for row in (office.hidden, office.open):
            announce(row)
    shown = feed(caller, office)
    named = [e["data"] for e in shown if "message_id" in e["data"]]
    assert {d["message_id"] for d in named} == {office.open.message.pk}
    assert {e["type"] for e in shown} >= {
        "message.received",
        "attachment.stored",
        "contact.changed",
    }
    with factories.inside(office):
        assign_conversation(conversation_id=office.open.pk, assignee_id=office.other.pk)
    left = feed(caller, office)
    assert not [e for e in left if {"message_id", "conversation_id"} & set(e["data"])]
    everything, _ = key_caller(office, ["events:read", "conversations:read_all"])
    assert len([e for e in feed(everything, office) if "message_id" in e["data"]]) == 4


def announce(row: Any) -> None:
    from crm.events import ContactChanged
    from kernel.events import emit
    from messaging.events import AttachmentStored, MessageReceived

    emit(MessageReceived(message_id=row.message.pk, conversation_id=row.pk, seq=1,
                         channel_id=row.channel_id, contact_id=row.contact_id, message_type="text"),
         AttachmentStored(attachment_id=row.file.pk, message_id=row.message.pk),
         ContactChanged(contact_id=row.contact_id, fields=("name",)))  # fmt: skip


def test_who_reads_events_but_no_conversations_gets_the_others(quiet: None, office: Any) -> None:
    caller, _ = key_caller(office, ["events:read"])
    with factories.inside(office):
        announce(office.open)
    types = {e["type"] for e in feed(caller, office)}
    assert "contact.changed" in types and not {t for t in types if t.startswith("message.")}


# ------------------------------------------------------------------ keys that keep to channels


@pytest.fixture
def elsewhere(office: Any) -> Any:
    """A conversation on another channel."""
    with factories.inside(office):
        office.elsewhere = _talk(factories.channel(), factories.contact())
    return office


EVERYTHING = ["conversations:read_all", "conversations:assign", "conversations:close", "messages:send",
              "messages:send_template", "events:read", "channels:read"]  # fmt: skip


def kept_to(world: Any, channel_id: str) -> Caller:
    from tenants.services.api_keys import create_api_key

    with factories.inside(world):
        _, text = create_api_key(name="k", scopes=EVERYTHING, channel_ids=[channel_id])
    return Caller(Authorization=f"Bearer {text}")


def test_a_key_that_keeps_to_a_channel_has_that_channel_only(quiet: None, elsewhere: Any) -> None:
    caller = kept_to(elsewhere, elsewhere.elsewhere.channel_id)
    listed = caller.get("conversations").json()["results"]
    assert [row["id"] for row in listed] == [elsewhere.elsewhere.pk]
    assert caller.get("conversations", channel=elsewhere.open.channel_id).json()["results"] == []
    same(caller, "get", "conversations/{}", elsewhere.open.pk)
    same(caller, "get", "messages/{}", elsewhere.open.message.pk)
    same(caller, "get", "media/{}", elsewhere.open.file.pk)
    same(
        caller,
        "post",
        "conversations/{}/messages",
        elsewhere.open.pk,
        {"type": "text", "text": "x"},
    )
    for path in (
        "channels/{}",
        "channels/{}/health",
        "channels/{}/templates",
        "channels/{}/capabilities",
    ):
        same(caller, "get", path, elsewhere.open.channel_id)
        assert caller.get(path.format(elsewhere.elsewhere.channel_id)).status_code == 200
    channels = caller.get("channels").json()["results"]
    assert [row["id"] for row in channels] == [elsewhere.elsewhere.channel_id]
    with factories.inside(elsewhere):
        announce(elsewhere.open)
        announce(elsewhere.elsewhere)
    shown = feed(caller, elsewhere)
    assert {e["type"] for e in shown} == {"message.received", "attachment.stored"}
    assert {e["data"]["message_id"] for e in shown} == {elsewhere.elsewhere.message.pk}


def test_a_key_that_keeps_to_channels_holds_nothing_that_belongs_to_none(
    office: Any, owner: Caller
) -> None:
    channel_id = office.open.channel_id
    asked = {"name": "k", "scopes": ["conversations:read_all"]}
    for scopes in (["contacts:read"], ["conversations:read_all", "members:read"]):
        refused = owner.post(
            "api-keys", {"name": "k", "scopes": scopes, "channel_ids": [channel_id]}
        )
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "scopes")
    with outside_scope():
        other = factories.new_world()
    with factories.inside(other):
        foreign = factories.channel().pk
    for unknown in (foreign, new_id()):
        refused = owner.post("api-keys", {**asked, "channel_ids": [unknown]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "channel_ids")
    made = owner.post("api-keys", {**asked, "channel_ids": [channel_id, channel_id]})
    assert made.json()["channel_ids"] == [channel_id]
