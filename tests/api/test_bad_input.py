"""What cannot be read is refused by name, and nothing changes."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.models import Contact
from kernel.mongo.doors import ObjectId, collection
from kernel.mongo.doors import owner as owned_by
from messaging.models import Attachment
from tests import factories
from tests.api.caller import PREFIX, Caller, code_of, fields_of
from tests.api.contract import operations

# What takes a form with a file; any other type of body is 415 there before it is read.
FORMS = {PREFIX + "media", PREFIX + "tenants/imports"}

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def raw(caller: Caller, method: str, path: str, body: bytes, kind: str = "application/json") -> Any:
    return getattr(caller.client, method)(
        PREFIX + path, data=body, content_type=kind,
        headers={k.replace("_", "-"): v for k, v in caller.headers.items()},
    )  # fmt: skip


@pytest.mark.parametrize("body", [
    b"{", b"nonsense", b"[1,", b'{"name": NaN}', b'{"name": 9007199254740993}', b"\xff\xfe",
    b"[" * 5000 + b"]" * 5000, b'{"a":' * 30 + b"1" + b"}" * 30,
])  # fmt: skip
def test_json_that_cannot_be_kept_is_400(owner: Caller, body: bytes) -> None:
    refused = raw(owner, "patch", "tenant", body)
    assert (refused.status_code, code_of(refused)) == (400, "malformed_body")
    assert refused["Content-Type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_413(owner: Caller, settings: Any) -> None:
    body = json.dumps({"name": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}).encode()
    refused = raw(owner, "patch", "tenant", body)
    assert (refused.status_code, code_of(refused)) == (413, "too_large")


def test_a_body_in_chunks_is_411_and_not_taken_for_an_empty_one(owner: Caller) -> None:
    refused = owner.client.post(
        PREFIX + "conversations/" + "0" * 24 + "/read",
        headers={"X-Tenant": owner.headers["X_Tenant"], "Transfer-Encoding": "chunked"},
        content_type="application/json", CONTENT_LENGTH="",
    )  # fmt: skip
    assert (refused.status_code, code_of(refused)) == (411, "length_required")


def test_another_type_of_body_is_415(owner: Caller) -> None:
    refused = raw(owner, "patch", "tenant", b"name=x", "application/x-www-form-urlencoded")
    assert (refused.status_code, code_of(refused)) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"3", b"null"])
def test_a_body_that_is_no_object_is_400(owner: Caller, body: bytes) -> None:
    refused = raw(owner, "patch", "tenant", body)
    assert (refused.status_code, code_of(refused)) == (400, "invalid_fields")


def test_every_operation_refuses_unknown_parameters_by_name(owner: Caller, thread: Any) -> None:
    for method, path, _ in operations():
        refused = owner.call(method, filled(path), query={"colour": "red", "limit": "1"})
        assert (refused.status_code, code_of(refused)) == (400, "unknown_parameter"), (method, path)
        assert "colour" in fields_of(refused)


def test_every_operation_with_a_body_refuses_unknown_fields_by_name(owner: Caller) -> None:
    for method, path, _ in operations():
        if method in ("post", "patch") and path not in FORMS:
            refused = owner.call(method, filled(path), body={"colour": "red"})
            assert (refused.status_code, code_of(refused)) == (400, "invalid_fields"), (
                method,
                path,
            )
            assert "colour" in fields_of(refused), (method, path)


def filled(path: str) -> str:
    return "/".join(
        "0" * 24 if p.startswith("{") else p for p in path.removeprefix(PREFIX).split("/")
    )


def test_malformed_ids_are_404_and_a_problem(owner: Caller) -> None:
    for path in ("contacts/123", "contacts/" + "G" * 24, "messages/" + "a" * 23, "media/'",
                 "conversations/" + "A" * 24, "channels/..%2f..", "nothing-here"):  # fmt: skip
        answer = owner.get(path)
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), path
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path, query", [
    ("conversations", {"status": "ajar"}), ("conversations", {"assignee": "you"}),
    ("conversations", {"channel": "1"}), ("conversations", {"unread": "perhaps"}),
    ("conversations", {"unread": "true,false"}), ("conversations", {"contact": "0" * 24 + "\n"}),
    ("contacts", {"limit": "0"}), ("contacts", {"limit": "201"}), ("contacts", {"limit": "١"}),
    ("contacts", {"limit": "9" * 400}), ("contacts", {"limit": "-1"}), ("contacts", {"limit": "1e9"}),
    ("contacts", {"limit": "NaN"}), ("members", {"limit": "1000000000"}), ("events", {"after": "-1"}), ("events", {"limit": "501"}),
    ("webhook-events", {"state": "asleep"}),
])  # fmt: skip
def test_parameters_with_impossible_values_are_400(
    owner: Caller, path: str, query: dict[str, str]
) -> None:
    refused = owner.get(path, **query)
    assert (refused.status_code, code_of(refused)) == (400, "invalid_parameter")
    assert fields_of(refused) == list(query)


@pytest.mark.parametrize("path, body, fields", [
    ("tenant", {}, [""]),
    ("tenant/settings", {}, [""]),
    ("tenant", {"name": 5}, ["name"]),
    ("tenant", {"name": ""}, ["name"]),
    ("tenant", {"name": "x" * 121}, ["name"]),
    ("tenant/settings", {"reopen_hours": "5"}, ["reopen_hours"]),
    ("tenant/settings", {"reopen_hours": True}, ["reopen_hours"]),
    ("tenant/settings", {"reopen_hours": -1, "colour": 1}, ["colour"]),
])  # fmt: skip
def test_values_of_the_wrong_type_are_named(
    owner: Caller, path: str, body: Any, fields: list[str]
) -> None:
    refused = owner.patch(path, body)
    assert (refused.status_code, fields_of(refused)) == (400, fields)


def test_operators_in_free_attributes_are_kept_as_words(
    world: Any, owner: Caller, thread: Any
) -> None:
    """Free-form objects hold what nobody reads; in storage they are the words that were sent."""
    with factories.inside(world):
        factories.contact(name="Bob", phone="5511955501002")
    path = f"contacts/{thread.contact_id}"
    before = owner.get(path).json()
    sent = {"$set": {"name": "Mallory"}, "a.b": 1, "__proto__": {"x": 1}, "n": {"$ne": None},
            "w": {"$where": "sleep(1)"}, "$$ROOT": "$tenantId", "tenantId": "0" * 24}  # fmt: skip
    kept = {"＄set": {"name": "Mallory"}, "a．b": 1, "__proto__": {"x": 1}, "n": {"＄ne": None},
            "w": {"＄where": "sleep(1)"}, "＄$ROOT": "$tenantId", "tenantId": "0" * 24}  # fmt: skip
    assert owner.patch(path, {"attributes": sent}).json()["attributes"] == kept
    after = owner.get(path).json()
    wanted = {**before, "attributes": kept, "version": before["version"] + 1}
    assert {**after, "updated_at": None} == {**wanted, "updated_at": None}
    with factories.inside(world):
        (row,) = collection(Contact).find({**owned_by(), "_id": ObjectId(thread.contact_id)})
    assert (row["attributes"], str(row["tenantId"])) == (kept, world.tenant.pk)
    assert [c["id"] for c in owner.get("contacts", phone="5511955501001").json()["results"]] == [
        thread.contact_id
    ]


@pytest.mark.parametrize("name", ["$where.png", "a[$ne].png", '{"$gt":""}.png', "$$ROOT"])
def test_a_files_name_is_a_name(
    world: Any, owner: Caller, settings: Any, tmp_path: Any, name: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    made = owner.upload(PNG, name, "image/png")
    assert made.status_code == 201
    assert owner.get(f"media/{made.json()['id']}").json()["filename"] == name
    with factories.inside(world):
        assert Attachment.objects.get().pk == made.json()["id"]


@pytest.mark.parametrize("field", ["kind[$ne]", "$where", "tenantId", "file[$gt]", "colour"])
def test_a_form_has_no_other_field(
    world: Any, owner: Caller, settings: Any, tmp_path: Any, field: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    form = {"file": SimpleUploadedFile("a.png", PNG, "image/png"), field: "x"}
    refused = owner.client.post(PREFIX + "media", form, headers={"X-Tenant": world.tenant.slug})
    assert (refused.status_code, code_of(refused)) == (400, "invalid_fields")
    assert fields_of(refused) == [field]
    with factories.inside(world):
        assert not Attachment.objects.exists()


def test_a_wrong_method_is_405_and_says_which_are_right(owner: Caller) -> None:
    refused = owner.client.delete(PREFIX + "me", headers={"X-Tenant": owner.headers["X_Tenant"]})
    assert (refused.status_code, code_of(refused)) == (405, "method_not_allowed")
    assert refused["Allow"] == "GET, HEAD, OPTIONS"


def test_head_and_options_are_answered(owner: Caller) -> None:
    headers = {"X-Tenant": owner.headers["X_Tenant"]}
    head = owner.client.head(PREFIX + "me", headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    options = owner.client.options(PREFIX + "tenant", headers=headers)
    assert (options.status_code, options["Allow"]) == (204, "GET, PATCH, HEAD, OPTIONS")


def test_answers_are_not_kept_by_caches_and_carry_the_request_id(owner: Caller) -> None:
    answer = owner.get("me", {"X-Request-Id": "my-request-1"})
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Request-Id"] == "my-request-1"
    refused = owner.get("contacts/" + "0" * 24, {"X-Request-Id": "my-request-1"})
    assert refused.json()["request_id"] == "my-request-1"


def test_a_field_with_the_name_of_an_errors_own_is_named_like_any_other(owner: Caller) -> None:
    refused = owner.patch("tenant", {"message": "x", "code": "y", "name": "Acme"})
    assert sorted(error["field"] for error in refused.json()["errors"]) == ["code", "message"]
