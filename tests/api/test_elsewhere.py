"""The schema tells of what other processes and allauth answer, as it is."""

from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from config.stream.access import Credentials, admit
from config.stream.app import HEARTBEAT_S, MOST_EACH, MOST_TENANT
from kernel.errors import DomainError
from tests.api import contract
from tests.api.caller import Caller
from tests.api.conftest import key_caller


def stream() -> dict[str, Any]:
    operation: dict[str, Any] = contract.whole_schema()["paths"][contract.STREAM]["get"]
    return operation


def test_the_stream_is_in_the_schema(settings: Any) -> None:
    told = stream()
    assert told["servers"] == [{"url": settings.STREAM_URL}]
    assert {p["name"] for p in told["parameters"]} == {
        "X-Tenant",
        "tenant",
        "X-Impersonation",
        "Last-Event-ID",
        "after",
    }
    assert list(told["responses"]["200"]["content"]) == ["text/event-stream"]
    assert f"{MOST_EACH} streams each and {MOST_TENANT} a tenant" in told["description"]
    assert f"every {HEARTBEAT_S:.0f} seconds" in told["description"]
    assert told["x-permissions"] == [["events:read"]]


def test_what_the_stream_refuses_is_what_the_schema_says(world: Any, owner: Caller) -> None:
    limited, _ = key_caller(world, ["contacts:read"])
    cookie = owner.client.cookies["sessionid"].value
    bearer = limited.headers["Authorization"].removeprefix("Bearer ")
    tried = [
        (Credentials(), 401),
        (Credentials(session_cookie=cookie), 400),
        (Credentials(session_cookie=cookie, tenant="no-such-tenant"), 404),
        (Credentials(bearer="sb_test_nonsense"), 401),
        (Credentials(bearer=bearer), 403),
    ]
    for credentials, status in tried:
        with pytest.raises(DomainError) as refusal:
            admit(credentials)
        assert refusal.value.status == status
        assert f"`{refusal.value.code}`" in stream()["responses"][str(status)]["description"]


def test_signing_in_has_a_document_of_its_own() -> None:
    assert "/_allauth/openapi.json" in contract.schema()["info"]["description"]
    answer = Client().get("/_allauth/openapi.json")
    assert answer.status_code == 200
    document = answer.json()
    assert {"/_allauth/{client}/v1/auth/login", "/_allauth/{client}/v1/auth/reauthenticate",
            "/_allauth/{client}/v1/auth/2fa/reauthenticate"} <= set(document["paths"])  # fmt: skip
    for path in document["paths"]:
        resolve(path.replace("{client}", "app").replace("{pk}", "0" * 24))
    assert Client().get("/_allauth/openapi.yaml").url == "/_allauth/openapi.json"


def test_a_key_for_repeating_is_documented_where_it_is_honoured(world: Any, owner: Caller) -> None:
    def naming(header: str) -> set[str]:
        return {o["operationId"] for method, _, o in contract.operations() if method != "get"
                and any(p["name"] == header for p in o.get("parameters", []))}  # fmt: skip

    assert naming("Idempotency-Key") == naming("X-Tenant") | {"tenants_create"}
    assert len(naming("X-Tenant")) > 40
    made = [owner.post("teams", {"name": "Night"}, Idempotency_Key="once") for _ in range(2)]
    assert made[0].json() == made[1].json() and made[1]["Idempotency-Replayed"] == "true"


def test_the_audit_logs_file_has_an_example() -> None:
    (told,) = (o for _, _, o in contract.operations() if o["operationId"] == "audit_log_export")
    assert told["responses"]["200"]["content"]["application/jsonl"]["examples"]
