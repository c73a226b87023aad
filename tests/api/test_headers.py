"""What every page and every answer tells the browser, and what cookies may be."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.settings import base
from kernel.mongo.ids import new_id
from tests.api import contract

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
HTML = ["/admin/login/", "/admin/", "/admin/choose/", "/api/docs/", "/api/docs/errors"]
OTHERS = ["/live", "/ready", "/metrics", "/health/canaries", "/api/schema/", "/no-such-page",
          "/_allauth/app/v1/auth/session", "/_allauth/browser/v1/config"]  # fmt: skip


def paths() -> list[str]:
    """Every address of the API, with ids that nobody has, and every page."""
    api = {re.sub(r"\{\w+\}", new_id(), path) for _, path, _ in contract.operations()}
    return [*HTML, *OTHERS, *sorted(api)]


@pytest.fixture
def superuser(_database_open: None) -> Client:
    user = User.objects.create_user(
        f"s-{new_id()}@example.test", None, is_staff=True, is_superuser=True
    )
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_no_answer_lacks_a_header(superuser: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    asked = paths()
    for path in asked:
        for client in (superuser, Client()):
            answer = client.get(path, secure=True)
            for name, value in EVERYWHERE.items():
                if path == "/api/docs/" and name == "Cross-Origin-Opener-Policy":
                    continue  # the documentation's own sign-in window
                assert answer.get(name) == value, f"{path}: {name}"
            assert "includeSubDomains" in answer["Strict-Transport-Security"], path
            assert "no-store" in answer["Cache-Control"], path
            policy = answer["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy, path
            scripts = next((p for p in policy.split("; ") if p.startswith("script-src")), "")
            assert "unsafe-inline" not in scripts and "*" not in scripts, path
            assert "Server" not in answer and "X-Powered-By" not in answer
    assert len(asked) > 50


def test_no_page_has_a_script_that_the_policy_would_stop(superuser: Client, world: Any) -> None:
    superuser.post(reverse("admin:choose_tenant"), {"tenant": world.tenant.pk})
    pages = [*HTML, "/admin/work/", "/admin/conversations/conversation/",
             "/admin/kernel/auditentry/", "/admin/tenants/tenant/"]  # fmt: skip
    for path in pages:
        text = superuser.get(path, follow=True).content.decode()
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in tag or "application/json" in tag, f"{path}: {tag}"
        assert not re.search(r"<[a-z]+\b[^>]*\son(click|load|error|submit|change)=", text), path
        assert "javascript:" not in text, path
    assert b"<script" in superuser.get("/api/docs/").content


def test_the_documentations_script_is_a_file(superuser: Client) -> None:
    page = Client().get("/api/docs/").content.decode()
    (address,) = re.findall(r'<script src="([^"]*script[^"]*)"', page)
    script = Client().get(address.replace("&amp;", "&"))
    assert script["Content-Type"].startswith("application/javascript")
    assert b"SwaggerUIBundle" in script.content


def test_cookies_belong_to_this_host_alone_over_tls(monkeypatch: Any) -> None:
    import importlib

    from config.settings import environment

    monkeypatch.setenv("SWITCHBOARD_PUBLIC_URL", "https://crm.example.com")
    secure = importlib.reload(base)
    try:
        assert secure.SESSION_COOKIE_NAME == "__Host-sessionid"
        assert secure.CSRF_COOKIE_NAME == "__Host-csrftoken"
        assert secure.SESSION_COOKIE_SECURE and secure.CSRF_COOKIE_SECURE
        assert secure.SESSION_COOKIE_HTTPONLY
        assert secure.SESSION_COOKIE_SAMESITE == secure.CSRF_COOKIE_SAMESITE == "Lax"
        assert not hasattr(secure, "SESSION_COOKIE_DOMAIN")
    finally:
        monkeypatch.undo()
        importlib.reload(base)
    assert not environment.PRODUCTION


def test_a_session_cookie_is_sent_as_told(settings: Any) -> None:
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "__Host-sessionid", True
    user = User.objects.create_user(
        f"s-{new_id()}@example.test", "staff staff staff", is_staff=True
    )
    client = Client()
    client.post(
        "/admin/login/", {"username": user.email, "password": "staff staff staff"}, secure=True
    )
    cookie = client.cookies["__Host-sessionid"]
    assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")
    assert cookie["secure"] and cookie["httponly"]


def test_metrics_are_for_the_inside(settings: Any) -> None:
    for path in ("/metrics", "/health/canaries"):
        assert Client(REMOTE_ADDR="10.1.2.3").get(path).status_code == 200
        assert Client(REMOTE_ADDR="8.8.8.8").get(path).status_code == 404
        assert Client().get(path, headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 404
    settings.METRICS_TOKEN = "t" * 40
    for path in ("/metrics", "/health/canaries"):
        assert Client().get(path).status_code == 404
        assert Client().get(path, headers={"Authorization": "Bearer wrong"}).status_code == 404
        right = {"Authorization": f"Bearer {'t' * 40}"}
        assert Client(REMOTE_ADDR="8.8.8.8").get(path, headers=right).status_code == 200
