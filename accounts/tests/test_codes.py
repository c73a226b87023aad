"""Codes that are mailed: for one session, once, for a while, and for the address of that moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import User
from accounts.tests.callers import App, Browser, mailed_code, new_email, person, problems

NEW = "a wholly other phrase"


def _asked_reset(user, kind=App):
    caller = kind()
    caller.post("auth/password/request", {"email": user.email})
    return caller, mailed_code(user.email)


def _reset(caller, key, password=NEW):
    return caller.post("auth/password/reset", {"key": key, "password": password})


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_password_is_reset_by_code(kind):
    user = person()
    caller, key = _asked_reset(user, kind)
    assert caller.get("auth/password/reset", **{"X-Password-Reset-Key": key}).status_code == 200
    assert _reset(caller, key).status_code == 401
    assert not caller.is_in
    assert kind().log_in(user, NEW).status_code == 200


def test_a_reset_code_is_good_once_though_it_comes_twenty_times_at_once():
    user = person()
    caller, key = _asked_reset(user)
    passwords = [f"{NEW} {n}" for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda p: _reset(_same(caller), key, p).status_code, passwords))
    assert statuses.count(401) == 1
    assert set(statuses) <= {401, 409, 410, 429}
    assert _reset(_same(caller), key).status_code in (409, 410)
    user = User.objects.get(pk=user.pk)
    assert [user.check_password(p) for p in passwords].count(True) == 1


def _same(caller):
    twin = App()
    twin.session_token = caller.session_token
    return twin


def test_a_code_is_nothing_in_another_session():
    user = person()
    _, key = _asked_reset(user)
    assert _reset(App(), key).status_code == 409
    other, _ = _asked_reset(person())
    assert problems(_reset(other, key)) == ["incorrect_code"]
    assert App().log_in(user).status_code == 200


@pytest.mark.parametrize("after_s", [601, 100_000])
def test_a_code_is_over_after_ten_minutes(after_s, monkeypatch):
    import time

    user = person()
    caller, key = _asked_reset(user)
    login = App()
    login.post("auth/code/request", {"email": user.email})
    code = mailed_code(user.email)
    now = time.time
    monkeypatch.setattr("allauth.account.internal.flows.code_verification.time.time", lambda: now() + after_s)  # fmt: skip
    assert _reset(caller, key).status_code == 409
    assert login.post("auth/code/confirm", {"code": code}).status_code == 409


def test_three_wrong_codes_end_it():
    user = person()
    caller, key = _asked_reset(user)
    assert [_reset(caller, "AAAA-AAAA").status_code for _ in range(3)] == [400] * 3
    assert _reset(caller, key).status_code == 409


def test_wrong_codes_at_the_same_moment_are_not_more():
    user = person()
    caller, key = _asked_reset(user)
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: _reset(_same(caller), "AAAA-AAAA").status_code, range(9)))  # fmt: skip
    assert statuses.count(400) <= 3
    assert _reset(_same(caller), key).status_code == 409


def test_a_new_code_replaces_the_one_before():
    user = person()
    caller, first = _asked_reset(user)
    caller.post("auth/password/request", {"email": user.email})
    assert problems(_reset(caller, first)) == ["incorrect_code"]


def test_a_login_code_is_good_once():
    user, app = person(), App()
    app.post("auth/code/request", {"email": user.email})
    code, session = mailed_code(user.email), app.session_token
    apps = [App() for _ in range(5)]
    for each in apps:
        each.session_token = session
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda each: each.post("auth/code/confirm", {"code": code}), apps))
    assert [each.is_in for each in apps].count(True) == 1


def test_a_code_sent_to_an_address_that_was_left_is_no_use():
    user, owner = person(), App()
    owner.log_in(user)
    caller, key = _asked_reset(user)
    by_code = App()
    by_code.post("auth/code/request", {"email": user.email})
    login_key = mailed_code(user.email)
    old, new = user.email, new_email()
    EmailAddress.objects.create(user=user, email=new, verified=True)
    owner.confirm_again()
    moved = owner.call("patch", "account/email", {"email": new, "primary": True})
    assert moved.status_code == 200
    assert owner.delete("account/email", {"email": old}).status_code == 200
    assert User.objects.get(pk=user.pk).email == new
    assert _reset(caller, key).status_code in (400, 409)
    assert User.objects.get(pk=user.pk).check_password(NEW) is False
    assert by_code.post("auth/code/confirm", {"code": login_key}).status_code == 401
    assert not by_code.is_in


def test_codes_are_typed_and_not_followed():
    """Nothing that could leave in a Referer: the mails hold codes, and links without them."""
    user = person()
    _, key = _asked_reset(user)
    app = App()
    app.post("auth/code/request", {"email": user.email})
    mails = [m for m in mail.outbox if m.to == [user.email]]
    assert len(mails) == 2
    for message in mails:
        links = [word for word in message.body.split() if "://" in word]
        assert not any(key in link or mailed_code(user.email) in link for link in links)


def test_without_a_mail_server_the_answer_says_so_and_not_for_whom(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 9, False
    answers = [
        App().post("auth/password/request", {"email": email})
        for email in (person().email, new_email())
    ]
    assert [answer.status_code for answer in answers] == [503, 503]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "mail_unavailable"
