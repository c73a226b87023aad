"""The second factor: asked for on every way in, a few tries, each code once, and sealed."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.factors import has_second_factor
from accounts.tests.callers import PASSWORD, App, Browser, mailed_code, pending, person, problems
from kernel import vault
from kernel.envelope import KeyRing, Tampered, new_ring_entry


def authenticator(secret, steps=0):
    """What an authenticator app shows now; waits for a new code rather than give one that ends."""
    if time.time() % 30 > 27:
        time.sleep(31 - time.time() % 30)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


@pytest.fixture
def guarded():
    """A person with an authenticator app; the secret, and the recovery codes."""
    user, secret = person(), generate_totp_secret()
    TOTP.activate(user, secret)
    return user, secret, RecoveryCodes.activate(user).get_unused_codes()


def _at_second_step(user, kind=App):
    app = kind()
    assert pending(app.log_in(user)) == ["mfa_authenticate"]
    assert not app.is_in
    return app


def _try(app, code):
    return app.post("auth/2fa/authenticate", {"code": code})


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_person_sets_up_an_app_and_is_asked_for_it_from_then_on(kind):
    user, caller = person(), kind()
    caller.log_in(user)
    asked = caller.get("account/authenticators/totp")
    secret = asked.json()["meta"]["secret"]
    assert asked.status_code == 404
    body = {"code": authenticator(secret)}
    assert caller.post("account/authenticators/totp", body).status_code == 401
    assert caller.confirm_again().status_code == 200
    assert caller.post("account/authenticators/totp", body).status_code == 200
    codes = caller.get("account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    assert len(codes) == 10
    assert has_second_factor(user)
    again = _at_second_step(user, kind)
    assert _try(again, codes[3]).status_code == 200
    assert again.is_in


def test_five_codes_in_five_minutes_and_then_none_from_any_session(guarded):
    user, secret, _ = guarded
    wrong = [problems(_try(_at_second_step(user), f"{n:06}")) for n in range(7)]
    assert wrong == [["incorrect_code"]] * 5 + [["too_many_login_attempts"]] * 2
    late = _try(_at_second_step(user), authenticator(secret))
    assert problems(late) == ["too_many_login_attempts"]


def test_tries_at_the_same_moment_are_not_more(guarded):
    user, _, _ = guarded
    apps = [_at_second_step(user) for _ in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: _try(apps[n], f"{n:06}"), range(12)))
    assert [problems(a) for a in answers].count(["incorrect_code"]) <= 5
    assert [app.is_in for app in apps] == [False] * 12


def test_a_code_of_the_app_is_good_once_though_it_comes_from_many_at_once(guarded):
    user, secret, _ = guarded
    apps = [_at_second_step(user) for _ in range(4)]
    code = authenticator(secret)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda app: _try(app, code).status_code, apps))
    assert sorted(answers)[0] == 200
    assert [app.is_in for app in apps].count(True) == 1


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_code_that_was_used_is_none_after_signing_out_either(guarded, kind):
    """Whoever looked over a shoulder has 30 seconds; the code is gone with its first use."""
    user, secret, _ = guarded
    caller, code = _at_second_step(user, kind), authenticator(secret)
    assert _try(caller, code).status_code == 200
    assert caller.delete("auth/session").status_code == 401  # signed out
    for again in (_at_second_step(user, kind), _at_second_step(user, App)):
        assert problems(_try(again, code)) == ["incorrect_code"]
        assert not again.is_in


def test_a_code_of_another_time_is_not_taken(guarded):
    user, secret, _ = guarded
    for steps in (-2, 2):
        assert _try(_at_second_step(user), authenticator(secret, steps)).status_code == 400


def test_a_recovery_code_is_good_once_though_it_comes_from_many_at_once(guarded):
    user, _, codes = guarded
    apps = [_at_second_step(user) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda app: _try(app, codes[0]), apps))
    assert [app.is_in for app in apps].count(True) == 1
    assert len(Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()) == 9  # fmt: skip


def test_recovery_codes_used_at_the_same_moment_are_each_crossed_out(guarded):
    user, _, codes = guarded
    apps = [_at_second_step(user) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: _try(apps[n], codes[n]), range(3)))
    left = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    assert set(left) == set(codes[3:])


def test_no_other_way_in_goes_around_it(guarded):
    user, _, _ = guarded
    by_code = App()
    by_code.post("auth/code/request", {"email": user.email})
    answer = by_code.post("auth/code/confirm", {"code": mailed_code(user.email)})
    assert pending(answer) == ["mfa_authenticate"]
    assert not by_code.is_in
    by_reset = App()
    by_reset.post("auth/password/request", {"email": user.email})
    body = {"key": mailed_code(user.email), "password": "a wholly other phrase"}
    by_reset.post("auth/password/reset", body)
    assert not by_reset.is_in
    assert has_second_factor(user)
    again = App()
    assert pending(again.log_in(user, "a wholly other phrase")) == ["mfa_authenticate"]
    assert again.get("account/authenticators").status_code == 401


def test_half_signed_in_is_not_signed_in_for_the_api(guarded):
    user, _, _ = guarded
    app = _at_second_step(user)
    assert not app.access_token
    headers = {"X-Session-Token": app.session_token}
    assert app.client.get("/api/v1/tenants", headers=headers).status_code == 401


def test_only_who_has_just_proven_themselves_takes_the_factor_away(guarded):
    user, _, codes = guarded
    app = _at_second_step(user)
    _try(app, codes[0])
    assert app.delete("account/authenticators/totp").status_code == 401
    assert app.post("auth/2fa/reauthenticate", {"code": codes[1]}).status_code == 200
    assert app.delete("account/authenticators/totp").status_code == 200
    assert not has_second_factor(user)
    assert not Authenticator.objects.filter(user=user).exists()


def test_secrets_and_seeds_are_sealed_in_the_database(guarded):
    user, secret, _ = guarded
    stored = [str(row.data) for row in Authenticator.objects.filter(user=user)]
    assert not any(secret in data for data in stored)
    assert all("v1." in data for data in stored)
    sealed = Authenticator.objects.get(user=user, type="totp").data["secret"]
    with pytest.raises(Tampered):
        vault.open_for_platform(sealed, collection="elsewhere", object_id="factor", field="data")


def test_the_ring_rotates_under_them(guarded, monkeypatch, settings):
    user, secret, _ = guarded
    ring = KeyRing.from_env(f"{new_ring_entry('next')},{settings.KEY_RING}")
    before = vault.key_ring()
    monkeypatch.setattr(vault, "key_ring", lambda: ring)
    assert vault.rewrap_platform_keys() >= 1
    vault._wrapped.clear()
    assert _try(_at_second_step(user), authenticator(secret)).status_code == 200
    both = KeyRing(current=before.current, keys=ring.keys)
    monkeypatch.setattr(vault, "key_ring", lambda: both)
    assert vault.rewrap_platform_keys() >= 1
    vault._wrapped.clear()


def test_a_password_does_not_stand_for_a_code(guarded):
    user, _, _ = guarded
    assert _try(_at_second_step(user), PASSWORD).status_code == 400
