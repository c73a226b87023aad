"""Browsers and apps that sign in at ``/_allauth/``."""

import re
import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery"
CODE = re.compile(r"^([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)


def address() -> str:
    """An address of the network that nobody else in the tests has."""
    return ".".join(["10", *(str(secrets.randbelow(250) + 1) for _ in range(3))])


def new_email() -> str:
    return f"p-{secrets.token_hex(6)}@example.test"


def person(*, password: str | None = PASSWORD, verified: bool = True, **fields: Any) -> User:
    """Somebody with an account, whose address is verified."""
    user = User.objects.create_user(new_email(), password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def mails_to(email: str) -> list[Any]:
    return [message for message in mail.outbox if message.to == [email]]


def mailed_code(email: str) -> str:
    """The code in the last mail to an address."""
    return CODE.findall(mails_to(email)[-1].body)[-1]


class App:
    """An app: no cookies, tokens in headers."""

    prefix = "/_allauth/app/v1/"

    def __init__(self, *, ip: str = "", **headers: str) -> None:
        self.client = Client(REMOTE_ADDR=ip or address(), enforce_csrf_checks=True)
        self.headers = headers
        self.session_token = self.access_token = self.refresh_token = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {**self.headers, **headers}
        if self.session_token:
            sent.setdefault("X-Session-Token", self.session_token)
        given: dict[str, Any] = {"headers": sent}
        if body is not None or method == "post":
            given |= {"data": body or {}, "content_type": "application/json"}
        answer = getattr(self.client, method)(self.prefix + path, **given)
        self._keep(answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("get", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("post", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("delete", path, body, **headers)

    def log_in(self, user: User, password: str = PASSWORD) -> Any:
        return self.post("auth/login", {"email": user.email, "password": password})

    def confirm_again(self, password: str = PASSWORD) -> Any:
        return self.post("auth/reauthenticate", {"password": password})

    @property
    def is_in(self) -> bool:
        return self.get("auth/session").status_code == 200

    def _keep(self, answer: Any) -> None:
        if "json" not in answer.headers.get("Content-Type", ""):
            return
        meta = answer.json().get("meta") or {}
        for name in ("session_token", "access_token", "refresh_token"):
            if meta.get(name):
                setattr(self, name, meta[name])


class Browser(App):
    """A browser: a cookie for the session, and a token against forged requests."""

    prefix = "/_allauth/browser/v1/"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if "csrftoken" not in self.client.cookies:
            self.client.get(self.prefix + "config")
        headers.setdefault("X-CSRFToken", self.client.cookies["csrftoken"].value)
        return super().call(method, path, body, **headers)

    @property
    def session_id(self) -> str:
        cookie = self.client.cookies.get("sessionid")
        return cookie.value if cookie else ""


def problems(answer: Any) -> list[str]:
    """The codes of what an answer complains about."""
    return [error["code"] for error in answer.json().get("errors", ())]


def pending(answer: Any) -> list[str]:
    """The steps that stand between the answer and being signed in."""
    return [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
