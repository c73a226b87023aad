"""Whoever proves an address gets the account alone: what strangers had set up for it opens nothing."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount

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
)

NEW = "a wholly other phrase"


@pytest.fixture
def squatted():
    """An account that a stranger made for another's address and furnished; who is in it."""
    user, squatter = person(verified=False), App()
    squatter.log_in(user)
    TOTP.activate(user, generate_totp_secret())
    SocialAccount.objects.create(user=user, provider="oidc", uid=user.pk)
    EmailAddress.objects.create(user=user, email=new_email(), verified=False)
    assert squatter.is_in
    return user, squatter


def _is_theirs_alone(user, squatter, password=PASSWORD):
    assert not squatter.is_in
    assert App().log_in(user, password).status_code == 400
    assert not Authenticator.objects.filter(user_id=user.pk).exists()
    assert not SocialAccount.objects.filter(user_id=user.pk).exists()
    assert list(EmailAddress.objects.filter(user_id=user.pk).values_list("email", "verified")) == [
        (user.email, True)
    ]


def _by_code(kind, email):
    caller = kind()
    caller.post("auth/code/request", {"email": email})
    return caller, caller.post("auth/code/confirm", {"code": mailed_code(email)})


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_login_code_ends_what_was_set_before_its_address_was_proven(squatted, kind):
    user, squatter = squatted
    owner, answer = _by_code(kind, user.email)
    assert answer.status_code == 200
    assert owner.is_in
    _is_theirs_alone(user, squatter)
    assert not User.objects.get(pk=user.pk).has_usable_password()


def test_a_login_code_does_so_where_sign_up_asks_for_a_code_too(verified_addresses):
    squatter, email = App(), new_email()
    squatter.post("auth/signup", {"email": email, "password": PASSWORD})
    owner, answer = _by_code(App, email)
    assert (answer.status_code, owner.is_in) == (200, True)
    assert App().post("auth/login", {"email": email, "password": PASSWORD}).status_code == 400
    assert not squatter.is_in


@pytest.mark.parametrize("looks_first", [False, True])
def test_a_reset_ends_the_rest_and_keeps_its_own_password(squatted, looks_first):
    user, squatter = squatted
    owner = App()
    owner.post("auth/password/request", {"email": user.email})
    key = mailed_code(user.email)
    if looks_first:
        owner.get("auth/password/reset", **{"X-Password-Reset-Key": key})
    owner.post("auth/password/reset", {"key": key, "password": NEW})
    _is_theirs_alone(user, squatter)
    assert App().log_in(user, NEW).status_code == 200


def test_a_link_that_is_followed_elsewhere_ends_it(squatted, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    user, squatter = squatted
    key = EmailConfirmationHMAC(EmailAddress.objects.get(user=user, email=user.email)).key
    App().post("auth/email/verify", {"key": key})
    _is_theirs_alone(user, squatter)


def test_whoever_signs_up_keeps_the_password_that_they_chose(verified_addresses):
    app, email = App(), new_email()
    app.post("auth/signup", {"email": email, "password": PASSWORD})
    app.post("auth/email/verify", {"key": mailed_code(email)})
    assert app.is_in
    assert App().log_in(User.objects.get(email=email)).status_code == 200


def test_whoever_knows_the_password_may_prove_the_address_from_another_session(
    verified_addresses, settings
):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "confirm_email": "5/m/key"}
    email, later = new_email(), App()
    App().post("auth/signup", {"email": email, "password": PASSWORD})
    user = User.objects.get(email=email)
    assert pending(later.log_in(user)) == ["verify_email"]
    later.post("auth/email/verify", {"key": mailed_code(email)})
    assert later.is_in
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_code_to_an_address_that_was_proven_ends_nothing():
    user, other = person(), App()
    other.log_in(user)
    owner, _ = _by_code(App, user.email)
    assert owner.is_in and other.is_in
    assert App().log_in(user).status_code == 200


def test_a_second_address_that_is_proven_ends_nothing(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    user, owner = person(), App()
    owner.log_in(user)
    second = EmailAddress.objects.create(user=user, email=new_email(), verified=False)
    App().post("auth/email/verify", {"key": EmailConfirmationHMAC(second).key})
    assert EmailAddress.objects.get(pk=second.pk).verified
    assert owner.is_in
    assert App().log_in(user).status_code == 200


def test_an_address_that_was_mistyped_opens_nothing_of_who_has_proven_another():
    user, mistyped = person(), new_email()
    EmailAddress.objects.create(user=user, email=mistyped, verified=False)
    stranger = App()
    for path in ("auth/code/request", "auth/password/request"):
        stranger.post(path, {"email": mistyped})
    mails = mails_to(mistyped)
    assert len(mails) == 2
    assert not any("code" in mail.subject.lower() for mail in mails)
    assert not EmailAddress.objects.get(email=mistyped).verified
