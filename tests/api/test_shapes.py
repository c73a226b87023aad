"""Every answer has the shape that the schema promises; the callers check it, these tests call."""

from typing import Any

import pytest

from kernel.work.drain import drain
from tenants.models.settings import RETAINED
from tests import factories
from tests.api import contract
from tests.api.caller import Caller
from tests.api.conftest import key_caller, member


def test_a_person_and_a_key_learn_who_they_are(world: Any, owner: Caller) -> None:
    me = owner.get("me").json()
    assert (me["kind"], me["role"], me["member_id"]) == ("member", "owner", world.owner.pk)
    assert me["tenant"]["id"] == world.tenant.pk
    assert "messages:send" in me["permissions"]
    key, row = key_caller(world, ["contacts:read"])
    me = key.get("me").json()
    assert (me["kind"], me["id"], me["permissions"]) == ("api_key", row.pk, ["contacts:read"])


def test_a_person_makes_tenants_and_lists_them(world: Any) -> None:
    from tests.api.conftest import signed_in

    person = signed_in(world.user)
    slug = f"second-{factories.digits(8)}"
    made = person.post("tenants", {"name": "Second", "slug": slug})
    assert made.status_code == 201
    listed = person.get("tenants").json()["results"]
    assert {(t["slug"], t["role"]) for t in listed} == {
        (slug, "owner"),
        (world.tenant.slug, "owner"),
    }
    # Naming a tenant does not get in the way: this is outside all of them.
    assert person.get("tenants", {"X-Tenant": world.tenant.slug}).status_code == 200
    named = person.post("tenants", {"name": "T", "slug": slug + "x"}, X_Tenant=world.tenant.slug)
    assert named.status_code == 201


def test_the_tenant_and_its_settings_are_read_and_changed(world: Any, owner: Caller) -> None:
    assert owner.get("tenant").json()["slug"] == world.tenant.slug
    assert owner.patch("tenant", {"name": "Renamed"}).json()["name"] == "Renamed"
    first = owner.get("tenant/settings").json()
    assert first == {
        "reopen_hours": 72, "time_zone": "UTC", "language": "en", "email_domains": [],
        "retention_days": dict.fromkeys(RETAINED), "second_factor_required": False,
        "ip_allow_list": []}  # fmt: skip
    changed = owner.patch("tenant/settings", {"reopen_hours": 5, "time_zone": "Asia/Tokyo"})
    assert changed.json() == {**first, "reopen_hours": 5, "time_zone": "Asia/Tokyo"}
    assert owner.patch("tenant/settings", {"time_zone": "Mars/Base"}).status_code == 422
    assert owner.get("tenant/settings").json()["time_zone"] == "Asia/Tokyo"


def test_members_are_read_changed_and_removed(world: Any, owner: Caller) -> None:
    path = f"members/{member(world, 'agent')[1].pk}"
    assert owner.get(path).json()["role"] == "agent"
    assert owner.patch(path, {"role": "supervisor"}).json()["role"] == "supervisor"
    assert len(owner.get("members").json()["results"]) == 2
    assert owner.delete(path).status_code == 204
    assert owner.get(path).json()["status"] == "disabled"
    assert [r["name"] for r in owner.get("roles").json()["results"]] == [
        "viewer", "agent", "supervisor", "admin", "owner"]  # fmt: skip


def test_an_api_key_is_shown_once_and_revoked_at_once(owner: Caller) -> None:
    made = owner.post("api-keys", {"name": "sync", "scopes": ["contacts:read", "tenant:read"]})
    text = made.json()["key"]
    assert text.startswith(f"sb_test_{made.json()['id']}_")
    machine = Caller(Authorization=f"Bearer {text}")
    assert machine.get("contacts").status_code == 200
    listed = owner.get("api-keys")
    assert "key" not in listed.json()["results"][0]
    assert text.split("_")[-1] not in listed.content.decode()
    assert "digest" not in listed.content.decode()
    assert owner.get(f"api-keys/{made.json()['id']}").status_code == 200
    assert owner.delete(f"api-keys/{made.json()['id']}").status_code == 204
    assert machine.get("contacts").status_code == 401


def test_contacts_are_listed_found_by_number_and_changed(
    world: Any, owner: Caller, thread: Any
) -> None:
    with factories.inside(world):
        factories.contact(phone="123456789")
    assert len(owner.get("contacts").json()["results"]) == 2
    found = owner.get("contacts", phone="+5511955501001").json()["results"]
    assert [c["id"] for c in found] == [thread.contact_id]
    one = owner.get(f"contacts/{thread.contact_id}")
    assert one.json()["identities"] == [
        {"kind": "wa_id", "value": "5511955501001", "retired": False}
    ]
    changed = owner.patch(
        f"contacts/{thread.contact_id}", {"name": "Ana S.", "attributes": {"tier": "gold"}}
    )
    assert (changed.json()["name"], changed.json()["attributes"]) == ("Ana S.", {"tier": "gold"})
    assert changed["ETag"] == '"v2"'


def test_conversations_are_listed_by_their_filters(world: Any, owner: Caller, thread: Any) -> None:
    with factories.inside(world):
        closed = factories.conversation(status="closed", active=False)
        unread = factories.conversation(unread=True, unread_count=2, assignee=world.owner)

    def ids(**query: str) -> set[str]:
        return {c["id"] for c in owner.get("conversations", **query).json()["results"]}

    everything = {thread.pk, closed.pk, unread.pk}
    assert ids() == everything
    assert ids(status="open") == {thread.pk, unread.pk}
    assert ids(status="open,closed") == everything
    assert ids(assignee="me") == ids(assignee=world.owner.pk) == {unread.pk}
    assert ids(assignee="none") == {thread.pk, closed.pk}
    assert ids(unread="true") == {unread.pk}
    assert ids(unread="false", status="closed") == {closed.pk}
    assert ids(channel=thread.channel_id) == ids(contact=thread.contact_id) == {thread.pk}


def test_a_conversation_is_read_assigned_closed_and_marked(
    world: Any, owner: Caller, thread: Any
) -> None:
    path = f"conversations/{thread.pk}"
    read = owner.get(path)
    assert read["ETag"] == '"v1"'
    assert read.json()["contact"] == {"id": thread.contact_id, "name": "Ana"}
    assert read.json()["window"] == {"open": True, "allowed": ["any"],
                                     "until": read.json()["window"]["until"]}  # fmt: skip
    assigned = owner.post(f"{path}/assign", {"assignee_id": "me"}).json()
    assert assigned["assignee"] == {"id": world.owner.pk, "name": str(world.owner)}
    assert owner.post(f"{path}/assign", {"assignee_id": None}).json()["assignee"] is None
    assert owner.patch(path, {"status": "closed"}).json()["status"] == "closed"
    assert owner.post(f"{path}/read", {"typing": True}).json()["unread_count"] == 0
    assert owner.get(f"{path}/window").json()["reason"] == ""


@pytest.mark.parametrize("kind, content, has_file", [
    ("text", {}, False),
    ("image", {"caption": "Look"}, True),
    ("location", {"latitude": 1.5, "longitude": 2.5}, False),
    ("contacts", {"contacts": [{"name": {"formatted_name": "B"}}]}, False),
    ("interactive", {"type": "button_reply", "id": "1", "title": "Yes"}, False),
    ("unsupported", {"original_type": "poll", "raw": {}}, False),
])  # fmt: skip
def test_an_inbound_message_carries_the_object_of_its_type(
    world: Any, owner: Caller, thread: Any, kind: str, content: dict[str, Any], has_file: bool
) -> None:
    with factories.inside(world):
        row = factories.message(thread, type=kind, content=content, attachment_count=int(has_file))
        if has_file:
            factories.item(message_id=row.pk, kind="image").save(force_insert=True)
    shown = owner.get(f"messages/{row.pk}").json()
    assert shown["status"] == "received"
    assert shown.get(kind) == (content if kind != "text" else "hello")
    assert len(shown["attachments"]) == int(has_file)
    listed = owner.get(f"conversations/{thread.pk}/messages").json()["results"]
    assert listed[0]["id"] == row.pk


def test_events_and_the_audit_log_are_read_in_order(
    quiet: None, world: Any, owner: Caller, thread: Any
) -> None:
    owner.patch(f"conversations/{thread.pk}", {"status": "closed"})
    drain("relay", seconds=5)
    feed = owner.get("events").json()
    numbers = [event["number"] for event in feed["results"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert feed["last"] == feed["next_after"] == numbers[-1]
    assert feed["results"][-1]["type"] == "conversation.status_changed"
    assert owner.get("events", after=numbers[-1]).json()["results"] == []
    log = owner.get("audit-log", limit=1).json()
    assert log["results"][0]["action"] == "conversation.status_changed"
    assert log["results"][0]["changes"] == {"status": ["open", "closed"]}
    following = owner.get("audit-log", limit=1, cursor=log["next"]).json()
    assert following["results"][0]["seq"] == log["results"][0]["seq"] - 1


def webhook_event(world: Any, channel: Any, **fields: Any) -> Any:
    from kernel.clock import now
    from webhooks.models import WebhookEvent

    with factories.inside(world):
        given = {"lane": "7", "channel": channel, "event_key": factories.digits(), "position": 0,
                 "delivery_id": "0" * 24, "field": "messages", "body": {"id": "wamid.1"},
                 "received_at": now(), **fields}  # fmt: skip
        return WebhookEvent.objects.create(**given)


def test_the_ledger_lists_by_state_and_replays_what_is_dead(
    world: Any, owner: Caller, thread: Any
) -> None:
    dead = webhook_event(world, thread.channel, state="dead", open=False, last_error="KeyError")
    done = webhook_event(world, thread.channel, state="done", open=False)
    listed = owner.get("webhook-events").json()["results"]
    assert [e["id"] for e in listed] == [done.pk, dead.pk]
    listed = owner.get("webhook-events", state="dead,parked").json()["results"]
    assert [e["id"] for e in listed] == [dead.pk]
    assert owner.get(f"webhook-events/{dead.pk}").json()["body"] == {"id": "wamid.1"}
    assert owner.post(f"webhook-events/{dead.pk}/replay").json()["state"] == "ready"
    refused = owner.post(f"webhook-events/{done.pk}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_replayable")


def test_each_operation_is_described_to_its_reader() -> None:
    ids = []
    for method, path, operation in contract.operations():
        where = f"{method} {path}"
        ids.append(operation["operationId"])
        assert operation["summary"], where
        assert "ermission" in operation["description"] or "Any " in operation["description"], where
        ok = next(status for status in operation["responses"] if status.startswith("2"))
        assert {"400", "401", "403", "429"} <= set(operation["responses"]), where
        if ok == "204":
            continue
        if "application/json" not in operation["responses"][ok]["content"]:
            continue  # a file
        examples = operation["responses"][ok]["content"]["application/json"]["examples"]
        for example in examples.values():
            contract.validate_answer(operation, ok, example["value"])
        body = operation.get("requestBody", {}).get("content", {})
        if "application/json" in body:
            for example in body["application/json"]["examples"].values():
                contract.validate_request(operation, example["value"])
    assert len(set(ids)) == len(ids) >= 45
