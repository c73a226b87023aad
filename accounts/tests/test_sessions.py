"""Sessions begin with a new id, are listed, and end everywhere at once."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command

from accounts import services
from accounts.models import User
from accounts.tests.callers import PASSWORD, App, Browser, mailed_code, person
from accounts.tests.test_second_factor import authenticator

OTHER = "a wholly other phrase"


@pytest.fixture
def everywhere():
    """A person who is signed in with two browsers and two apps; the first of them acts."""
    user = person()
    callers = [Browser(), Browser(), App(), App()]
    for caller in callers:
        assert caller.log_in(user).status_code == 200
    return user, callers


def _in(callers):
    return [caller.is_in for caller in callers]


def test_a_session_that_was_planted_is_not_the_one_after_signing_in():
    user, browser = person(), Browser()
    browser.post("auth/code/request", {"email": user.email})
    planted = browser.session_id
    assert planted
    browser.post("auth/code/confirm", {"code": mailed_code(user.email)})
    assert browser.session_id != planted
    assert not Session.objects.filter(session_key=planted).exists()
    thief = Browser()
    thief.client.cookies["sessionid"] = planted
    assert not thief.is_in


def test_an_app_gets_a_new_token_when_it_is_in():
    user, app = person(), App()
    app.post("auth/code/request", {"email": user.email})
    before = app.session_token
    app.post("auth/code/confirm", {"code": mailed_code(user.email)})
    assert app.session_token != before
    assert App().get("auth/session", **{"X-Session-Token": before}).status_code == 410


def test_after_signing_out_the_session_is_dead_and_others_live(everywhere):
    _, callers = everywhere
    kept = callers[0].session_id
    callers[0].delete("auth/session")
    callers[0].client.cookies["sessionid"] = kept
    assert _in(callers) == [False, True, True, True]


@pytest.mark.parametrize("acting", [0, 2])
def test_a_changed_password_ends_all_other_sessions(everywhere, acting):
    _, callers = everywhere
    body = {"current_password": PASSWORD, "new_password": OTHER}
    assert callers[acting].post("account/password/change", body).status_code == 200
    assert _in(callers) == [n == acting for n in range(4)]


def test_a_password_that_was_reset_ends_all_sessions(everywhere):
    user, callers = everywhere
    stranger = App()
    stranger.post("auth/password/request", {"email": user.email})
    stranger.post("auth/password/reset", {"key": mailed_code(user.email), "password": OTHER})
    assert _in(callers) == [False] * 4
    assert not stranger.is_in
    assert App().log_in(user, OTHER).status_code == 200


@pytest.mark.parametrize("acting", [0, 2])
def test_a_factor_that_is_added_or_taken_away_ends_all_other_sessions(everywhere, acting):
    user, callers = everywhere
    mine = callers[acting]
    mine.confirm_again()
    secret = mine.get("account/authenticators/totp").json()["meta"]["secret"]
    body = {"code": authenticator(secret)}
    assert mine.post("account/authenticators/totp", body).status_code == 200
    assert _in(callers) == [n == acting for n in range(4)]
    app = App()
    app.log_in(user)
    assert mine.delete("account/authenticators/totp").status_code == 200
    assert [mine.is_in, app.is_in] == [True, False]


def test_who_is_disabled_is_out_with_the_next_request_and_stays_out(everywhere):
    user, callers = everywhere
    services.disable_person(user)
    assert _in(callers) == [False] * 4
    assert App().log_in(user).status_code == 401
    services.enable_person(user)
    assert _in(callers) == [False] * 4
    assert App().log_in(user).status_code == 200


def test_a_flag_alone_is_enough_to_be_out(everywhere):
    user, callers = everywhere
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert _in(callers) == [False] * 4


def test_a_stale_copy_of_a_person_does_not_bring_sessions_back(everywhere):
    user, callers = everywhere
    stale = User.objects.get(pk=user.pk)
    services.end_sessions(user)
    stale.name = "Ana"
    stale.save()
    assert _in(callers) == [False] * 4
    assert User.objects.get(pk=user.pk).name == "Ana"


def test_a_person_sees_sessions_of_browsers_and_apps_and_ends_them(everywhere):
    user, callers = everywhere
    listed = callers[0].get("auth/sessions").json()["data"]
    assert len(listed) == 4
    assert [entry["is_current"] for entry in listed].count(True) == 1
    others = [entry["id"] for entry in listed if not entry["is_current"]]
    left = callers[0].delete("auth/sessions", {"sessions": others[:2]}).json()["data"]
    assert len(left) == 2
    assert _in(callers).count(True) == 2
    assert callers[0].is_in
    callers[0].delete("auth/sessions", {"sessions": [entry["id"] for entry in left]})
    assert _in(callers) == [False] * 4
    assert not UserSession.objects.filter(user=user).exists()


def test_nobody_ends_a_session_of_somebody_else(everywhere):
    user, callers = everywhere
    other = App()
    other.log_in(person())
    theirs = [row.pk for row in UserSession.objects.filter(user=user)]
    for ids in (theirs, ["0" * 24], ["not an id"]):
        assert other.delete("auth/sessions", {"sessions": ids}).status_code == 400
    assert _in(callers) == [True] * 4


def test_what_a_session_holds_cannot_be_read_in_the_database():
    user, app = person(), App()
    app.post("auth/code/request", {"email": user.email})
    stored = Session.objects.get(session_key=app.session_token).session_data
    assert stored.startswith("v1.")
    moved = Session.objects.get(session_key=app.session_token)
    moved.session_data = "v1.broken"
    moved.save()
    answer = app.post("auth/code/confirm", {"code": mailed_code(user.email)})
    assert answer.status_code == 409


def test_an_operator_disables_enables_and_takes_lost_factors_away(everywhere, capsys):
    user, callers = everywhere
    TOTP.activate(user, generate_totp_secret())
    call_command("person", "remove-factors", user.email)
    assert _in(callers) == [False] * 4
    app = App()
    assert app.log_in(user).status_code == 200
    call_command("person", "disable", user.email.upper())
    assert not app.is_in
    call_command("person", "enable", user.email)
    assert App().log_in(user).status_code == 200
    assert "may sign in again" in capsys.readouterr().out
