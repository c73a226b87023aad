"""Guesses are counted, over processes and without Redis, and never against the owner."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis.connection
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from accounts.counters import MarkCache, TurnTaken, in_turn, once
from accounts.tests.callers import (
    PASSWORD,
    App,
    Browser,
    address,
    mailed_code,
    new_email,
    person,
    problems,
)

LOCKED = "too_many_login_attempts"
WRONG = "email_password_mismatch"


def _guess(user, app=None, password="not the password"):
    return problems((app or App()).log_in(user, password))


def test_an_account_admits_five_guesses_from_any_number_of_addresses():
    user = person()
    answers = [_guess(user) for _ in range(12)]
    assert answers == [[WRONG]] * 5 + [[LOCKED]] * 7
    assert _guess(user, password=PASSWORD) == [LOCKED]


def test_a_hundred_guesses_at_the_same_moment_are_not_more_wherever_they_are_made():
    """From a hundred addresses, half of them at the backoffice's own form."""
    user = person(is_staff=True)

    def guess(n):
        if n % 2:
            return _guess(user)
        form = {"username": user.email, "password": f"guess {n}"}
        text = Client(REMOTE_ADDR=address()).post("/admin/login/", form).text
        return [LOCKED] if "Too many failed login attempts" in text else [WRONG]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(guess, range(100)))
    assert 1 <= answers.count([WRONG]) <= 5
    assert answers.count([WRONG]) + answers.count([LOCKED]) == 100
    assert _guess(user, password=PASSWORD) == [LOCKED]


def test_an_address_admits_ten_guesses_at_whichever_accounts():
    ip = address()
    users = [person(password=None) for _ in range(14)]
    answers = [_guess(user, App(ip=ip)) for user in users]
    assert answers == [[WRONG]] * 10 + [[LOCKED]] * 4


def test_an_address_in_a_header_that_nobody_vouches_for_is_not_believed():
    ip = address()
    answers = [
        _guess(person(password=None), App(ip=ip, **{"X-Forwarded-For": address()}))
        for _ in range(12)
    ]
    assert answers == [[WRONG]] * 10 + [[LOCKED]] * 2


def test_behind_a_proxy_the_address_that_it_saw_counts(settings):
    settings.TRUSTED_PROXIES = 1
    seen = address()
    answers = [
        _guess(person(password=None), App(**{"X-Forwarded-For": f"{address()}, {seen}"}))
        for _ in range(12)
    ]
    assert answers == [[WRONG]] * 10 + [[LOCKED]] * 2


def test_the_backoffice_counts_with_the_rest():
    user = person(is_staff=True)
    for _ in range(3):
        _guess(user)
    form = {"username": user.email, "password": "not the password"}
    texts = [Client(REMOTE_ADDR=address()).post("/admin/login/", form).text for _ in range(4)]
    assert ["Too many failed login attempts" in text for text in texts] == [
        False,
        False,
        True,
        True,
    ]
    assert _guess(user, password=PASSWORD) == [LOCKED]


def test_nothing_is_unlimited_while_redis_is_away(monkeypatch):
    def away(*_, **__):
        raise redis.exceptions.ConnectionError("Redis is away")

    monkeypatch.setattr(redis.connection.AbstractConnection, "connect", away)
    user = person()
    assert [_guess(user) for _ in range(6)] == [[WRONG]] * 5 + [[LOCKED]]
    asked = [App().post("auth/password/request", {"email": user.email}) for _ in range(6)]
    assert [answer.status_code for answer in asked] == [401] * 5 + [429]
    codes = [App().post("auth/code/request", {"email": user.email}) for _ in range(4)]
    assert problems(codes[-1]) == [LOCKED]


@pytest.mark.parametrize("kind", [App, Browser])
def test_the_owner_gets_in_from_a_device_that_was_in_before(kind):
    user, own = person(), kind()
    entered = own.log_in(user)
    own.headers["X-Known-Device"] = entered["X-Known-Device"] if kind is App else ""
    own.delete("auth/session")
    own.session_token = ""
    for _ in range(6):
        _guess(user)
    assert _guess(user, password=PASSWORD) == [LOCKED]
    assert own.log_in(user).status_code == 200
    assert own.is_in


def test_the_owner_gets_in_by_a_second_address_from_a_device_that_was_in_before():
    user, own = person(), App()
    second = EmailAddress.objects.create(user=user, email=new_email(), verified=True)
    own.headers["X-Known-Device"] = own.log_in(user)["X-Known-Device"]
    own.session_token = ""
    body = {"email": second.email, "password": "not the password"}
    tries = [problems(App().post("auth/login", body)) for _ in range(6)]
    assert tries == [[WRONG]] * 5 + [[LOCKED]]
    assert _guess(user, password=PASSWORD) == [LOCKED]
    assert own.post("auth/login", {**body, "password": PASSWORD}).status_code == 200


def test_guesses_at_all_addresses_of_an_account_are_counted_together():
    user = person()
    second = EmailAddress.objects.create(user=user, email=new_email(), verified=True)
    for _ in range(3):
        _guess(user)
    body = {"email": second.email, "password": "not the password"}
    tries = [problems(App().post("auth/login", body)) for _ in range(4)]
    assert tries == [[WRONG]] * 2 + [[LOCKED]] * 2


@pytest.mark.parametrize("path, most", [("auth/code/request", 3), ("auth/password/request", 5)])
def test_strangers_who_use_up_the_codes_do_not_keep_the_owner_from_one(path, most):
    user, own = person(), App()
    own.headers["X-Known-Device"] = own.log_in(user)["X-Known-Device"]
    own.session_token = ""
    body = {"email": user.email}
    asked = [App().post(path, body).status_code for _ in range(most + 1)]
    assert asked[:most] == [401] * most and asked[most] in (400, 429)
    assert own.post(path, body).status_code == 401
    if path == "auth/code/request":
        code = {"code": mailed_code(user.email)}
        assert own.post("auth/code/confirm", code).status_code == 200


def test_a_known_device_has_five_guesses_of_its_own_and_no_more():
    user, own = person(), App()
    own.headers["X-Known-Device"] = own.log_in(user)["X-Known-Device"]
    own.session_token = ""
    assert [_guess(user, own) for _ in range(6)] == [[WRONG]] * 5 + [[LOCKED]]
    assert _guess(user) == [WRONG]


def test_a_device_of_somebody_else_is_a_strange_one():
    user, other, own = person(), person(), App()
    own.headers["X-Known-Device"] = own.log_in(other)["X-Known-Device"]
    own.session_token = ""
    for _ in range(5):
        _guess(user)
    assert _guess(user, own, PASSWORD) == [LOCKED]
    own.headers["X-Known-Device"] = own.headers["X-Known-Device"][:-2] + "xx"
    assert _guess(user, own, PASSWORD) == [LOCKED]


def test_the_owner_gets_in_by_a_code_from_a_strange_device():
    user, app = person(), App()
    for _ in range(6):
        _guess(user)
    app.post("auth/code/request", {"email": user.email})
    assert app.post("auth/code/confirm", {"code": mailed_code(user.email)}).status_code == 200
    assert app.is_in


def test_a_new_password_begins_with_a_new_count():
    user, app = person(), App()
    for _ in range(6):
        _guess(user)
    app.post("auth/password/request", {"email": user.email})
    body = {"key": mailed_code(user.email), "password": "a wholly other phrase"}
    app.post("auth/password/reset", body)
    assert App().log_in(user, "a wholly other phrase").status_code == 200


def test_counts_stand_in_the_database_under_keys_that_tell_nothing():
    assert isinstance(cache._connections[cache._alias], MarkCache)
    from accounts.models import SignInMark

    email = new_email()
    App().post("auth/login", {"email": email, "password": "x"})
    assert not any(email in mark.key for mark in SignInMark.objects.all())


def test_what_is_remembered_is_forgotten_in_time():
    assert cache.add("one", 1, timeout=-1) is True
    assert cache.get("one") is None
    assert cache.add("one", 2, timeout=60) is True
    assert cache.add("one", 3, timeout=60) is False
    assert cache.get("one") == 2
    cache.delete("one")
    assert cache.get("one", "none") == "none"
    assert [once("a code", seconds=60), once("a code", seconds=60)] == [True, False]


def test_a_turn_is_one_at_a_time_and_ends(monkeypatch):
    monkeypatch.setattr("accounts.counters.WAIT_S", 0.05)
    name = new_email()
    with in_turn("test", name):
        with pytest.raises(TurnTaken):
            with in_turn("test", name):
                raise AssertionError("two at once")
    with in_turn("test", name):
        assert cache.get(name) is None
