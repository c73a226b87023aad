"""Signing in by a passkey: alone, or after the password as the second factor.

Both answer a script: ``{"request_options"}`` to GET, and to the POST of a
``credential`` ``{"next"}``, where to go, or ``{"error"}``, a sentence.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.core import ratelimit
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.views import second_factor_turn
from config.backoffice.login import NOT_NOW, SLOW_DOWN, reached

NOT_IT = "This passkey opens nothing here. Use another, or your password."
TOO_LATE = "That took too long. Begin with your password again."


def alone(request: HttpRequest) -> JsonResponse:
    """The passkey has asked for its owner, so it is both factors.

    Somebody who is not staff gets the answer of a passkey that nobody has.
    """
    if request.method != "POST":
        return JsonResponse({"request_options": begin_authentication()})
    if not ratelimit.consume(request, action="login"):
        return _refused(SLOW_DOWN, status=429)
    form = LoginWebAuthnForm(request.POST)
    if not form.is_valid() or not (user := form.cleaned_data["credential"].user).is_staff:
        return _refused(NOT_IT)
    if request.user.is_authenticated:
        get_adapter(request).logout(request)  # no longer fresh: it must not stand in for this one
    perform_passwordless_login(request, form.cleaned_data["credential"], Login(user=user))
    return _answer(reached(request))


def as_second_factor(request: HttpRequest) -> JsonResponse:
    """After the password: any passkey of that person."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return _refused(TOO_LATE)
    user: Any = stage.login.user
    if request.method != "POST":
        return JsonResponse({"request_options": begin_authentication(user)})
    with second_factor_turn(user.pk):
        form = AuthenticateWebAuthnForm(request.POST, user=user)
        if not form.is_valid():
            return _refused(NOT_IT)
        form.save()
        stage.exit()
    return _answer(reached(request))


def _answer(page: HttpResponse | None) -> JsonResponse:
    return JsonResponse({"next": page["Location"]}) if page is not None else _refused(NOT_NOW)


def _refused(words: str, *, status: int = 400) -> JsonResponse:
    return JsonResponse({"error": words}, status=status)
