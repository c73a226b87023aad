"""``Idempotency-Key``: a request that is repeated has one effect and one answer."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import now
from kernel.models import AuditEntry, IdempotencyKey
from messaging.models import Message
from tests import factories
from tests.api.caller import PREFIX, Caller, code_of
from tests.api.conftest import key_caller, signed_in

TEXT = {"type": "text", "text": "Only once"}


def sent_by_us(world: Any) -> int:
    with factories.inside(world):
        return Message.objects.filter(direction="outbound").count()


def test_a_repetition_gets_the_first_answer(world: Any, owner: Caller, thread: Any) -> None:
    path = f"conversations/{thread.pk}/messages"
    first = owner.post(path, TEXT, Idempotency_Key="k-1")
    again = owner.post(path, TEXT, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert sent_by_us(world) == 1
    other = owner.post(path, {**TEXT, "text": "Different"}, Idempotency_Key="k-1")
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert sent_by_us(world) == 1


def test_fifty_at_once_send_one_message(world: Any, thread: Any) -> None:
    key, _ = key_caller(world, ["messages:send", "conversations:read_all"])
    answers: list[Any] = []

    def post() -> None:
        caller = Caller(**key.headers)
        answers.append(
            caller.post(f"conversations/{thread.pk}/messages", TEXT, Idempotency_Key="k")
        )

    threads = [threading.Thread(target=post) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sent_by_us(world) == 1
    made = {a.json()["id"] for a in answers if a.status_code == 201}
    assert len(made) == 1
    assert {a.status_code for a in answers} <= {201, 409}
    assert {code_of(a) for a in answers if a.status_code == 409} <= {"request_in_progress"}
    first = next(a for a in answers if a.status_code == 201)
    again = key.post(f"conversations/{thread.pk}/messages", TEXT, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert sent_by_us(world) == 1


def test_an_answer_that_was_lost_after_the_effect_is_told_and_the_effect_not_repeated(
    world: Any, owner: Caller, thread: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"conversations/{thread.pk}/messages"
    headers = {"X-Tenant": world.tenant.slug, "Idempotency-Key": "k-5"}
    with monkeypatch.context() as patch:
        patch.setattr("kernel.idempotency.answer", _dies)
        owner.client.raise_request_exception = False
        died = owner.client.post(f"{PREFIX}{path}", TEXT, "application/json", headers=headers)
    assert died.status_code == 500
    assert sent_by_us(world) == 1
    assert code_of(owner.post(path, TEXT, Idempotency_Key="k-5")) == "request_in_progress"
    with factories.inside(world):
        (message,) = Message.objects.filter(direction="outbound")
        assert IdempotencyKey.objects.update(lease_until=now() - timedelta(seconds=1)) == 1
    for _ in range(2):
        lost = owner.post(path, TEXT, Idempotency_Key="k-5")
        assert (lost.status_code, code_of(lost)) == (409, "idempotency_outcome_lost")
        assert message.pk in lost.content.decode()
    assert sent_by_us(world) == 1


@pytest.mark.parametrize("path, body", [
    ("api-keys", {"name": "sync", "scopes": ["contacts:read"]}),
    ("teams", {"name": "Sales"}),
    ("tenant/exports", {}),
])  # fmt: skip
def test_whatever_is_audited_is_not_repeated_when_its_answer_is_lost(
    world: Any, owner: Caller, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    headers = {"X-Tenant": world.tenant.slug, "Idempotency-Key": "k-7"}
    with monkeypatch.context() as patch:
        patch.setattr("kernel.idempotency.answer", _dies)
        owner.client.raise_request_exception = False
        died = owner.client.post(f"{PREFIX}{path}", body, "application/json", headers=headers)
    assert died.status_code == 500
    with factories.inside(world):
        before = AuditEntry.objects.count()
        assert IdempotencyKey.objects.update(lease_until=now() - timedelta(seconds=1)) == 1
    lost = owner.post(path, body, Idempotency_Key="k-7")
    assert (lost.status_code, code_of(lost)) == (409, "idempotency_outcome_lost")
    (row,) = owner.get(path).json()["results"]
    assert row["id"] == lost.json()["result_id"]
    with factories.inside(world):
        assert AuditEntry.objects.exclude(action="access.refused").count() == before


def test_a_crash_after_the_effect_does_not_free_the_key(
    world: Any, owner: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we cannot answer for is not done again; what we refuse may be."""
    body = {"name": "sync", "scopes": ["contacts:read"]}
    headers = {"X-Tenant": world.tenant.slug, "Idempotency-Key": "k-8"}
    with monkeypatch.context() as patch:
        patch.setattr("tenants.api.keys.api_key_json", _dies)
        owner.client.raise_request_exception = False
        died = owner.client.post(f"{PREFIX}api-keys", body, "application/json", headers=headers)
    assert died.status_code == 500
    assert code_of(owner.post("api-keys", body, Idempotency_Key="k-8")) == "request_in_progress"
    assert len(owner.get("api-keys").json()["results"]) == 1


def _dies(*_: Any) -> None:
    raise SystemError("killed between the effect and its answer")


def test_a_key_is_kept_for_a_day(world: Any, owner: Caller, thread: Any) -> None:
    before = now()
    owner.post(f"conversations/{thread.pk}/messages", TEXT, Idempotency_Key="k-6")
    with factories.inside(world):
        row = IdempotencyKey.objects.get()
    kept = row.expires_at - before
    assert timedelta(hours=24) - timedelta(milliseconds=1) <= kept < timedelta(hours=24, minutes=1)


def test_a_refusal_frees_the_key(world: Any, owner: Caller, thread: Any) -> None:
    path = f"conversations/{thread.pk}/messages"
    refused = owner.post(path, {"type": "text", "text": " "}, Idempotency_Key="k-2")
    assert refused.status_code == 422
    assert owner.post(path, TEXT, Idempotency_Key="k-2").status_code == 201
    assert sent_by_us(world) == 1


def test_a_key_belongs_to_whoever_used_it(world: Any, owner: Caller, thread: Any) -> None:
    machine, _ = key_caller(world, ["messages:send", "conversations:read_all"])
    path = f"conversations/{thread.pk}/messages"
    first = owner.post(path, TEXT, Idempotency_Key="shared")
    second = machine.post(path, TEXT, Idempotency_Key="shared")
    assert first.json()["id"] != second.json()["id"]
    assert sent_by_us(world) == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ключ", "tab\there"])
def test_a_key_is_visible_ascii_of_at_most_255(owner: Caller, key: str) -> None:
    refused = owner.patch("tenant", {"name": "Changed"}, Idempotency_Key=key)
    assert (refused.status_code, code_of(refused)) == (400, "invalid_idempotency_key")
    assert owner.get("tenant").json()["name"] == "Acme"


def test_an_api_key_is_not_shown_again(world: Any, owner: Caller) -> None:
    body = {"name": "sync", "scopes": ["contacts:read"]}
    first = owner.post("api-keys", body, Idempotency_Key="k-3")
    again = owner.post("api-keys", body, Idempotency_Key="k-3")
    assert again.json() == {**first.json(), "key": None}
    with factories.inside(world):
        assert first.json()["key"] not in str(list(IdempotencyKey.objects.values_list("body")))


def test_a_tenant_is_made_once(world: Any) -> None:
    person, slug = signed_in(world.user), f"once-{factories.digits(9)}"
    body = {"name": "Once", "slug": slug}
    first = person.post("tenants", body, Idempotency_Key="make")
    again = person.post("tenants", body, Idempotency_Key="make")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    reused = person.post("tenants", {**body, "name": "Else"}, Idempotency_Key="make")
    assert code_of(reused) == "idempotency_key_reused"
    taken = person.post("tenants", body, Idempotency_Key="another")
    assert (taken.status_code, code_of(taken)) == (409, "slug_taken")


def test_every_unsafe_operation_replays(world: Any, owner: Caller, thread: Any) -> None:
    conversation = f"conversations/{thread.pk}"
    for method, path, body in (
        ("patch", "tenant", {"name": "New name"}),
        ("patch", f"contacts/{thread.contact_id}", {"name": "New"}),
        ("post", f"{conversation}/assign", {"assignee_id": "me"}),
        ("post", f"{conversation}/read", {}),
        ("patch", conversation, {"status": "pending"}),
        ("post", f"channels/{thread.channel_id}/pause", {}),
        ("delete", f"channels/{thread.channel_id}", None),
    ):
        key = {"Idempotency-Key": f"{method} {path}".replace(" ", "-")}
        first = owner.call(method, path, body=body, headers=key)
        again = owner.call(method, path, body=body, headers=key)
        assert first.status_code in (200, 204), (path, first.content)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"
    assert owner.get(f"contacts/{thread.contact_id}").json()["version"] == 2
