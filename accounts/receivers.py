"""What follows from allauth's signals: sessions end, devices are remembered."""

import time
from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_save

from accounts.devices import remember_device
from accounts.models import User
from accounts.proofs import SIGNED_UP, before_address_is_saved
from accounts.services import end_sessions

# Of this session, in seconds since 1970; the backoffice asks for a fresh one.
SIGNED_IN_AT = "signed_in_at"


def connect() -> None:
    """From the app's ``ready``."""
    user_logged_in.connect(_stamp)
    pre_save.connect(before_address_is_saved, sender=EmailAddress)
    account.user_signed_up.connect(_signed_up)
    account.user_logged_in.connect(_signed_in)
    account.password_changed.connect(_password_changed)
    account.password_set.connect(_password_changed)
    account.password_reset.connect(_password_reset)
    for changed in (mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset):
        changed.connect(_factor_changed)


def _stamp(sender: Any, request: Any, user: User, **_: Any) -> None:
    request.session[SIGNED_IN_AT] = time.time()


def _signed_up(sender: Any, request: Any, user: User, **_: Any) -> None:
    request.session[SIGNED_UP] = user.pk


def _signed_in(sender: Any, request: Any, user: User, **_: Any) -> None:
    remember_device(request, user)


def _password_changed(sender: Any, request: Any, user: User, **_: Any) -> None:
    end_sessions(user, keep=request.session)


def _password_reset(sender: Any, request: Any, user: User, **_: Any) -> None:
    end_sessions(user)


def _factor_changed(sender: Any, request: Any, user: User, **_: Any) -> None:
    end_sessions(user, keep=request.session if request.user.pk == user.pk else None)
