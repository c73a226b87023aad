"""Access and refresh tokens for apps, and the session that they end with."""

import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from django.conf import settings as configured

from accounts import services
from accounts.tests.callers import PASSWORD, App, person
from tests import factories


@pytest.fixture
def app():
    app = App()
    app.log_in(person())
    assert app.access_token and app.refresh_token
    return app


def _refresh(token):
    return App().post("tokens/refresh", {"refresh_token": token})


def _tenants(bearer):
    return App().client.get("/api/v1/tenants", headers={"Authorization": f"Bearer {bearer}"})


def _is_good(bearer):
    return _tenants(bearer).status_code == 200


def test_an_access_token_opens_the_api_for_its_person(world, app):
    member = App()
    member.log_in(world.user, "correct horse battery")
    names = [row["slug"] for row in _tenants(member.access_token).json()["results"]]
    assert names == [world.tenant.slug]
    assert _tenants(app.access_token).json()["results"] == []


def test_an_access_token_is_enough_for_ones_own_account(app):
    answer = App().get("auth/session", Authorization=f"Bearer {app.access_token}")
    assert answer.status_code == 200


def test_an_access_token_acts_in_a_tenant_that_is_named(world):
    app = App()
    app.log_in(world.user, "correct horse battery")
    headers = {"Authorization": f"Bearer {app.access_token}", "X-Tenant": world.tenant.slug}
    answer = app.client.get("/api/v1/conversations", headers=headers)
    assert answer.status_code == 200
    other = {**headers, "X-Tenant": factories.digits(8)}
    assert app.client.get("/api/v1/conversations", headers=other).status_code == 404


def test_a_refresh_gives_a_new_pair_and_the_old_refresh_token_is_spent(app):
    first = _refresh(app.refresh_token).json()["data"]
    assert first["refresh_token"] != app.refresh_token
    assert _is_good(first["access_token"])
    second = _refresh(first["refresh_token"]).json()["data"]
    assert _is_good(second["access_token"])


def test_a_spent_refresh_token_ends_the_session_and_all_its_tokens(app):
    pair = _refresh(app.refresh_token).json()["data"]
    assert _refresh(app.refresh_token).status_code == 400
    assert _refresh(pair["refresh_token"]).status_code == 400
    assert [_is_good(t) for t in (app.access_token, pair["access_token"])] == [False, False]
    assert not app.is_in


def test_of_many_who_refresh_with_one_token_at_most_one_is_served(app):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _refresh(app.refresh_token).status_code, range(6)))
    assert answers.count(200) == 1


@pytest.mark.parametrize("end", ["sign out", "password", "disabled", "ended"])
def test_tokens_die_with_their_session(end, app):
    from accounts.models import User

    user = User.objects.get(pk=jwt.decode(app.access_token, options={"verify_signature": False})["sub"])  # fmt: skip
    if end == "sign out":
        app.delete("auth/session")
    elif end == "password":
        other = App()
        other.log_in(user)
        body = {"current_password": PASSWORD, "new_password": "a wholly other phrase"}
        assert other.post("account/password/change", body).status_code == 200
    elif end == "disabled":
        services.disable_person(user)
    else:
        services.end_sessions(user)
    assert not _is_good(app.access_token)
    assert _refresh(app.refresh_token).status_code == 400


def _forged(token, key=None, algorithm="HS256", **changes):
    claims = {**jwt.decode(token, options={"verify_signature": False}), **changes}
    return jwt.encode(claims, key, algorithm)


def test_tokens_that_are_not_ours_open_nothing(app):
    ours = configured.HEADLESS_JWT_PRIVATE_KEY
    other = App()
    other.log_in(person())
    sid = jwt.decode(other.access_token, options={"verify_signature": False})["sid"]
    bad = {
        "another key": _forged(app.access_token, "k" * 64),
        "the secret key itself": _forged(app.access_token, configured.SECRET_KEY),
        "no signature": _forged(app.access_token, None, "none"),
        "over": _forged(app.access_token, ours, exp=int(time.time()) - 1),
        "a refresh token": app.refresh_token,
        "a session of somebody else": _forged(app.access_token, ours, sid=sid),
        "no session": _forged(app.access_token, ours, sid="AAAA"),
        "a session token": app.session_token,
        "cut": app.access_token[:-4],
        "dots": "..",
    }
    assert {name: _tenants(token).status_code for name, token in bad.items()} == dict.fromkeys(
        bad, 401
    )
    assert _refresh(app.access_token).status_code == 400
    assert _is_good(app.access_token)


def test_an_access_token_does_not_give_the_session_away(app):
    claims = jwt.decode(app.access_token, options={"verify_signature": False})
    assert app.session_token not in str(claims)
    headers = {"X-Session-Token": claims["sid"]}
    assert App().client.get("/api/v1/tenants", headers=headers).status_code == 401
