"""Making an account: open, by invitation or not at all, and proven by a code."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress

from accounts import sign_up
from accounts.models import User
from accounts.tests.callers import (
    PASSWORD,
    App,
    Browser,
    mailed_code,
    mails_to,
    new_email,
    pending,
    person,
    problems,
)

pytestmark = pytest.mark.usefixtures("verified_addresses")


def _sign_up(caller, email, **fields):
    return caller.post("auth/signup", {"email": email, "password": PASSWORD, **fields})


@pytest.fixture
def invited(settings, monkeypatch):
    """Sign-up by invitation, and who has one."""
    settings.SIGN_UP = "invitation"
    addresses = set()
    monkeypatch.setattr(sign_up, "_invited", [addresses.__contains__])
    return addresses


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_new_person_is_in_once_the_address_is_proven(kind):
    caller, email = kind(), new_email()
    answer = _sign_up(caller, email, name="Ana Lima")
    assert (answer.status_code, pending(answer)) == (401, ["verify_email"])
    assert not caller.is_in
    done = caller.post("auth/email/verify", {"key": mailed_code(email)})
    assert done.status_code == 200
    assert caller.is_in
    user = User.objects.get(email=email)
    assert (user.name, user.check_password(PASSWORD)) == ("Ana Lima", True)
    assert EmailAddress.objects.get(user=user).verified


def test_a_wrong_code_is_good_for_three_tries():
    caller, email = App(), new_email()
    _sign_up(caller, email)
    right = mailed_code(email)
    for _ in range(3):
        assert caller.post("auth/email/verify", {"key": "AAAA-AAAA"}).status_code == 400
    assert caller.post("auth/email/verify", {"key": right}).status_code == 409
    assert not EmailAddress.objects.get(email=email).verified


def test_a_password_that_everybody_has_is_refused():
    answer = App().post("auth/signup", {"email": new_email(), "password": "password12"})
    assert (answer.status_code, problems(answer)) == (400, ["password_too_common"])


def test_nobody_signs_up_where_sign_up_is_closed(settings):
    settings.SIGN_UP = "closed"
    caller, email = App(), new_email()
    assert _sign_up(caller, email).status_code == 403
    assert not User.objects.filter(email=email).exists()
    assert caller.get("config").json()["data"]["account"]["is_open_for_signup"] is False


def test_by_invitation_the_invited_address_signs_up(invited):
    caller, email = App(), new_email()
    invited.add(email)
    assert _sign_up(caller, email.upper()).status_code == 401
    assert caller.post("auth/email/verify", {"key": mailed_code(email)}).status_code == 200
    assert caller.is_in


def test_an_address_without_an_invitation_learns_so_by_mail_alone(invited):
    caller, email, welcome = App(), new_email(), new_email()
    invited.add(welcome)
    refused, taken = _sign_up(caller, email), _sign_up(App(), welcome)
    assert (refused.status_code, pending(refused)) == (taken.status_code, pending(taken))
    assert not User.objects.filter(email=email).exists()
    (mail,) = mails_to(email)
    assert mail.subject == "You need an invitation"
    assert caller.post("auth/email/verify", {"key": "AAAA-AAAA"}).status_code == 400
    assert not caller.is_in


def test_an_address_that_is_taken_is_told_so_by_mail_alone():
    user = person()
    answer = _sign_up(App(), user.email)
    assert (answer.status_code, pending(answer)) == (401, ["verify_email"])
    (said,) = [mails_to(user.email)[-1].body]
    assert "already exists" in said and "http" not in said
    assert User.objects.filter(email=user.email).count() == 1


def test_of_many_sign_ups_with_one_address_one_makes_the_account():
    email = new_email()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _sign_up(App(), email), range(6)))
    assert {answer.status_code for answer in answers} <= {401, 429}
    assert User.objects.filter(email=email).count() == 1
