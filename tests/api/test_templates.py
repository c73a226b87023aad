"""Templates and capabilities through the API: shapes, refusals by name, another tenant's are unknown."""

from typing import Any

import pytest

from channels.models import MessageTemplate
from channels.services import manage_templates
from channels.tests.test_manage_templates import NEW, Meta
from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import signed_in


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Meta:
    meta = Meta()
    monkeypatch.setattr(manage_templates, "client_of", lambda _: meta)
    return meta


def channel_of(tenant: Any, **fields: Any) -> Any:
    with tenant_scope(tenant):
        return factories.channel(**fields)


def test_a_template_lives_through_the_api(owner: Caller, world: Any, provider: Meta) -> None:
    path = f"channels/{channel_of(world.tenant).pk}/templates"
    made = owner.post(path, NEW)
    assert made.status_code == 201, made.content
    shown = made.json()
    assert (shown["status"], shown["parameters"]) == ("PENDING", {"body": 0})
    assert shown["history"][0]["by"]["kind"] == "member"
    one = f"{path}/{shown['id']}"
    assert owner.get(one).json() == shown
    assert code_of(owner.post(path, NEW)) == "template_exists"
    assert code_of(owner.post(f"{one}/unpause")) == "template_not_editable"
    with tenant_scope(world.tenant):
        MessageTemplate.objects.update(status="APPROVED")
    changed = owner.patch(one, {"category": "MARKETING"})
    assert (changed.status_code, changed.json()["category"]) == (200, "MARKETING")
    assert owner.delete(one).status_code == 204
    (listed,) = owner.get(path).json()["results"]
    assert listed["status"] == "DELETED"
    assert [entry["what"] for entry in listed["history"]] == ["created", "edited", "status"]


def test_a_refusal_names_the_field_and_the_limit(owner: Caller, world: Any, provider: Meta) -> None:
    path = f"channels/{channel_of(world.tenant).pk}/templates"
    refused = owner.post(path, {**NEW, "components": [{"type": "BODY", "text": "x" * 1025}]})
    assert (refused.status_code, code_of(refused)) == (422, "invalid_template")
    assert refused.json()["errors"][0]["field"] == "components.0.text"
    assert refused.json()["limit"] == 1024
    assert provider.asked == []


def test_cards_and_offers_past_a_limit_are_named_with_it(
    owner: Caller, world: Any, provider: Meta
) -> None:
    path = f"channels/{channel_of(world.tenant).pk}/templates"
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::a"]}}
    words = {"type": "BODY", "text": "x" * 161}
    cards = {"type": "CAROUSEL", "cards": [{"components": [header, words]}] * 2}
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "x" * 17}}
    for part, field, limit in (
        (cards, "components.1.cards.0.components.1.text", 160),
        ({**cards, "cards": cards["cards"] * 6}, "components.1.cards", 10),
        (offer, "components.1.limited_time_offer.text", 16),
    ):
        parts = [*NEW["components"], part]
        refused = owner.post(path, {**NEW, "category": "MARKETING", "components": parts})
        assert (refused.status_code, code_of(refused)) == (422, "invalid_template")
        assert refused.json()["errors"][0]["field"] == field
        assert refused.json()["limit"] == limit
    assert provider.asked == []


def test_a_header_shows_an_upload(owner: Caller, world: Any, provider: Meta) -> None:
    path = f"channels/{channel_of(world.tenant).pk}/templates"
    jpeg = b"\xff\xd8\xff" + b"x" * 100
    media_id = owner.upload(jpeg, "a.jpg", "image/jpeg").json()["id"]
    header = {"type": "HEADER", "format": "IMAGE", "example": {"media_id": media_id}}
    made = owner.post(path, {**NEW, "components": [header, *NEW["components"]]})
    assert made.status_code == 201, made.content
    assert made.json()["components"][0]["example"] == {"header_handle": ["4::1"]}
    assert provider.asked[0] == ("upload", 103, "image/jpeg")
    assert provider.asked[1][1]["components"] == made.json()["components"]
    film = [{**header, "format": "VIDEO"}, *NEW["components"]]
    refused = owner.post(path, {**NEW, "name": "film", "components": film})
    assert (refused.status_code, code_of(refused)) == (422, "invalid_template")
    assert refused.json()["errors"][0]["field"] == "components.0.example.media_id"
    assert len(provider.asked) == 2


def test_anothers_file_is_unknown_to_a_template(
    owner: Caller, world: Any, new_tenant: Any, provider: Meta
) -> None:
    path, other = f"channels/{channel_of(world.tenant).pk}/templates", new_tenant()
    file = signed_in(other.user, other.tenant).upload(b"\xff\xd8\xffx", "a.jpg", "image/jpeg")
    told = []
    for media_id in (file.json()["id"], new_id()):
        header = {"type": "HEADER", "format": "IMAGE", "example": {"media_id": media_id}}
        refused = owner.post(path, {**NEW, "components": [header, *NEW["components"]]})
        assert (refused.status_code, code_of(refused)) == (404, "template_file_not_found")
        told.append(refused.json() | {"request_id": ""})
    assert told[0] == told[1]
    assert provider.asked == []


def test_anothers_template_is_unknown(owner: Caller, new_tenant: Any, provider: Meta) -> None:
    other = new_tenant()
    with tenant_scope(other.tenant):
        theirs = factories.template()
    path = f"channels/{theirs.channel_id}/templates/{theirs.pk}"
    answers = [owner.get(path), owner.delete(path), owner.post(f"{path}/unpause")]
    assert [code_of(answer) for answer in answers] == ["channel_not_found"] * 3
    unknown = owner.get(f"channels/{new_id()}/templates/{new_id()}")
    assert unknown.status_code == 404
    with tenant_scope(other.tenant):
        assert MessageTemplate.objects.get().status == "APPROVED"


def test_capabilities_say_what_this_very_channel_may_do(owner: Caller, world: Any) -> None:
    channel = channel_of(world.tenant, facts={"throughput": "HIGH", "messaging_limit": "TIER_10K"})
    with tenant_scope(world.tenant):
        factories.template(channel)
        factories.template(channel, status="PAUSED")
    found = owner.get(f"channels/{channel.pk}/capabilities").json()
    assert found["messages_per_second"] == 1000
    assert found["templates"]["by_status"] == {"APPROVED": 1, "PAUSED": 1}
    assert (found["now"]["can_send"], found["now"]["messaging_limit"]) == (True, "TIER_10K")
    assert {rate["name"] for rate in found["rates"]} == {"messages", "pair"}
    owner.post(f"channels/{channel.pk}/pause")
    paused = owner.get(f"channels/{channel.pk}/capabilities").json()["now"]
    assert (paused["can_send"], paused["status"], paused["why"]) == (
        False, "paused", "paused by a member"
    )  # fmt: skip


def test_capabilities_of_instagram(owner: Caller, world: Any) -> None:
    external = {"ig_id": factories.digits(17), "login": "facebook", "page_id": "1"}
    channel = channel_of(world.tenant, kind="instagram", external=external)
    found = owner.get(f"channels/{channel.pk}/capabilities").json()
    assert (found["text"]["max_bytes"], found["templates"]) == (1000, None)
    assert (found["now"]["login"], found["messages_per_second"]) == ("facebook", 300)
    rates = {rate["name"]: rate["per_second"] for rate in found["rates"]}
    assert rates == {"messages": 300, "audio_video": 10, "private_reply": 0.2083, "reads": 2}
    refused = owner.post(f"channels/{channel.pk}/templates", NEW)
    assert (refused.status_code, code_of(refused)) == (422, "templates_unsupported")


def test_an_account_is_read_anew_on_demand(owner: Caller, meta: Any) -> None:
    number = meta.number()
    body = {k: number[k] for k in ("phone_number_id", "waba_id", "access_token")}
    made = owner.post("channels", {"kind": "whatsapp", **body})
    path = f"channels/{made.json()['id']}/templates"
    first = owner.post(f"{path}/sync").json()
    assert (first["read"] > 0, first["unreadable"], first["differences"]) == (True, 0, [])
    listed = owner.get(path).json()["results"]
    assert {template["status"] for template in listed} >= {"APPROVED"}
