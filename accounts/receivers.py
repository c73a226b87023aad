"""What follows from allauth's signals: sessions end, devices are remembered, happenings are told."""

import time
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out

from accounts.devices import remember_device
from accounts.happenings import tell
from accounts.models import User
from accounts.services import end_sessions

# Of this session, in seconds since 1970; the backoffice asks for a fresh one.
SIGNED_IN_AT = "signed_in_at"


def connect() -> None:
    """From the app's ``ready``."""
    user_logged_in.connect(_stamp)
    user_logged_out.connect(_signed_out)
    account.user_logged_in.connect(_signed_in)
    account.user_signed_up.connect(_signed_up)
    account.password_changed.connect(_password_changed)
    account.password_set.connect(_password_changed)
    account.password_reset.connect(_password_reset)
    for changed in (mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset):
        changed.connect(_factor_changed)
    mfa.authentication_failed.connect(_factor_failed)


def _stamp(sender: Any, request: Any, user: User, **_: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()


def _signed_in(sender: Any, request: Any, user: User, **_: Any) -> None:
    remember_device(request, user.email)
    tell("person.signed_in", user.pk, request)


def _signed_out(sender: Any, request: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        tell("person.signed_out", user.pk, request)


def _signed_up(sender: Any, request: Any, user: User, **_: Any) -> None:
    tell("person.signed_up", user.pk, request)


def _password_changed(sender: Any, request: Any, user: User, **_: Any) -> None:
    end_sessions(user, keep=request.session)
    tell("password.changed", user.pk, request)


def _password_reset(sender: Any, request: Any, user: User, **_: Any) -> None:
    end_sessions(user)
    tell("password.reset", user.pk, request)


def _factor_changed(
    sender: Any, request: Any, user: User, authenticator: Any, signal: Any, **_: Any
) -> None:  # fmt: skip
    end_sessions(user, keep=request.session if request.user.pk == user.pk else None)
    names = {mfa.authenticator_added: "factor.added", mfa.authenticator_removed: "factor.removed"}
    tell(names.get(signal, "factor.renewed"), user.pk, request, detail=authenticator.type)


def _factor_failed(sender: Any, request: Any, user: User, **_: Any) -> None:
    tell("sign_in.failed", user.pk, request, detail="second factor")
