"""An exception inside every view, serializer and middleware: one generic body, the trace in the log alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import resolve

from config.api.serializers import Body
from tests.probes.conftest import Pair
from tests.probes.positions import Operation, operations, path_places
from tests.probes.probing import FIXED_ID, raw

SECRET = "mongodb://app:hunter2@db.internal:27017"
MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


class Inside(Exception):
    """What nobody foresaw; its words are of the inside."""


def broken(*_: Any, **__: Any) -> Any:
    raise Inside(f"cannot reach {SECRET}")


def own(pair: Pair, operation: Operation) -> str:
    return operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})


def judge(operation: Operation, answer: Any) -> None:
    text = raw(answer).decode()
    assert answer.status_code == 500, (operation.id, text)
    assert answer["Content-Type"] == "application/problem+json", operation.id
    problem = answer.json()
    assert set(problem) == MEMBERS
    assert (problem["code"], problem["request_id"]) == ("internal_error", FIXED_ID)
    assert answer["X-Request-Id"] == FIXED_ID
    for inside in ("hunter2", "mongodb", "Inside", "Traceback", ".py", "File "):
        assert inside not in text + repr(answer.headers), (operation.id, inside)


def test_an_exception_in_a_view_tells_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    owner, count = pair.callers["owner"], 0
    for operation in operations():
        path = own(pair, operation)
        view = resolve(path).func.view_class
        monkeypatch.setattr(view, operation.method, broken)
        judge(operation, owner.send(operation.method, path))
        monkeypatch.undo()
        count += 1
    figure(f"exceptions injected: {count} views, 0 told anything of the inside")


def test_an_exception_in_a_serializer_tells_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Body, "to_internal_value", broken)
    asked = [operation for operation in operations() if operation.body]
    for operation in asked:
        answer = pair.callers["owner"].send(operation.method, own(pair, operation),
                                            body=operation.examples[0])  # fmt: skip
        judge(operation, answer)
    assert len(asked) > 10


@pytest.mark.parametrize("where", [
    "tenants.middleware.principal_of_user", "config.api.views.check_rate",
    "config.api.limits.tenant_key", "config.api.operations.check_parameters",
])  # fmt: skip
def test_an_exception_before_the_view_tells_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(where, broken)
    operation = next(o for o in operations() if o.id == "contacts_list")
    judge(operation, pair.callers["owner"].send("get", operation.path))


def test_the_trace_is_in_the_log(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crm.api.views.get_contact", broken)
    path = f"/api/v1/contacts/{pair.here.ids['crm.Contact'][0]}"
    assert pair.callers["owner"].send("get", path).status_code == 500
    assert [r for r in caplog.records if r.exc_info or "Inside" in r.getMessage()]
