"""Staff sign in by passkey: alone, or after the password; in the client and in a browser."""

import base64
import json

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as configured
from django.urls import reverse
from fido2.utils import websafe_encode

from accounts.tests.passkey import Passkey
from tests import factories
from tests.backoffice.conftest import PASSWORD, browser, staff
from tests.backoffice.test_browser import phone, site

__all__ = ["phone", "site"]
LOGIN, CODE = "/admin/login/", reverse("admin:login_code")
ALONE, AFTER = reverse("admin:login_passkey"), reverse("admin:login_code_passkey")


@pytest.fixture(autouse=True)
def _as_in_production(settings):
    settings.STAFF_SECOND_FACTOR = True


def keyed(user):
    """A passkey that the person has registered."""
    passkey = Passkey()
    of = {"id": websafe_encode(user_pk_to_url_str(user).encode())}
    asked = {"user": of, "rp": {"id": configured.PASSKEY_DOMAIN}, "challenge": "AAAA"}
    WebAuthn.add(user, "Key", passkey.create({"publicKey": asked}))
    return passkey


def give(client, passkey, address=ALONE, **options):
    asked = client.get(address).json()["request_options"]
    credential = json.dumps(passkey.get(asked, **options))
    return client.post(f"{address}?next=/admin/work/", {"credential": credential})


def is_in(client):
    return client.get(reverse("admin:choose_tenant")).status_code == 200


def test_a_passkey_alone_signs_staff_in():
    user, client = staff(), browser()
    answer = give(client, keyed(user))
    assert (answer.status_code, answer.json()) == (200, {"next": "/admin/work/"})
    assert is_in(client) and client.session["_auth_user_id"] == user.pk


def test_after_the_password_it_is_the_second_factor():
    user, client = staff(password=PASSWORD), browser()
    passkey = keyed(user)
    answer = client.post(LOGIN, {"username": user.email, "password": PASSWORD})
    assert answer.url.startswith(CODE)
    assert AFTER in client.get(CODE).text
    assert not is_in(client)
    assert give(client, passkey, AFTER).json() == {"next": "/admin/work/"}
    assert is_in(client)


def test_whose_factor_is_an_app_is_offered_no_passkey():
    user, client = staff(password=PASSWORD), browser()
    with_key, other = staff(password=PASSWORD), browser()
    keyed(with_key)
    TOTP.activate(user, generate_totp_secret())
    for one, person in ((client, user), (other, with_key)):
        one.post(LOGIN, {"username": person.email, "password": PASSWORD})
    assert AFTER not in client.get(CODE).text
    assert AFTER in other.get(CODE).text


def test_a_person_who_is_no_staff_gets_the_answer_of_an_unknown_passkey():
    member = factories.person()
    known, unknown = keyed(member), Passkey()
    unknown.handle = known.handle
    answers = []
    for passkey in (known, unknown):
        client = browser()
        answers.append(give(client, passkey))
        assert "_auth_user_id" not in client.session
    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].content == answers[1].content


def test_another_persons_passkey_is_no_second_factor():
    user, client = staff(password=PASSWORD), browser()
    keyed(user)
    foreign = keyed(staff())
    client.post(LOGIN, {"username": user.email, "password": PASSWORD})
    assert give(client, foreign, AFTER).status_code == 400
    assert not is_in(client)


def test_a_passkey_that_did_not_ask_for_its_owner_is_not_enough_alone():
    client = browser()
    assert give(client, keyed(staff()), verified=False).status_code == 400
    assert not is_in(client)


def test_without_a_password_there_is_no_second_factor_and_nonsense_breaks_nothing():
    client = browser()
    assert client.get(AFTER).json()["error"]
    for credential in ("", "null", "{}", "7", '{"id": 1}', '{"response": {"userHandle": "!!"}}'):
        client.get(ALONE)
        assert client.post(ALONE, {"credential": credential}).status_code == 400
    assert not is_in(client)


def test_an_address_that_never_stops_asking_is_slowed_down():
    client = browser()
    codes = {client.post(ALONE, {"credential": "{}"}).status_code for _ in range(40)}
    assert codes == {400, 429}


@pytest.mark.browser
def test_in_a_browser(site, phone, settings, world):
    """Chromium's own authenticator in software, with the key that was registered."""
    site = site.replace("127.0.0.1", "localhost")
    settings.PASSKEY_DOMAIN = "localhost"
    user = staff(superuser=True, password=PASSWORD)
    passkey = keyed(user)
    devices = phone.context.new_cdp_session(phone)
    devices.send("WebAuthn.enable")
    able = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True}  # fmt: skip
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": able})
    phone.goto(f"{site}/admin/login/?next=/admin/choose/")
    phone.click("text=Use a passkey")
    phone.wait_for_selector(".bo-refusal:not([hidden])")
    secret = passkey.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = {"credentialId": base64.b64encode(passkey.id).decode(), "isResidentCredential": True,
           "rpId": "localhost", "privateKey": base64.b64encode(secret).decode(), "signCount": 1,
           "userHandle": base64.b64encode(user_pk_to_url_str(user).encode()).decode()}  # fmt: skip
    devices.send("WebAuthn.addCredential", {**device, "credential": key})
    phone.click("text=Use a passkey")
    phone.wait_for_url("**/admin/choose/")
    phone.context.clear_cookies()
    phone.goto(f"{site}/admin/login/?next=/admin/choose/")
    phone.fill("input[name=username]", user.email)
    phone.fill("input[name=password]", PASSWORD)
    phone.click("button[type=submit]")
    phone.wait_for_url("**/admin/login/code/**")
    phone.click("text=Use a passkey")
    phone.wait_for_url("**/admin/choose/")
