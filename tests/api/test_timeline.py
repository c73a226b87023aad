"""All that happens in a thread, as the API shows it; each answer is checked against the schema."""

from typing import Any

from channels.models import Channel
from channels.providers import events
from kernel.mongo.transactions import run_transaction
from messaging.ingest import Inbound, apply_batch
from messaging.tests.arriving import at, echo, edited, person, revoked, wrote
from tests import factories
from tests.api.caller import Caller

ANA = person("5511955501001")


def take(world: Any, thread: Any, *batch: events.Event) -> None:
    with factories.inside(world):
        channel = Channel.objects.get(pk=thread.channel_id)
        run_transaction(lambda: apply_batch([Inbound(channel, event) for event in batch]))


def test_every_kind_of_entry_is_shown(world: Any, owner: Caller, thread: Any) -> None:
    one, two = wrote("one", of=ANA), wrote("two", of=ANA)
    take(
        world, thread, one, two, edited(one.external_id, "uno"), revoked(two.external_id),
        echo("by hand", to=ANA), wrote("old", of=ANA, is_history=True, provider_at=at(-9999)),
        events.PressedButton(sender=ANA, title="Hours", payload="H", provider_at=at()),
        events.Referred(sender=ANA, referral={"ref": "qr"}, provider_at=at()),
        events.Commented(external_id="18050", author=ANA, text="price?", provider_at=at()),
        events.CallNoted(external_id="wacid.1", person=ANA, phase="terminate", provider_at=at()),
        events.IdentityChanged(previous=ANA, current=person("5511955501002"), provider_at=at()),
    )  # fmt: skip
    messages = owner.get(f"conversations/{thread.pk}/messages").json()["results"][::-1]
    assert [m["type"] for m in messages] == ["text"] * 5 + [
        "postback", "referral", "comment", "call", "system"]  # fmt: skip
    assert [m["text"] for m in messages[1:5]] == ["uno", "", "by hand", "old"]
    assert [e["text"] for e in messages[1]["edits"]] == ["one"]
    assert messages[2]["revoked_at"] is not None
    assert [m["is_history"] for m in messages].count(True) == 1
    assert [m["status"] for m in messages[-2:]] == [None, None]
    for message in messages:
        assert owner.get(f"messages/{message['id']}").status_code == 200
    contact = owner.get(f"contacts/{thread.contact_id}").json()
    assert {i["value"]: i["retired"] for i in contact["identities"]} == {
        "5511955501001": True, "5511955501002": False}  # fmt: skip


def test_wishes_and_holders_are_shown(world: Any, owner: Caller, thread: Any) -> None:
    take(
        world, thread,
        events.PreferenceChanged(person=ANA, category="marketing", is_wanted=False, provider_at=at()),
        events.ThreadControl(action="pass", person=ANA, new_app="263902037430900", provider_at=at()),
    )  # fmt: skip
    assert owner.get(f"conversations/{thread.pk}").json()["held_by"] == "263902037430900"
    wishes = owner.get(f"contacts/{thread.contact_id}").json()["preferences"]
    assert wishes["marketing"]["is_wanted"] is False
    assert [c["id"] for c in owner.get("contacts").json()["results"]] == [thread.contact_id]


def test_a_contact_that_was_merged_leads_to_the_one_it_is(
    world: Any, owner: Caller, thread: Any
) -> None:
    other = person("5511955501009", name="Ana S.")
    take(world, thread, wrote("hi", of=other))
    newest = owner.get("contacts").json()["results"][0]["id"]
    take(world, thread, events.IdentityChanged(previous=ANA, current=other, provider_at=at()))
    assert [c["id"] for c in owner.get("contacts").json()["results"]] == [thread.contact_id]
    assert owner.get(f"contacts/{newest}").json()["merged_into_id"] == thread.contact_id
    talks = owner.get("conversations", contact=thread.contact_id).json()["results"]
    assert len(talks) == 2


def test_news_of_an_account_and_its_templates_are_shown(
    world: Any, owner: Caller, thread: Any
) -> None:
    with factories.inside(world):
        factories.template(
            Channel.objects.get(pk=thread.channel_id), name="hello", synced_at=at(-999)
        )
    take(
        world, thread,
        events.AccountNotice(topic="phone_number_quality_update", sentence="Slow down.",
                             severity="critical", facts={"quality": "RED"}, provider_at=at()),
        events.TemplateChanged(what="status", external_id="1", name="hello", language="en_US",
                               value="PAUSED", reason="LOW_QUALITY", provider_at=at()),
    )  # fmt: skip
    path = f"channels/{thread.channel_id}"
    channel = owner.get(path).json()
    assert (channel["status"], channel["status_reason"]) == ("degraded", "Slow down.")
    assert channel["facts"] == {"quality": "RED"}
    assert owner.get(f"{path}/health").json()["notices"][0]["severity"] == "critical"
    (template,) = owner.get(f"{path}/templates").json()["results"]
    assert (template["status"], template["reason"]) == ("PAUSED", "LOW_QUALITY")
    assert [h["value"] for h in template["history"]] == ["PAUSED"]
