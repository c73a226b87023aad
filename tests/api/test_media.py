"""Files: kept by their bytes, served by links that need nothing else and run nothing."""

from typing import Any

import pytest

from kernel.scoping import tenant_scope
from messaging.media.links import link_to
from messaging.models import Attachment
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import key_caller

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def path_of(answer: Any) -> str:
    return str(answer.json()["url"].split("/api/v1/")[1])


def test_a_file_is_uploaded_described_sent_and_served(
    owner: Caller, anonymous: Caller, thread: Any
) -> None:
    made = owner.upload(PNG, "photo.png", "image/png")
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["size"], made.json()["state"]) == (
        "image",
        72,
        "stored",
    )
    assert owner.get(f"media/{made.json()['id']}").json()["mime_type"] == "image/png"
    body = {"type": "image", "image": {"media_id": made.json()["id"], "caption": "Look"}}
    sent = owner.post(f"conversations/{thread.pk}/messages", body)
    assert sent.status_code == 201, sent.content
    (attached,) = sent.json()["attachments"]
    served = anonymous.client.get("/api/v1/" + attached["url"].split("/api/v1/")[1])
    assert (served.status_code, b"".join(served.streaming_content)) == (200, PNG)
    assert served["Content-Type"] == "image/png"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served["Content-Security-Policy"]
    assert served["Cache-Control"] == "private, max-age=3600"
    assert served["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("data, name, kind", [
    (b"<html><script>alert(1)</script>", "a.html", "text/html"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "image/png"),
    (b"hello", "a\r\nX: y.txt", "text/plain"),
    (b"hello", "../../etc/passwd", "image/svg+xml"),
])  # fmt: skip
def test_what_a_browser_would_run_is_offered_for_saving(
    owner: Caller, anonymous: Caller, data: bytes, name: str, kind: str
) -> None:
    made = owner.upload(data, name, kind)
    served = anonymous.client.get("/api/v1/" + path_of(made))
    assert served["Content-Type"] == "application/octet-stream"
    assert served["Content-Disposition"].startswith("attachment")
    assert "\n" not in served["Content-Disposition"] and ".." not in served["Content-Disposition"]
    assert "X" not in served.headers


def test_a_link_is_needed_whole(
    world: Any, owner: Caller, anonymous: Caller, settings: Any
) -> None:
    path = path_of(owner.upload(PNG, "photo.png", "image/png"))
    for wrong in (path[:-1], path + "x", "media/content/x", path.replace("content/", "content/A")):
        refused = anonymous.get(wrong)
        assert refused.status_code == 404, wrong
        assert code_of(refused) == "media_not_found"
    settings.MEDIA_LINK_S = -1
    assert anonymous.get(path).status_code == 404


def test_a_link_works_whoever_else_is_signed_in(world: Any, owner: Caller, new_tenant: Any) -> None:
    path = path_of(owner.upload(PNG, "photo.png", "image/png"))
    stranger, _ = key_caller(new_tenant(), ["contacts:read"])
    assert stranger.client.get("/api/v1/" + path, headers=stranger.headers).status_code == 200


def test_a_link_is_shut_while_its_tenant_is_suspended(
    world: Any, owner: Caller, anonymous: Caller
) -> None:
    path = path_of(owner.upload(PNG, "photo.png", "image/png"))
    assert anonymous.client.get("/api/v1/" + path).status_code == 200
    with factories.inside(world):
        suspend_tenant(tenant=world.tenant, reason="unpaid")
    refused = anonymous.get(path)
    assert (refused.status_code, code_of(refused)) == (403, "tenant_suspended")
    with factories.inside(world):
        resume_tenant(tenant=world.tenant, reason="paid")
    assert anonymous.client.get("/api/v1/" + path).status_code == 200


def test_a_file_that_is_not_here_has_no_link(world: Any, owner: Caller, anonymous: Caller) -> None:
    with factories.inside(world):
        file = factories.item()
        file.save(force_insert=True)
    assert owner.get(f"media/{file.pk}").json()["url"] is None
    with tenant_scope(world.tenant):
        path = link_to(file.pk).split("/api/v1/")[1]
    assert anonymous.get(path).status_code == 404


def test_an_upload_beyond_the_limit_is_413(world: Any, owner: Caller, settings: Any) -> None:
    settings.MEDIA_MAX_BYTES = -64 * 1024 + 200  # with the room for the form: 200 bytes
    refused = owner.upload(b"x" * 1000, "a.txt", "text/plain")
    assert (refused.status_code, code_of(refused)) == (413, "too_large")
    with factories.inside(world):
        assert not Attachment.objects.exists()


def test_a_form_without_a_file_or_with_more_is_400(owner: Caller) -> None:
    headers = {"X-Tenant": owner.headers["X_Tenant"]}
    for form in ({}, {"file": "text"}, {"colour": "red"}):
        refused = owner.client.post("/api/v1/media", form, headers=headers)
        assert (refused.status_code, code_of(refused)) == (400, "invalid_fields")


def test_an_upload_that_is_repeated_is_kept_once(world: Any, owner: Caller) -> None:
    first = owner.upload(PNG, "photo.png", "image/png", Idempotency_Key="up")
    again = owner.upload(PNG, "photo.png", "image/png", Idempotency_Key="up")
    assert again.json() == first.json()
    other = owner.upload(PNG + b"1", "photo.png", "image/png", Idempotency_Key="up")
    assert code_of(other) == "idempotency_key_reused"
    with factories.inside(world):
        assert Attachment.objects.count() == 1
