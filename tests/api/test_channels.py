"""Channels: connected with the provider's word for it, tested, paused; never a token in an answer."""

from typing import Any

from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import Meta


def connect(owner: Caller, number: dict[str, str], **changes: str) -> Any:
    body = {
        "kind": "whatsapp",
        **{k: number[k] for k in ("phone_number_id", "waba_id", "access_token")},
    }
    return owner.post("channels", {**body, **changes})


def test_a_number_is_connected_tested_paused_resumed_and_removed(owner: Caller, meta: Meta) -> None:
    number = meta.number()
    made = connect(owner, number)
    assert made.status_code == 201, made.content
    assert made.json()["name"] == number["verified_name"]
    path = f"channels/{made.json()['id']}"
    never_tested = owner.get(f"{path}/health").json()
    assert (never_tested["checks"], never_tested["checked_at"]) == ([], None)
    report = owner.post(f"{path}/test").json()
    assert report["checks"] and all(check["ok"] for check in report["checks"]), report
    assert owner.get(f"{path}/health").json() == report
    names = [t["name"] for t in owner.get(f"{path}/templates").json()["results"]]
    assert names == sorted(names) and "order_update" in names
    assert "text" in owner.get(f"{path}/capabilities").json()["types"]
    assert owner.post(f"{path}/pause").json()["status"] == "paused"
    assert owner.post(f"{path}/resume").json()["status"] == "active"
    assert code_of(owner.post(f"{path}/resume")) == "channel_not_paused"
    reconnected = owner.post(f"{path}/reconnect", {"access_token": number["access_token"]})
    answers = [made, owner.get(path), owner.get("channels"), reconnected]
    assert not any(number["access_token"] in answer.content.decode() for answer in answers)
    assert owner.delete(path).status_code == 204
    assert owner.get(path).status_code == 404
    assert owner.get("channels").json()["results"] == []
    assert connect(owner, number).status_code == 201


def test_a_number_that_the_provider_does_not_vouch_for_is_not_connected(
    owner: Caller, meta: Meta
) -> None:
    number = meta.number()
    refused = connect(owner, number, access_token="EAAwrong")
    assert (refused.status_code, code_of(refused)) == (422, "credentials_refused")
    assert "EAAwrong" not in refused.content.decode()
    assert owner.get("channels").json()["results"] == []


def test_a_number_has_one_tenant(owner: Caller, meta: Meta, new_tenant: Any) -> None:
    from tests.api.conftest import signed_in

    number, other = meta.number(), new_tenant()
    assert connect(owner, number).status_code == 201
    stranger = signed_in(other.user, other.tenant)
    refused = connect(stranger, number)
    assert (refused.status_code, code_of(refused)) == (409, "channel_taken")
    assert stranger.get("channels").json()["results"] == []


def test_a_provider_that_is_away_is_said_to_be(owner: Caller, settings: Any) -> None:
    settings.META_GRAPH_URL = "http://127.0.0.1:9"
    body = {"phone_number_id": factories.digits(), "waba_id": "1", "access_token": "EAAx"}
    refused = owner.post("channels", {"kind": "whatsapp", **body})
    assert (refused.status_code, code_of(refused)) == (503, "provider_unavailable")
    assert int(refused["Retry-After"]) >= 1
