"""Accounts are connected through the API alone; tokens, codes and PINs are in no answer."""

from collections.abc import Callable
from typing import Any

import pytest

from channels.tests.facebook import Hosts
from channels.tests.instagram_accounts import PAGE, by_instagram, by_page
from tests import factories
from tests.api.caller import Caller, code_of


def begun(caller: Caller, login: str) -> Any:
    return caller.post("channels/sign-ins/instagram", {"login": login}).json()


def completed(caller: Caller, login: str = "instagram") -> Any:
    answer = {"state": begun(caller, login)["state"], "code": "AQBcode#_"}
    return caller.post("channels/sign-ins/instagram/complete", answer)


@pytest.mark.parametrize("login", ["instagram", "facebook"])
def test_an_instagram_account_is_signed_in_to_connected_and_tested(
    owner: Caller, hosts: Hosts, login: str
) -> None:
    ig_id = factories.digits(17)
    by_instagram(hosts, ig_id)
    by_page(hosts, ig_id)
    signed_in = completed(owner, login)
    assert signed_in.status_code == 201, signed_in.content
    (account,) = signed_in.json()["accounts"]
    assert (account["id"], account["ready"]) == (ig_id, True)
    path = f"channels/sign-ins/{signed_in.json()['id']}/connect"
    made = owner.post(path, {"account_id": ig_id, "name": "Shop"})
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["status"]) == ("Shop", "active")
    assert made.json()["external"]["login"] == login
    report = owner.post(f"channels/{made.json()['id']}/test").json()
    assert report["checks"] and all(check["ok"] for check in report["checks"]), report
    again = owner.post(path, {"account_id": ig_id})
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
    for answer in (signed_in, made, again):
        assert not any(word in answer.content for word in (b"IGAA", b"EAA", b"AQBcode"))


def test_an_instagram_account_is_connected_by_a_pasted_token(owner: Caller, hosts: Hosts) -> None:
    ig_id = factories.digits(17)
    by_page(hosts, ig_id)
    body = {"kind": "instagram", "access_token": "EAApage", "page_id": PAGE}
    made = owner.post("channels", body)
    assert made.status_code == 201, made.content
    assert made.json()["external"]["ig_id"] == ig_id
    assert code_of(owner.post("channels", body)) == "channel_taken"


@pytest.mark.parametrize(
    "body, field",
    [
        ({"kind": "whatsapp", "access_token": "x"}, "phone_number_id"),
        ({"kind": "instagram", "access_token": "x", "waba_id": "1"}, "waba_id"),
        ({"kind": "whatsapp", "access_token": "x", "waba_id": "1", "phone_number_id": "1",
          "page_id": "1"}, "page_id"),
    ],
)  # fmt: skip
def test_a_kind_takes_its_own_ids(
    owner: Caller, hosts: Hosts, body: dict[str, str], field: str
) -> None:
    refused = owner.post("channels", body)
    assert refused.status_code == 400
    assert field in [error["field"] for error in refused.json()["errors"]]
    assert hosts.asked == []


def test_a_sign_in_serves_nobody_but_who_began(
    owner: Caller, hosts: Hosts, as_role: Callable[[str], Caller], new_tenant: Any
) -> None:
    from tests.api.conftest import signed_in as signed_in_as

    ig_id, other = factories.digits(17), new_tenant()
    by_instagram(hosts, ig_id)
    state = begun(owner, "instagram")["state"]
    stranger, colleague = signed_in_as(other.user, other.tenant), as_role("admin")
    for caller in (stranger, colleague):
        refused = caller.post("channels/sign-ins/instagram/complete", {"state": state, "code": "c"})
        assert (refused.status_code, code_of(refused)) == (422, "sign_in_state_invalid")
    path = f"channels/sign-ins/{completed(owner).json()['id']}/connect"
    for caller in (stranger, colleague):
        refused = caller.post(path, {"account_id": ig_id})
        assert (refused.status_code, code_of(refused)) == (404, "sign_in_not_found")
        assert caller.get("channels").json()["results"] == []


def test_a_channels_own_webhook_is_told(owner: Caller, hosts: Hosts, settings: Any) -> None:
    ig_id = factories.digits(17)
    by_instagram(hosts, ig_id)
    made = owner.post("channels", {"kind": "instagram", "access_token": "IGAA"}).json()
    told = owner.get(f"channels/{made['id']}/webhook").json()
    assert told["url"] == f"{settings.EDGE_URL}/webhooks/channels/{made['id']}"
    assert len(told["verify_token"]) == 64
    assert settings.META_VERIFY_TOKEN not in told["verify_token"]
