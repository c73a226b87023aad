"""Signing in with Google or any OpenID Connect provider, as allauth asks us about it."""

import base64
from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.http import HttpRequest

from accounts.proofs import enters, prove
from accounts.sign_up import SignUp, may_sign_up, mode
from kernel import egress

TIMEOUT_S, MOST_BYTES = 10.0, 1_000_000


class ProviderAdapter(DefaultSocialAccountAdapter):
    """An account is found by the provider's id of a person, or by an address that both sides verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """By invitation only an address that the provider has verified counts as the invited one."""
        if mode() is SignUp.INVITATION:
            verified = _verified(sociallogin)
            return bool(verified) and may_sign_up(verified[0].email)
        return mode() is SignUp.OPEN

    def authenticate_by_email(self, login: Any) -> Any:
        """Only by what the provider calls verified in so many words: ``"false"`` is a text, and true."""
        for address in login.email_addresses:
            address.verified = str(address.verified).lower() == "true"
        found = super().authenticate_by_email(login)
        return found if found and enters(*found) else None

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """What the provider has verified is proven here, too, before the account is entered by it."""
        email = sociallogin._did_authenticate_by_email
        if email and sociallogin.state.get("process") == AuthProcess.LOGIN:
            prove(sociallogin.user, email)

    def get_requests_session(self) -> "Door":
        return Door()


def _verified(login: Any) -> list[Any]:
    return [address for address in login.email_addresses if address.verified is True]


class Answer:
    """An answer with the names that allauth reads on one of the library it expects."""

    def __init__(self, answer: egress.Response) -> None:
        self.status_code, self.ok, self.content = answer.status, answer.ok, answer.body
        self.headers: Mapping[str, str] = {name.lower(): v for name, v in answer.headers.items()}
        self.text = answer.body.decode("utf-8", "replace")
        self.json = answer.json

    def raise_for_status(self) -> None:
        if not self.ok:
            raise OAuth2Error(f"the provider answered {self.status_code}")


class Door:
    """allauth's outgoing calls, through the one door of the product."""

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *about: object) -> None:
        return None

    def get(self, url: str, **options: Any) -> Answer:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Answer:
        return self.request("POST", url, **options)

    def request(
        self, method: str, url: str, *, params: Any = None, data: Any = None,
        headers: Any = None, auth: Any = None,
    ) -> Answer:  # fmt: skip
        """Raises ``OAuth2Error``, which ends in the front-end's error page, when no answer comes."""
        sent = {"Accept": "application/json", **(headers or {})}
        if auth is not None:
            pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
            sent["Authorization"] = f"Basic {pair}"
        try:
            answer = egress.request(method, url, headers=sent, params=params, data=data,
                                    timeout_s=TIMEOUT_S, max_bytes=MOST_BYTES)  # fmt: skip
        except egress.EgressError as error:
            raise OAuth2Error(f"the provider does not answer: {error}") from error
        return Answer(answer)
