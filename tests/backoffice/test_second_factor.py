"""The backoffice is for staff with a second factor, who signed in not long ago."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from accounts.tests.test_second_factor import authenticator
from tests.backoffice.conftest import PASSWORD, browser, staff

LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _as_in_production(settings):
    settings.STAFF_SECOND_FACTOR = True


def _sign_in(client, user):
    return client.post(f"{LOGIN}?next=/admin/work/", {"username": user.email, "password": PASSWORD})


def _change_session(client, **values):
    session: SessionBase = client.session
    session.update(values)
    session.save()


def test_a_password_alone_leads_to_setting_a_factor_up_and_nowhere_else():
    client, user = browser(), staff(password=PASSWORD, superuser=True)
    answer = _sign_in(client, user)
    assert answer.url == f"{reverse('admin:login_factor')}?next=%2Fadmin%2Fwork%2F"
    for name in ("index", "choose_tenant", "work"):
        assert client.get(reverse(f"admin:{name}")).url.startswith(LOGIN)


def test_staff_set_up_an_app_keep_their_codes_and_are_in():
    client, user = browser(), staff(password=PASSWORD, superuser=True)
    address = _sign_in(client, user).url
    page = client.get(address).text
    assert "<svg" in page
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    assert "Incorrect code" in client.post(address, {"code": "000000"}).text
    done = client.post(address, {"code": authenticator(secret)}).text
    assert len(re.findall(r"<li><code>\d{8}</code></li>", done)) == 10
    assert client.get(reverse("admin:choose_tenant")).status_code == 200
    assert Authenticator.objects.filter(user=user, type="totp").count() == 1
    assert client.get(address).url == LOGIN


def test_a_factor_is_set_up_only_right_after_the_password():
    user = staff(superuser=True)
    client = browser(user)
    address = reverse("admin:login_factor")
    page = client.get(address).text
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user)
    session = client.session
    session["mfa.totp.secret"] = secret
    session.save()
    assert client.post(address, {"code": authenticator(secret)}).url == LOGIN
    assert not Authenticator.objects.filter(user=user).exists()


def test_a_member_cannot_open_the_page_where_factors_are_set_up():
    from accounts.tests.callers import person

    assert browser(person()).get(reverse("admin:login_factor")).url == LOGIN
    assert browser().get(reverse("admin:login_factor")).url == LOGIN


@pytest.fixture
def inside():
    """Staff with a factor, signed in."""
    user = staff(password=PASSWORD, superuser=True)
    TOTP.activate(user, generate_totp_secret())
    client = browser(user)
    assert client.get(reverse("admin:choose_tenant")).status_code == 200
    return user, client


@pytest.mark.parametrize(
    ("ages", "admitted"),
    [
        ({"signed_in_at": 11 * 3600, "backoffice_seen_at": 3600}, True),
        ({"signed_in_at": 11 * 3600, "backoffice_seen_at": 2.1 * 3600}, False),
        ({"signed_in_at": 12.1 * 3600, "backoffice_seen_at": 60}, False),
        ({"signed_in_at": 2.1 * 3600}, False),
    ],
)
def test_a_session_lasts_twelve_hours_and_two_of_rest(inside, ages, admitted):
    _, client = inside
    _change_session(client, **{name: time.time() - age for name, age in ages.items()})
    answer = client.get(reverse("admin:choose_tenant"))
    assert (answer.status_code == 200) is admitted


def test_signing_in_again_after_that_asks_for_everything(inside):
    user, client = inside
    _change_session(client, signed_in_at=time.time() - 13 * 3600)
    old = client.session.session_key
    assert _sign_in(client, user).url.startswith(reverse("admin:login_code"))
    assert "_auth_user_id" not in client.session
    assert client.session.session_key != old


def test_who_loses_the_factor_is_out_with_the_next_page(inside):
    user, client = inside
    Authenticator.objects.filter(user=user).delete()
    assert client.get(reverse("admin:choose_tenant")).url.startswith(LOGIN)


def test_pages_of_signing_in_are_neither_kept_nor_framed():
    client, user = browser(), staff(password=PASSWORD)
    page = client.get(_sign_in(client, user).url)
    assert "no-store" in page["Cache-Control"]
    assert page["X-Frame-Options"] == "DENY"
