"""Signing in with another's account: by state of this very browser, and never by an unproven address."""

import secrets

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from accounts.tests.callers import PASSWORD, App, Browser, new_email, pending, person
from accounts.tests.provider import CLIENT, SECRET, Provider

CALLBACK = "/accounts/oidc/oidc/login/callback/"


@pytest.fixture
def provider(settings, monkeypatch):
    made = Provider()
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    app = {"provider_id": "oidc", "name": "Company", "client_id": CLIENT, "secret": SECRET,
           "settings": {"server_url": made.url, "email_authentication": True}}  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    }
    made.claims = {"sub": secrets.token_hex(8), "email": new_email(), "email_verified": True}
    made.app = app
    yield made
    made.stop()


def _redirect(browser, process="login"):
    browser.get("config")
    form = {"provider": "oidc", "process": process, "callback_url": "http://testserver/done",
            "csrfmiddlewaretoken": browser.client.cookies["csrftoken"].value}  # fmt: skip
    answer = browser.client.post(browser.prefix + "auth/provider/redirect", form)
    assert answer.status_code == 302, answer.content
    return answer.url


def _come_back(browser, query):
    return browser.client.get(CALLBACK + query)


def _sign_in(browser, provider):
    return _come_back(browser, provider.consent(_redirect(browser)))


def test_a_provider_that_is_not_configured_is_not_offered():
    flows = App().get("auth/session").json()["data"]["flows"]
    assert not any(flow["id"].startswith("provider") for flow in flows)
    assert Browser().client.get(CALLBACK + "?code=1&state=2").status_code == 404


def test_a_new_person_signs_in_and_comes_back_as_the_same(provider):
    browser = Browser()
    answer = _sign_in(browser, provider)
    assert (answer.status_code, answer.url) == (302, "http://testserver/done")
    user = User.objects.get(email=provider.claims["email"])
    assert browser.get("auth/session").json()["data"]["user"]["id"] == user.pk
    assert not user.has_usable_password()
    provider.claims["email"] = new_email()
    again = Browser()
    _sign_in(again, provider)
    assert again.get("auth/session").json()["data"]["user"]["id"] == user.pk


def test_the_secret_and_the_verifier_go_to_the_provider_alone(provider):
    browser = Browser()
    url = _redirect(browser)
    assert "code_challenge=" in url and SECRET not in url
    _come_back(browser, provider.consent(url))
    (form,) = provider.asked
    assert form["client_secret"] == [SECRET]
    assert form["code_verifier"][0] not in url


def test_an_account_with_the_proven_address_is_entered(provider):
    user, browser = person(), Browser()
    provider.claims["email"] = user.email.upper()
    _sign_in(browser, provider)
    assert browser.get("auth/session").json()["data"]["user"]["id"] == user.pk
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


@pytest.mark.parametrize("verified", [False, "false", None, 0, "no", "absent"])
def test_an_address_that_the_provider_did_not_prove_enters_nothing(provider, verified):
    user, browser = person(), Browser()
    provider.claims |= {"email": user.email, "email_verified": verified}
    if verified == "absent":
        del provider.claims["email_verified"]
    _sign_in(browser, provider)
    assert not browser.is_in
    assert not SocialAccount.objects.filter(uid=provider.claims["sub"]).exists()


def test_a_provider_that_is_not_trusted_with_addresses_enters_no_account_by_one(provider):
    provider.app["settings"]["email_authentication"] = False
    user, browser = person(), Browser()
    provider.claims["email"] = user.email
    _sign_in(browser, provider)
    assert not browser.is_in


def test_who_had_taken_the_address_before_its_owner_came_is_out(provider):
    taken, squatter = person(verified=False), App()
    squatter.log_in(taken)
    TOTP.activate(taken, generate_totp_secret())
    browser = Browser()
    provider.claims["email"] = taken.email
    _sign_in(browser, provider)
    assert browser.is_in
    assert not squatter.is_in
    assert App().log_in(taken).status_code == 400
    assert not Authenticator.objects.filter(user_id=taken.pk).exists()


def test_once_proven_by_the_provider_an_address_ends_nothing_any_more(provider):
    taken = person(verified=False)
    provider.claims["email"] = taken.email
    _sign_in(Browser(), provider)
    owner = User.objects.get(pk=taken.pk)
    owner.set_password(PASSWORD)
    owner.save()
    _sign_in(Browser(), provider)
    assert App().log_in(taken).status_code == 200


def test_a_provider_enters_no_account_by_an_address_that_was_mistyped_in_it(provider):
    user, browser = person(), Browser()
    EmailAddress.objects.create(user=user, email=provider.claims["email"], verified=False)
    _sign_in(browser, provider)
    assert browser.get("auth/session").json()["data"].get("user", {}).get("id") != user.pk


def test_the_second_factor_is_asked_for_all_the_same(provider):
    user, browser = person(), Browser()
    TOTP.activate(user, generate_totp_secret())
    provider.claims["email"] = user.email
    _sign_in(browser, provider)
    assert pending(browser.get("auth/session")) == ["mfa_authenticate"]


def test_a_state_that_is_missing_replayed_or_anothers_is_refused(provider):
    browser, thief = Browser(), Browser()
    good = provider.consent(_redirect(browser))
    code = good.split("&")[0]
    before = User.objects.count()
    assert _come_back(thief, good).status_code == 302
    assert _come_back(browser, f"{code}&state=").status_code == 302
    assert _come_back(browser, f"{code}&state=AAAAAAAAAAAAAAAA").status_code == 302
    assert [thief.is_in, browser.is_in, User.objects.count() - before] == [False, False, 0]
    _come_back(browser, good)
    assert browser.is_in
    browser.delete("auth/session")
    provider.codes.add(code.split("=")[1])
    _come_back(browser, good)
    assert not browser.is_in


def test_a_code_is_good_once(provider):
    browser = Browser()
    first = provider.consent(_redirect(browser))
    _come_back(browser, first)
    browser.delete("auth/session")
    state = provider.consent(_redirect(browser)).split("&")[1]
    _come_back(browser, f"{first.split('&')[0]}&{state}")
    assert not browser.is_in


def test_another_account_is_connected_only_where_it_was_begun(provider):
    mine, theirs, browser, other = person(), person(), Browser(), Browser()
    browser.log_in(mine)
    other.log_in(theirs)
    begun = provider.consent(_redirect(browser, "connect"))
    _come_back(other, begun)
    assert not SocialAccount.objects.filter(uid=provider.claims["sub"]).exists()
    assert browser.confirm_again().status_code == 200
    _come_back(browser, provider.consent(_redirect(browser, "connect")))
    assert SocialAccount.objects.get(uid=provider.claims["sub"]).user_id == mine.pk


def test_where_sign_up_is_closed_a_provider_opens_it_not(provider, settings):
    settings.SIGN_UP = "closed"
    browser = Browser()
    answer = _sign_in(browser, provider)
    assert "error=signup_closed" in answer.url
    assert not User.objects.filter(email=provider.claims["email"]).exists()


def test_by_invitation_the_proven_address_must_be_the_invited_one(provider, settings, monkeypatch):
    settings.SIGN_UP = "invitation"
    welcome = {provider.claims["email"]}
    monkeypatch.setattr("accounts.sign_up._invited", [welcome.__contains__])
    provider.claims["email_verified"] = False
    assert "error=signup_closed" in _sign_in(Browser(), provider).url
    provider.claims["email_verified"] = True
    browser = Browser()
    _sign_in(browser, provider)
    assert browser.is_in


def test_a_provider_that_fails_leads_to_the_error_page(provider):
    browser = Browser()
    query = provider.consent(_redirect(browser))
    provider.answer_status = 500
    answer = _come_back(browser, query)
    assert answer.status_code == 302 and "error=" in answer.url
    assert not browser.is_in
    shown = browser.client.get(answer.url)
    assert shown.status_code == 200 and "You are not signed in" in shown.text
