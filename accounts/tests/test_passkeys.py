"""Passkeys: as the whole sign-in, as a second factor, and as the proof before something sensitive."""

import pytest

from accounts.factors import has_second_factor
from accounts.tests.callers import App, Browser, pending, person
from accounts.tests.passkey import Passkey


def _register(caller, passkey):
    caller.confirm_again()
    asked = caller.get("account/authenticators/webauthn?passwordless")
    body = {"name": "Phone", "credential": passkey.create(asked.json()["data"]["creation_options"])}
    return caller.post("account/authenticators/webauthn", body)


@pytest.fixture
def keyed():
    """A person with a passkey, and the passkey."""
    user, app, passkey = person(), App(), Passkey()
    app.log_in(user)
    assert _register(app, passkey).status_code == 200
    return user, passkey


def _options(caller, path="auth/webauthn/login"):
    return caller.get(path).json()["data"]["request_options"]


@pytest.mark.parametrize("kind", [App, Browser])
def test_a_person_signs_in_by_passkey_alone(keyed, kind):
    user, passkey = keyed
    caller = kind()
    answer = caller.post("auth/webauthn/login", {"credential": passkey.get(_options(caller))})
    assert answer.status_code == 200
    assert caller.get("auth/session").json()["data"]["user"]["id"] == user.pk
    assert has_second_factor(user)


def test_after_a_password_the_passkey_is_the_second_factor(keyed):
    user, passkey = keyed
    app = App()
    assert pending(app.log_in(user)) == ["mfa_authenticate"]
    asked = _options(app, "auth/webauthn/authenticate")
    body = {"credential": passkey.get(asked)}
    assert app.post("auth/webauthn/authenticate", body).status_code == 200
    assert app.is_in


def test_an_answer_is_good_once(keyed):
    _, passkey = keyed
    app = App()
    body = {"credential": passkey.get(_options(app))}
    assert app.post("auth/webauthn/login", body).status_code == 200
    app.delete("auth/session")
    thief = App()
    _options(thief)
    assert thief.post("auth/webauthn/login", body).status_code == 400
    assert not thief.is_in


def test_without_a_question_there_is_no_answer(keyed):
    _, passkey = keyed
    asked = _options(App())
    assert App().post("auth/webauthn/login", {"credential": passkey.get(asked)}).status_code == 400


def test_a_key_that_was_not_registered_opens_nothing(keyed):
    _, passkey = keyed
    stranger, app = Passkey(), App()
    stranger.handle = passkey.handle
    body = {"credential": stranger.get(_options(app))}
    assert app.post("auth/webauthn/login", body).status_code == 400
    assert not app.is_in


def test_a_key_of_one_person_does_not_open_the_account_of_another(keyed):
    _, passkey = keyed
    other, app, own = person(), App(), Passkey()
    app.log_in(other)
    _register(app, own)
    thief = App()
    passkey.handle = own.handle
    body = {"credential": passkey.get(_options(thief))}
    assert thief.post("auth/webauthn/login", body).status_code == 400
    assert not thief.is_in


def test_as_the_whole_sign_in_the_telephone_must_have_asked_for_its_owner(keyed):
    _, passkey = keyed
    app = App()
    body = {"credential": passkey.get(_options(app), verified=False)}
    assert app.post("auth/webauthn/login", body).status_code == 400


@pytest.mark.parametrize(
    "credential", [None, {}, "x", {"id": 1}, {"response": {"userHandle": "!!"}}, {"response": 7}]
)
def test_nonsense_for_a_credential_breaks_nothing(credential):
    app = App()
    _options(app)
    assert app.post("auth/webauthn/login", {"credential": credential}).status_code == 400


def test_a_passkey_is_renamed_and_removed_after_a_proof(keyed):
    user, passkey = keyed
    app = App()
    app.post("auth/webauthn/login", {"credential": passkey.get(_options(app))})
    (listed,) = (
        row for row in app.get("account/authenticators").json()["data"] if row["type"] == "webauthn"
    )
    body = {"authenticators": [listed["id"]]}
    assert app.delete("account/authenticators/webauthn", body).status_code == 401
    asked = _options(app, "auth/webauthn/reauthenticate")
    app.post("auth/webauthn/reauthenticate", {"credential": passkey.get(asked)})
    renamed = app.call(
        "put", "account/authenticators/webauthn", {"id": listed["id"], "name": "Old"}
    )
    assert renamed.json()["data"]["name"] == "Old"
    assert app.delete("account/authenticators/webauthn", body).status_code == 200
    assert not has_second_factor(user)
