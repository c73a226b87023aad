"""What a browser brings by itself: a cookie, from whatever page it was made to ask."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.probes.positions import operations

EVIL = "https://evil.example"


@pytest.fixture
def browser(world: Any) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(world.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_every_unsafe_operation_refuses_a_cookie_without_its_token(
    fast: None, browser: Client, world: Any, figure: Callable[[str], None]
) -> None:
    token, count = "a" * 32, 0
    attempts: tuple[dict[str, str], ...] = (
        {}, {"X-CSRFToken": "b" * 32}, {"X-CSRFToken": token, "Origin": EVIL},
        {"Origin": "null", "X-CSRFToken": token},
    )  # fmt: skip
    browser.cookies["csrftoken"] = token
    for operation in operations():
        if operation.method == "get":
            continue
        path = operation.filled({p["name"]: "0" * 24 for p in operation.named("path")})
        for headers in attempts:
            answer = getattr(browser, operation.method)(
                path, data={}, content_type="application/json",
                headers={"X-Tenant": world.tenant.slug, **headers},
            )  # fmt: skip
            count += 1
            assert answer.status_code == 403, (operation.id, headers, answer.content)
    figure(f"CSRF: {count} forged requests, 0 accepted")


def test_cookies_are_for_this_site_and_no_script(world: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    answer = Client().post(
        "/_allauth/browser/v1/auth/login", content_type="application/json",
        data={"email": world.user.email, "password": "correct horse battery"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    session = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"] and session["secure"] and session["samesite"] == "Lax"
    assert not session["domain"] and session["path"] == "/"
