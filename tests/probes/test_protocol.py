"""What a web server can be asked beside what it offers: other methods, types, hosts, spellings, origins."""

from collections.abc import Callable
from typing import Any

import pytest

from config.api.views import ApiView
from tests.api import contract
from tests.api.caller import PREFIX
from tests.api.contract import PROBLEM
from tests.api.permission_table import LOWEST_ROLE
from tests.probes.conftest import Pair
from tests.probes.positions import Operation, operations, path_places
from tests.probes.probing import raw
from tests.routes import routes

EVIL = "https://evil.example"
# Addresses that are no operations: the link to a file is its own credential.
UNDESCRIBED = {
    ("get", "/api/v1/media/content/{token}"),
    ("get", "/api/v1/exports/content/{token}"),
}
PAGES = ("/live", "/ready", "/metrics", "/health/canaries", "/api/schema/", "/api/docs/",
         "/api/docs/errors", "/admin/login/", "/admin/", "/_allauth/browser/v1/auth/session",
         "/_allauth/app/v1/config", "/nowhere")  # fmt: skip


def test_the_router_the_schema_and_the_permission_table_are_the_same(
    figure: Callable[[str], None],
) -> None:
    routed = set()
    for path, view in routes():
        if path.startswith(PREFIX):
            kind = view.view_class
            assert issubclass(kind, ApiView), f"{path}: its limits are in ApiView"
            names = {name for name in contract.METHODS if name in kind.__dict__}
            routed |= {(name, path) for name in names}
            described = (names.pop(), path) not in UNDESCRIBED if names else True
            assert bool(kind.authentication_classes) == described, f"{path} asks for nobody"
    documented = {(o.method, o.path) for o in operations()}
    assert routed - UNDESCRIBED == documented
    assert {o.id for o in operations()} == set(LOWEST_ROLE)
    figure(f"inventory: {len(documented)} operations, 0 undocumented")


# Beside the API, the backoffice and sign-in; a new one is a decision, and so is its door.
OUTSIDE = {
    "/api/schema/",
    "/api/docs/",
    "/api/docs/errors",
    "/_allauth/openapi.json",
    "/_allauth/openapi.yaml",
    "/live",
    "/ready",
    "/health/canaries",
    "/metrics",
    "/channels/connected",
    "/invitations/accept",
    "/account/provider/error",
    "/accounts/google/login/callback/",
    "/accounts/oidc/{provider_id}/login/callback/",
}
ELSEWHERE = (PREFIX, "/admin/", "/_allauth/browser/v1/", "/_allauth/app/v1/")


def test_the_addresses_outside_the_api_are_these() -> None:
    assert {path for path, _ in routes() if not path.startswith(ELSEWHERE)} == OUTSIDE


def test_both_kinds_of_sign_in_have_the_same_addresses() -> None:
    """All but one: an app renews its token, and a browser has none."""
    found = [{path.removeprefix(prefix) for path, _ in routes() if path.startswith(prefix)}
             for prefix in ELSEWHERE[2:]]  # fmt: skip
    assert found[1] - found[0] == {"tokens/refresh"}
    assert found[0] - found[1] == set()
    assert len(found[0]) > 30


def own(pair: Pair, operation: Operation) -> str:
    return operation.filled({p.name: pair.here.ids[p.model][0] for p in path_places(operation)})


def test_no_other_method_does_anything(pair: Pair, figure: Callable[[str], None]) -> None:
    owner, count = pair.callers["owner"], 0
    offered: dict[str, set[str]] = {}
    for operation in operations():
        offered.setdefault(own(pair, operation), set()).add(operation.method)
    for path, methods in offered.items():
        for method in {"get", "post", "put", "patch", "delete", "trace"} - methods:
            refused = owner.send(method, path)
            count += 1
            assert refused.status_code == 405, (method, path, refused.content)
            assert set(refused["Allow"].lower().split(", ")) == {*methods, "options"} | (
                {"head"} if "get" in methods else set()
            )
            assert b"X-Tenant" not in raw(refused), "TRACE repeats what it was sent"
    figure(f"other methods: {count} refused")


def test_a_header_does_not_change_the_method(pair: Pair) -> None:
    owner, contact = pair.callers["owner"], pair.here.ids["crm.Contact"][0]
    path = f"{PREFIX}contacts/{contact}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert owner.send("get", path, headers={header: "DELETE"}).status_code == 200
        assert owner.send("post", path, headers={header: "PATCH"},
                          body={"name": "Overridden"}).status_code == 405  # fmt: skip
    member = pair.here.ids["tenants.Membership"][1]
    answer = owner.send("get", f"{PREFIX}members/{member}", query={"_method": "DELETE"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")


@pytest.mark.parametrize("kind, body", [
    ("application/xml", b"<name>x</name>"), ("text/plain", b'{"name": "x"}'),
    ("application/x-www-form-urlencoded", b"name=x"), ("application/json; charset=utf-16", b"{}"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"), ("application/yaml", b"name: x"),
    ("application/vnd.api+json", b"{}"), ("", b'{"name": "x"}'),
])  # fmt: skip
def test_a_body_of_another_type_is_read_by_nobody(pair: Pair, kind: str, body: bytes) -> None:
    owner, count = pair.callers["owner"], 0
    for operation in operations():
        if operation.method == "get" or operation.is_upload:
            continue
        answer = getattr(owner.client, operation.method)(
            own_or_random(pair, operation), data=body, content_type=kind,
            headers=owner.headers, **{"probes.person": owner.person},
        )  # fmt: skip
        assert 400 <= answer.status_code < 500, (operation.id, answer.content)
        count += 1
    assert count > 20


def own_or_random(pair: Pair, operation: Operation) -> str:
    """Rows that are not there, so that a body that were read had no effect either."""
    return operation.filled({p.name: "0" * 24 for p in path_places(operation)})


def test_an_answer_has_one_form(pair: Pair) -> None:
    owner = pair.callers["owner"]
    for accepted in ("application/xml", "text/html", "image/*", "nonsense", "*/*;q=0", "a" * 5000):
        answer = owner.send("get", f"{PREFIX}me", headers={"Accept": accepted})
        assert answer.status_code in (200, 406), accepted
        assert answer["Content-Type"].split(";")[0] in (
            "application/json",
            "application/problem+json",
        )
    for query in ({"format": "xml"}, {"format": "api"}):
        assert owner.send("get", f"{PREFIX}me", query=query).status_code in (400, 404)


@pytest.mark.parametrize("spelled", [
    "/api/v1//me", "//api/v1/me", "/api/v1/me/", "/api/v1/./me", "/api/v1/x/../me", "/API/v1/me",
    "/api/v1/%2e%2e/v1/me", "/api/v1/me%00", "/api/v1/me;x=1", "/api/v1/me%2f", "/api/v1/" + "x" * 16_000,
    "/api/v1/contacts/%2e%2e%2fme",
])  # fmt: skip
def test_an_address_has_one_spelling(pair: Pair, spelled: str) -> None:
    answer = pair.callers["owner"].send("get", spelled)
    assert answer.status_code == 404, answer.content


def test_a_host_that_is_not_ours_is_refused_and_in_no_link(pair: Pair, settings: Any) -> None:
    owner, file = pair.callers["owner"], pair.here.ids["messaging.Attachment"][0]
    settings.ALLOWED_HOSTS = ["testserver"]
    for header in (
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "a@evil.example"},
    ):
        refused = owner.send("get", f"{PREFIX}me", headers=header)
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
        assert refused["Content-Type"] == PROBLEM and b"evil" not in refused.content
    for header in (
        "X-Forwarded-Host",
        "X-Host",
        "Forwarded",
        "X-Forwarded-Server",
        "X-Original-URL",
    ):
        answer = owner.send("get", f"{PREFIX}media/{file}", headers={header: "evil.example"})
        assert answer.status_code == 200
        assert b"evil.example" not in raw(answer)


def test_headers_as_long_as_a_book_crash_nothing(pair: Pair) -> None:
    owner, long = pair.callers["owner"], "x" * 65_536
    for header in ("X-Tenant", "Authorization", "X-Session-Token", "Idempotency-Key", "If-Match",
                   "Cookie", "X-Request-Id", "X-Forwarded-For", "Accept-Language"):  # fmt: skip
        value = f"Bearer {long}" if header == "Authorization" else long
        answer = owner.send("patch", f"{PREFIX}contacts/{'0' * 24}", body={"name": "x"},
                            headers={header: value})  # fmt: skip
        assert 400 <= answer.status_code < 500, (header, answer.content[:200])
        assert len(raw(answer)) < 5000, header
        assert len(answer["X-Request-Id"]) <= 64


def test_a_form_of_ten_thousand_parts_is_refused(pair: Pair) -> None:
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\nx\r\n'
                    for n in range(10_000))  # fmt: skip
    owner = pair.callers["owner"]
    answer = owner.client.post(
        f"{PREFIX}media", data=f"{parts}--b--\r\n".encode(), headers=owner.headers,
        content_type="multipart/form-data; boundary=b", **{"probes.person": owner.person},
    )  # fmt: skip
    assert 400 <= answer.status_code < 500, answer.content


def test_ten_megabytes_of_json_are_413_for_every_operation(pair: Pair) -> None:
    owner, body = pair.callers["owner"], b'{"name": "' + b"x" * 10_000_000 + b'"}'
    for operation in [o for o in operations() if o.body][:8]:
        answer = owner.client.generic(
            operation.method.upper(), own_or_random(pair, operation), body, "application/json",
            headers=owner.headers, **{"probes.person": owner.person},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large"), operation.id


def test_no_other_origin_may_read_an_answer(pair: Pair) -> None:
    for operation in operations():
        headers = {"Origin": EVIL, "Access-Control-Request-Method": operation.method.upper()}
        path = operation.filled({p["name"]: "0" * 24 for p in operation.named("path")})
        for answer in (pair.callers["owner"].send("options", path, headers=headers),
                       pair.callers["anonymous"].send(operation.method, path, headers=headers)):  # fmt: skip
            assert not [h for h in answer.headers if h.lower().startswith("access-control")]


def test_every_answer_carries_the_headers_of_its_kind(
    pair: Pair, figure: Callable[[str], None]
) -> None:
    owner, missing, count = pair.callers["owner"], [], 0
    for operation in operations():
        if operation.method == "get":
            missing += _missing(own(pair, operation), owner.send("get", own(pair, operation)))
            count += 1
    for path in PAGES:
        missing += _missing(path, pair.callers["anonymous"].send("get", path))
        count += 1
    assert missing == []
    figure(f"headers: {count} answers, 0 missing")


def _missing(path: str, answer: Any) -> list[tuple[str, str]]:
    wanted = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
              "Referrer-Policy": "same-origin", "Permissions-Policy": "camera=()",
              "Content-Security-Policy": "default-src 'none'"}  # fmt: skip
    if path.startswith(("/api/v1/", "/_allauth/")):
        wanted["Cache-Control"] = "no-store"
    found = [(path, name) for name, value in wanted.items() if value not in answer.get(name, "")]
    told = ("Server", "X-Powered-By", "X-Django")
    return found + [(path, name) for name in told if name in answer.headers]
