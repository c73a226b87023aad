"""Signing in goes through allauth, and only staff get in."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import reverse

from accounts.models import User
from accounts.tests.callers import App, pending, problems
from accounts.tests.test_second_factor import authenticator
from kernel.mongo.ids import new_id
from tests.backoffice.conftest import PASSWORD, browser, staff

LOGIN = "/admin/login/"


def _sign_in(client, user, password=PASSWORD):
    return client.post(f"{LOGIN}?next=/admin/work/", {"username": user.email, "password": password})


def test_staff_sign_in_with_their_address():
    client, user = browser(), staff(password=PASSWORD)
    answer = _sign_in(client, user)
    assert (answer.status_code, answer.url) == (302, "/admin/work/")
    assert client.get(reverse("admin:choose_tenant")).status_code == 200


def test_a_person_who_is_no_staff_gets_the_answer_of_a_wrong_password():
    member = User.objects.create_user(f"m-{new_id()}@example.test", PASSWORD)
    helper = staff(password=PASSWORD)
    right = _sign_in(browser(), member)
    wrong = _sign_in(browser(), helper, "another password")
    for answer in (right, wrong):
        assert answer.status_code == 200
        assert "The email address and/or password you specified are not correct" in answer.text
        assert "_auth_user_id" not in answer.client.session


def test_a_member_signed_in_elsewhere_does_not_get_in():
    member = User.objects.create_user(f"m-{new_id()}@example.test", None)
    answer = browser(member).get("/admin/")
    assert (answer.status_code, answer.url) == (302, "/admin/login/?next=/admin/")


def test_too_many_wrong_passwords_are_stopped_by_allauths_limit():
    client, user = browser(), staff(password=PASSWORD)
    for _ in range(5):
        _sign_in(client, user, "guess")
    assert "Too many failed login attempts" in _sign_in(client, user, PASSWORD).text
    assert "_auth_user_id" not in client.session


def test_an_address_that_never_stops_asking_is_slowed_down():
    client = browser()
    codes = {client.post(LOGIN, {"username": "x", "password": "y"}).status_code for _ in range(32)}
    assert codes == {200, 429}


def test_a_second_factor_is_asked_for_and_holds():
    client, user = browser(), staff(password=PASSWORD)
    TOTP.activate(user, generate_totp_secret())
    codes = RecoveryCodes.activate(user)
    answer = _sign_in(client, user)
    assert answer.url.startswith(reverse("admin:login_code"))
    assert client.get("/admin/").url.startswith(LOGIN)
    assert "Incorrect code" in client.post(answer.url, {"code": "000000"}).text
    assert client.get("/admin/").url.startswith(LOGIN)
    inside = client.post(answer.url, {"code": codes.get_unused_codes()[0]})
    assert (inside.status_code, inside.url) == (302, "/admin/work/")
    assert client.get(reverse("admin:choose_tenant")).status_code == 200


def test_codes_at_the_backoffice_count_with_the_rest():
    """Five wrong codes in five minutes, wherever they were tried: from then on the right one is none either."""
    user, secret = staff(password=PASSWORD), generate_totp_secret()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    TOTP.activate(user, secret)
    for n in range(3):
        app = App()
        assert pending(app.log_in(user, PASSWORD)) == ["mfa_authenticate"]
        tried = app.post("auth/2fa/authenticate", {"code": f"{n:06}"})
        assert problems(tried) == ["incorrect_code"]
    client = browser()
    page = _sign_in(client, user).url
    for n in range(2):
        assert "Incorrect code" in client.post(page, {"code": f"{n:06}"}).text
    late = client.post(page, {"code": authenticator(secret)})
    assert (late.status_code, "Too many failed login attempts" in late.text) == (200, True)
    assert "_auth_user_id" not in client.session
    app = App()
    app.log_in(user, PASSWORD)
    late = app.post("auth/2fa/authenticate", {"code": authenticator(secret)})
    assert problems(late) == ["too_many_login_attempts"]
    assert not app.is_in


@pytest.mark.parametrize("elsewhere", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(elsewhere):
    client, user = browser(), staff(password=PASSWORD)
    form = {"username": user.email, "password": PASSWORD, "next": elsewhere}
    assert client.post(LOGIN, form).url == "/admin/"


def test_a_form_without_its_token_is_refused():
    client, user = browser(), staff(password=PASSWORD)
    client.handler.enforce_csrf_checks = True
    assert _sign_in(client, user).status_code == 403


def test_logging_out_closes_every_page(superuser, world):
    client = browser(superuser, world.tenant)
    assert client.get("/admin/").status_code == 200
    client.post(reverse("admin:logout"))
    assert client.get("/admin/").url.startswith(LOGIN)


def test_pages_are_neither_framed_nor_kept(superuser, world):
    answer = browser(superuser, world.tenant).get("/admin/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


def test_passwords_are_not_changed_here(superuser, world):
    assert browser(superuser, world.tenant).get("/admin/password_change/").status_code == 404
