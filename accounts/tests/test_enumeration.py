"""No answer tells whether an address has an account, nor whether one was invited."""

import pytest
from django.contrib.auth import hashers

from accounts import sign_up
from accounts.tests.callers import PASSWORD, App, mails_to, new_email, person

pytestmark = pytest.mark.usefixtures("verified_addresses")
REQUESTS = {
    "login": ("auth/login", {"password": "not the password"}),
    "code": ("auth/code/request", {}),
    "reset": ("auth/password/request", {}),
    "sign-up": ("auth/signup", {"password": PASSWORD}),
}


class CountingHasher(hashers.MD5PasswordHasher):
    """Counts what costs the time: how often a password was hashed."""

    algorithm = "counting"
    runs = 0

    def encode(self, password, salt):
        type(self).runs += 1
        return super().encode(password, salt)


def _asked(request, email):
    """Status, headers that could differ, and the body without what is random; and the hashes it took."""
    path, fields = REQUESTS[request]
    before = CountingHasher.runs
    answer = App().post(path, {"email": email, **fields})
    body = answer.json()
    body.get("meta", {}).pop("session_token", None)
    return (answer.status_code, sorted(answer.headers), body), CountingHasher.runs - before


@pytest.fixture
def counted(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()
    yield
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()


@pytest.mark.parametrize("request_of", REQUESTS)
def test_a_known_and_an_unknown_address_are_answered_alike(request_of, counted):
    for _ in range(5):
        known, unknown = person(), new_email()
        (answer, hashes), (other, other_hashes) = (
            _asked(request_of, known.email),
            _asked(request_of, unknown),
        )
        assert answer == other
        assert hashes == other_hashes


@pytest.mark.parametrize("request_of", ["code", "reset", "sign-up"])
def test_both_get_a_mail(request_of, counted):
    known, unknown = person().email, new_email()
    for email in (known, unknown):
        _asked(request_of, email)
        assert len(mails_to(email)) == 1


@pytest.mark.parametrize("request_of", REQUESTS)
def test_an_account_that_was_closed_is_like_none(request_of, counted):
    closed = person(is_active=False)
    assert _asked(request_of, closed.email) == _asked(request_of, new_email())


def test_who_was_invited_is_not_told(settings, monkeypatch, counted):
    settings.SIGN_UP = "invitation"
    welcome, stranger = new_email(), new_email()
    monkeypatch.setattr(sign_up, "_invited", [lambda email: email == welcome])
    assert _asked("sign-up", welcome) == _asked("sign-up", stranger)


def test_an_address_with_an_account_cannot_be_told_by_its_codes():
    known, unknown = App(), App()
    known.post("auth/code/request", {"email": person().email})
    unknown.post("auth/code/request", {"email": new_email()})
    for _ in range(4):
        answers = [app.post("auth/code/confirm", {"code": "AAAA-AAAA"}) for app in (known, unknown)]
        assert answers[0].status_code == answers[1].status_code
    assert answers[0].status_code == 409


def test_strangers_wait_as_long_as_the_others(settings):
    import time

    settings.SIGN_IN_FLOOR_S = 0.3
    for email in (person().email, new_email()):
        started = time.monotonic()
        App().post("auth/password/request", {"email": email})
        assert time.monotonic() - started >= 0.3
