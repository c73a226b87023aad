"""A channel's health is told in sentences, and what is wrong is named."""

from typing import Any

import pytest

from channels.providers.contract import ChannelBroken
from channels.providers.whatsapp.tests.conftest import SECRET, TOKEN, Meta

NUMBER = {
    "display_phone_number": "+972 2 555 0142",
    "verified_name": "Acme",
    "status": "CONNECTED",
    "quality_rating": "GREEN",
    "throughput": {"level": "STANDARD"},
}
SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]
APPS = {"data": [{"whatsapp_business_api_data": {"id": "77", "name": "ours"}}]}


def debugged(**more: Any) -> dict[str, Any]:
    return {"data": {"app_id": "77", "is_valid": True, "expires_at": 0, "scopes": SCOPES} | more}


def test_a_healthy_channel(meta: Meta) -> None:
    for body in (debugged(), NUMBER, APPS):
        meta.answer(body)
    checks = meta.client().check()
    assert [check.name for check in checks] == [
        "token",
        "permissions",
        "number",
        "quality",
        "name",
        "limit",
        "subscription",
    ]
    assert all(check.ok and check.sentence.endswith(".") for check in checks)
    assert meta.requests[0]["query"]["input_token"] == TOKEN
    assert meta.requests[0]["headers"]["Authorization"] == f"Bearer 77|{SECRET}"


@pytest.mark.parametrize(
    ("debug", "number", "apps", "broken"),
    [
        (debugged(is_valid=False), NUMBER, APPS, ["token"]),
        (debugged(expires_at=1700000000), NUMBER, APPS, ["token"]),
        (debugged(scopes=SCOPES[:1]), NUMBER, APPS, ["permissions"]),
        (
            debugged(granular_scopes=[{"scope": SCOPES[0], "target_ids": ["999"]}]),
            NUMBER,
            APPS,
            ["permissions"],
        ),
        (debugged(), NUMBER | {"status": "BANNED"}, APPS, ["number"]),
        (debugged(), NUMBER | {"quality_rating": "RED"}, APPS, ["quality"]),
        (debugged(), NUMBER | {"name_status": "DECLINED"}, APPS, ["name"]),
        (debugged(), NUMBER | {"name_status": "EXPIRED"}, APPS, ["name"]),
        (debugged(), NUMBER, {"data": []}, ["subscription"]),
        (
            debugged(app_id="78"),
            NUMBER,
            {"data": [{"whatsapp_business_api_data": {"id": "78"}}]},
            ["subscription"],
        ),
        ({}, {"x": 1}, {"data": "nonsense"}, ["token", "permissions", "number", "subscription"]),
    ],
)
def test_what_is_wrong_is_said(
    meta: Meta, debug: Any, number: Any, apps: Any, broken: list[str]
) -> None:
    for body in (debug, number, apps):
        meta.answer(body)
    checks = meta.client().check()
    assert [check.name for check in checks if not check.ok] == broken
    assert all(TOKEN not in check.sentence for check in checks)


def test_describe(meta: Meta) -> None:
    meta.answer(NUMBER)
    described = meta.client().describe()
    assert isinstance(described, dict)
    assert described["verified_name"] == "Acme"
    assert described["quality"] == "GREEN"
    assert described["messages_per_second"] == 80
    meta.answer(NUMBER | {"is_on_biz_app": True})
    shared = meta.client().describe()
    assert isinstance(shared, dict)
    assert shared["messages_per_second"] == 20
    meta.answer({"error": {"code": 190}}, 401)
    assert isinstance(meta.client().describe(), ChannelBroken)
