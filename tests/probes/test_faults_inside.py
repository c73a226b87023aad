"""An exception inside every view, serializer and middleware: one generic body, the trace in the log alone."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve

from archives.models import Export
from archives.services.exports import link_to as export_link
from config.api.serializers import Body
from messaging.media.links import link_to as media_link
from tests import factories
from tests.api.listening import Listening
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
    told_nothing(operation.id, text + repr(answer.headers))


def told_nothing(where: str, text: str) -> None:
    for inside in ("hunter2", "mongodb", "Inside", "Traceback", ".py", "File "):
        assert inside not in text, (where, inside, text[:500])


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
    pair: Pair, monkeypatch: pytest.MonkeyPatch, records: list[Any]
) -> None:
    monkeypatch.setattr("crm.api.views.get_contact", broken)
    path = f"/api/v1/contacts/{pair.here.ids['crm.Contact'][0]}"
    assert pair.callers["owner"].send("get", path).status_code == 500
    assert [r for r in records if r.exc_info or "Inside" in r.getMessage()]


def link_of(pair: Pair, kind: str) -> str:
    """The path of a signed link that opens."""
    with factories.inside(pair.here.world):
        if kind == "media":
            url = media_link(pair.here.ids["messaging.Attachment"][0])
        else:
            url = export_link(Export.objects.get(pk=pair.here.ids["archives.Export"][0]))
    return str(urlsplit(url).path)


# An address that is no operation, and what breaks inside it.
OUTSIDE = [
    ("media", "messaging.api.media.linked_attachment"),
    ("exports", "archives.api.views.fetch_export"),
    ("/ready", "config.health.bell_client"),
    ("/metrics", "config.metrics.exposition"),
    ("/health/canaries", "config.health.canary_ages"),
    ("/api/schema/", "drf_spectacular.generators.SchemaGenerator.get_schema"),
    ("/api/docs/errors", "config.urls.as_html"),
    ("/channels/connected?state=a&code=b", "channels.api.connected.tenant_of_state"),
    ("/invitations/accept", "tenants.api.invitation_page.private_page"),
    ("/account/provider/error", "config.account_pages.private_page"),
    ("/_allauth/app/v1/config", "allauth.headless.base.response.ConfigResponse"),
    ("/_allauth/browser/v1/auth/session", "allauth.headless.account.views.AuthenticationResponse"),
    (
        "/accounts/oidc/oidc/login/callback/?code=1&state=2",
        "accounts.providers.ProviderAdapter.get_provider",
    ),
    ("/admin/login/", "config.backoffice.login.page_context"),
    ("/admin/choose/", "config.backoffice.chooser.choose_tenant"),
]


@pytest.mark.parametrize(("path", "where"), OUTSIDE, ids=[path for path, _ in OUTSIDE])
def test_an_exception_outside_the_schema_tells_nothing(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, anybody: Client, path: str, where: str
) -> None:
    address = path if path.startswith("/") else link_of(pair, path)
    if path == "/admin/choose/":
        anybody.force_login(factories.person(is_staff=True, is_superuser=True))
    monkeypatch.setattr(where, broken)
    answer = anybody.get(address, headers={"X-Request-Id": FIXED_ID})
    text = raw(answer).decode()
    assert answer.status_code == 500, text[:500]
    assert answer["X-Request-Id"] == FIXED_ID
    told_nothing(path, text + repr(answer.headers))


def test_an_exception_in_the_stream_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.stream.access.principal_of_key", broken)
    with Listening(authorization="Bearer sb_test_whatever") as listener:
        listener.closed.wait(10)
    assert listener.status == 500
    assert json.loads(listener.text)["code"] == "internal_error"
    told_nothing("stream", listener.text)
