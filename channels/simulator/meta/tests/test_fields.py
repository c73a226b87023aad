"""What customers do beside writing, statuses by command, and every other webhook field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.simulator.meta.tests.conftest import NOA, PHONE, WABA, Meta, refusal, wamid_of
from channels.simulator.meta.tests.receiver import Receiver
from channels.simulator.meta.whatsapp.field_samples import CONVERSATION_SAMPLES, PLAIN_SAMPLES

BODY = {"type": "BODY", "text": "Hi {{1}}, welcome.", "example": {"body_text": [["Noa"]]}}


def play(meta: Meta, kind: str, **more: Any) -> Any:
    return meta.sim("inject", phone_number_id=PHONE, **{"from": NOA}, type=kind, **more)


def last_change(receiver: Receiver) -> Any:
    return json.loads(receiver.bodies[-1])["entry"][0]


def test_an_edit_changes_the_words_on_the_telephone(meta: Meta, receiver: Receiver) -> None:
    first = meta.write("one")
    changed = {"type": "text", "text": {"body": "two"}}
    play(meta, "edit", edit={"original_message_id": first, "message": changed})
    assert receiver.messages()[1]["edit"]["original_message_id"] == first
    assert meta.read(f"messages/{first}")["content"] == {"body": "two"}


def test_a_revoked_message_leaves_the_telephone(meta: Meta, receiver: Receiver) -> None:
    first = meta.write("oops")
    play(meta, "revoke", revoke={"original_message_id": first})
    assert receiver.messages()[1]["type"] == "revoke"
    shown = meta.read("thread", phone_number_id=PHONE, wa_id=NOA)["messages"]
    assert [(one["type"], one["content"]) for one in shown] == [("revoked", {})]


def test_a_new_number_takes_the_conversation_along(meta: Meta, receiver: Receiver) -> None:
    meta.write("hi")
    play(meta, "system", system={"type": "user_changed_number", "wa_id": "972509999999"})
    item = receiver.messages()[1]
    assert item["system"]["body"] == f"User Noa Levi changed from {NOA} to 972509999999"
    assert (item["from"], "contacts" in receiver.changes()[1]) == (NOA, False)
    moved = meta.read("thread", phone_number_id=PHONE, wa_id="972509999999")["messages"]
    assert [one["type"] for one in moved] == ["text", "system"]
    assert wamid_of(meta.send(to="+972509999999", text={"body": "still open"}))


def test_a_new_user_id_can_be_written_to(meta: Meta) -> None:
    meta.write("hi")
    play(meta, "system", system={"type": "user_changed_user_id", "user_id": "IL.777"})
    assert wamid_of(meta.send({"to": None}, recipient="IL.777", text={"body": "x"}))


def test_a_call_opens_the_window(meta: Meta) -> None:
    assert refusal(meta.send(text={"body": "x"}))[1] == 131047
    meta.sim("field", field="calls", phone_number_id=PHONE, **{"from": NOA})
    assert wamid_of(meta.send(text={"body": "you called"}))


def test_a_system_message_does_not_open_the_window(meta: Meta) -> None:
    play(meta, "system", system={"type": "customer_identity_changed"})
    assert refusal(meta.send(text={"body": "x"}))[1] == 131047


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("voice", {}),
        ("request_welcome", {}),
        ("order", {"order": {"catalog_id": "1", "product_items": []}}),
        ("text", {"text": "ad", "referral": {"source_type": "ad", "source_id": "1"}}),
        ("text", {"text": "fwd", "context": {"frequently_forwarded": True}}),
        ("reaction", {"reaction": {"message_id": "wamid.X"}}),
        (
            "interactive",
            {
                "interactive": {
                    "type": "nfm_reply",
                    "nfm_reply": {"name": "flow", "response_json": "[not json"},
                }
            },
        ),
        ("hologram", {"hologram": {"depth": 3}}),
    ],
)
def test_kinds_beside_the_plain_ones(
    meta: Meta, receiver: Receiver, kind: str, more: dict[str, Any]
) -> None:
    play(meta, kind, **more)
    message = receiver.messages()[0]
    assert message["type"] == kind
    for name, value in more.items():
        assert message[name] == ({"body": value} if name == "text" else value)


def test_a_status_can_be_commanded(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    wamid = wamid_of(meta.send(text={"body": "hi"}))
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)
    pricing = {"pricing": {"billable": True, "pricing_model": "CBP"}}
    meta.sim("status", wamid=wamid, status="read", more=pricing)
    assert receiver.statuses_of(wamid)[2]["pricing"] == pricing["pricing"]
    meta.sim("status", wamid=wamid, status="failed", code=131026)
    assert receiver.statuses_of(wamid)[3]["errors"][0]["code"] == 131026
    meta.sim("status", wamid="wamid.else", status="sent", phone_number_id=PHONE, wa_id=NOA)
    assert receiver.statuses_of("wamid.else")[0]["recipient_id"] == NOA


def test_a_voice_message_is_played(meta: Meta, receiver: Receiver) -> None:
    meta.write()
    voice = {"link": "https://example.com/a.ogg", "voice": True}
    wamid = wamid_of(meta.send(type="audio", audio=voice))
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 2)
    meta.sim("telephones/listen", wamid=wamid)
    receiver.wait(lambda: len(receiver.statuses_of(wamid)) == 3)
    assert receiver.statuses_of(wamid)[2]["status"] == "played"


@pytest.mark.parametrize("field", [*PLAIN_SAMPLES, *CONVERSATION_SAMPLES, "brand_new_field"])
def test_every_field_leaves_with_a_time(meta: Meta, receiver: Receiver, field: str) -> None:
    assert meta.sim("field", field=field, phone_number_id=PHONE)["delivered"] == 200
    entry = last_change(receiver)
    assert (entry["id"], entry["changes"][0]["field"]) == (WABA, field)
    assert isinstance(entry["time"], int)
    wanted = {} if field == "brand_new_field" else PLAIN_SAMPLES.get(field, {})
    assert wanted.items() <= entry["changes"][0]["value"].items()


def test_a_value_is_laid_over_the_sample_or_sent_exactly(meta: Meta, receiver: Receiver) -> None:
    meta.sim("field", field="security", phone_number_id=PHONE, value={"event": "PIN_RESET_REQUEST"})
    value = last_change(receiver)["changes"][0]["value"]
    assert value["event"] == "PIN_RESET_REQUEST"
    assert value["display_phone_number"] == "972555014200"
    meta.sim("field", field="security", value={"a": 1}, exact=True, entry_id="0")
    entry = last_change(receiver)
    assert (entry["id"], entry["changes"][0]["value"]) == ("0", {"a": 1})


def test_errors_of_the_account_come_in_messages(meta: Meta, receiver: Receiver) -> None:
    meta.sim("field", field="messages", phone_number_id=PHONE, value={"errors": [{"code": 130429}]})
    entry = last_change(receiver)
    assert "time" not in entry
    assert entry["changes"][0]["value"]["metadata"]["phone_number_id"] == PHONE


def test_a_paused_template_is_released_before_its_time(meta: Meta, receiver: Receiver) -> None:
    (found,) = meta.graph("GET", f"{WABA}/message_templates?name=welcome").json()["data"]
    refused = meta.graph("POST", f"{found['id']}/unpause")
    assert refusal(refused)[:2] == (400, 100)
    meta.sim("templates", name="welcome", status="PAUSED")
    assert meta.graph("POST", f"{found['id']}/unpause").json() == {"success": True}
    (told,) = receiver.wait(receiver.changes)
    assert (told["event"], told["other_info"]) == ("APPROVED", {"title": "UNPAUSE"})
    assert meta.graph("GET", f"{found['id']}?fields=status").json()["status"] == "APPROVED"


def test_a_paused_template_is_refused_until_reinstated(meta: Meta) -> None:
    template = {"name": "welcome", "language": {"code": "en_US"}}
    field = {"field": "message_template_status_update", "waba_id": WABA, "template": "welcome"}
    meta.sim("field", **field, value={"event": "PAUSED"})
    assert refusal(meta.send(type="template", template=template))[1] == 132015
    meta.sim("field", **field, value={"event": "REINSTATED"})
    assert wamid_of(meta.send(type="template", template=template))


def test_a_banned_account_cannot_send(meta: Meta) -> None:
    ban = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    meta.write()
    meta.sim("field", field="account_update", waba_id=WABA, value=ban)
    assert meta.send(text={"body": "x"}).status_code == 400
    meta.sim(
        "field",
        field="account_update",
        waba_id=WABA,
        value={**ban, "ban_info": {"waba_ban_state": "REINSTATE"}},
    )
    assert wamid_of(meta.send(text={"body": "x"}))


def test_an_echo_is_seen_by_the_customer(meta: Meta) -> None:
    meta.sim("field", field="smb_message_echoes", phone_number_id=PHONE, **{"from": NOA})
    shown = meta.read("thread", phone_number_id=PHONE, wa_id=NOA)["messages"]
    assert [(one["direction"], one["content"]) for one in shown] == [
        ("outbound", {"body": "On my way"})
    ]


def create(meta: Meta, **more: Any) -> Any:
    body = {"name": "pickup", "language": "en_US", "category": "UTILITY", "components": [BODY]}
    return meta.graph("POST", f"{WABA}/message_templates", json={**body, **more})


def test_a_new_template_is_reviewed_and_then_sent(meta: Meta, receiver: Receiver) -> None:
    made = create(meta).json()
    assert made["status"] == "PENDING"
    value = receiver.wait(lambda: receiver.changes())[0]
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(made["id"]))
    assert meta.graph("GET", made["id"]).json()["status"] == "APPROVED"
    deleted = meta.graph("DELETE", f"{WABA}/message_templates", params={"name": "pickup"})
    assert deleted.json() == {"success": True}
    assert refusal(meta.graph("GET", made["id"]))[1] == 100


def test_a_template_can_be_rejected_and_edited(meta: Meta, receiver: Receiver) -> None:
    meta.sim("settings", template_review_ms=1, template_verdict="REJECTED")
    made = create(meta).json()
    receiver.wait(lambda: receiver.changes())
    node = meta.graph("GET", made["id"], params={"fields": "status,rejected_reason"}).json()
    assert (node["status"], node["rejected_reason"]) == ("REJECTED", "INVALID_FORMAT")
    meta.sim("settings", template_verdict="APPROVED")
    assert meta.graph("POST", made["id"], json={"components": [BODY]}).json() == {"success": True}
    receiver.wait(lambda: len(receiver.changes()) == 2)
    assert meta.graph("GET", made["id"]).json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Not Good"},
        {"category": "POEM"},
        {"components": []},
        {"components": [{**BODY, "text": "x" * 1025}]},
        {"components": [{**BODY, "text": "{{1}} first"}]},
        {"components": [{"type": "BODY", "text": "Hi {{1}}, welcome."}]},
        {"name": "welcome"},
    ],
)
def test_a_template_against_the_rules_is_not_made(meta: Meta, wrong: dict[str, Any]) -> None:
    assert refusal(create(meta, **wrong))[:2] == (400, 100)
