"""Requests that another site makes a browser send, and bodies that are no bodies."""

import json

import pytest
from django.test import Client

from accounts.tests.callers import PASSWORD, App, Browser, address, person
from tests.routes import routes

METHODS = ("post", "put", "patch", "delete")


def addresses():
    """Where a browser signs in and changes its account, from the router."""
    found = {path for path, _ in routes() if path.startswith(Browser.prefix)}
    return sorted(path.removeprefix(Browser.prefix) for path in found)


@pytest.mark.parametrize("path", addresses())
def test_a_browser_that_sends_no_token_of_ours_is_refused(path):
    """Also where nothing of the kind is offered: the token is asked for before anything else."""
    user, browser = person(), Browser()
    browser.log_in(user)
    for token in ("", "a" * 32):
        for method in METHODS:
            answer = browser.call(method, path, {}, **{"X-CSRFToken": token})
            assert answer.status_code == 403, (method, answer.content)
    assert browser.is_in


def test_the_addresses_are_all_there_are():
    assert len(addresses()) > 30
    assert {"auth/login", "auth/session", "account/email"} <= set(addresses())


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_login_from_another_site_is_refused(kind):
    user, browser = person(), Browser()
    body = json.dumps({"email": user.email, "password": PASSWORD})
    answer = browser.client.post("/_allauth/browser/v1/auth/login", body, content_type=kind)
    assert answer.status_code == 403
    assert not browser.is_in


def test_a_forged_origin_is_refused_even_with_the_token():
    user, browser = person(), Browser()
    answer = browser.post(
        "auth/login", {"email": user.email, "password": PASSWORD}, Origin="https://evil.test"
    )
    assert answer.status_code == 403


def test_no_other_site_may_read_an_answer():
    for path in ("/_allauth/browser/v1/auth/session", "/_allauth/app/v1/auth/session"):
        answer = Browser().client.get(path, headers={"Origin": "https://evil.test"})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "no-store" in answer["Cache-Control"]


def test_a_cookie_is_nothing_to_the_addresses_for_apps():
    browser = Browser()
    browser.log_in(person())
    answer = browser.client.delete("/_allauth/app/v1/auth/session")
    assert answer.status_code == 401
    assert browser.is_in


BODIES = [
    b"[" * 30_000,
    b'{"email": "a@b.test", "password": "\\ud800"}',
    b'{"email": "a\\u0000@b.test", "password": "x"}',
    b'{"email": {"$gt": ""}, "password": {"$ne": 1}}',
    b'{"email": ["a@b.test"], "password": 7}',
    b"[1, 2]",
    b"nothing",
    b"\xff\xfe",
    b'{"email": "' + b"a" * 70_000 + b'"}',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", ["auth/login", "auth/signup", "auth/code/request"])
def test_hostile_bodies_are_refused_and_break_nothing(body, path):
    client = App().client
    answer = client.post(App.prefix + path, body, content_type="application/json")
    assert answer.status_code in (400, 401, 413)


ODD = [None, 7, True, ["a"], {"$gt": ""}, "\x00", "\ud800", "a" * 5_000]


def fields():
    """Every name that a body of signing in may hold, from its schema."""
    found, waiting = set(), [Client().get("/_allauth/openapi.json").json()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found |= set(part["properties"]) if isinstance(part.get("properties"), dict) else set()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found


@pytest.mark.parametrize("path", addresses())
def test_odd_values_in_every_field_of_every_address_break_nothing(path):
    """By somebody who is signed in and proved themselves, and by nobody; each time from elsewhere."""
    names, app = fields(), App()
    assert {"email", "password", "code", "credential", "provider"} <= names
    bodies = [json.dumps(dict.fromkeys(names, value)).encode() for value in ODD]
    app.log_in(person())
    app.confirm_again()
    for method in METHODS:
        for token in (app.session_token, "") if path.startswith("auth/") else (app.session_token,):
            for body in bodies:
                client = Client(REMOTE_ADDR=address(), raise_request_exception=False)
                headers = {"X-Session-Token": token} if token else {}
                answer = getattr(client, method)(App.prefix + path, body, content_type="application/json",
                                                 headers=headers)  # fmt: skip
                if answer.status_code == 405:
                    break
                assert answer.status_code < 500, (method, path, body[:80], answer.content[:200])
