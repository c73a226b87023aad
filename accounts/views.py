"""allauth's views where its locks do nothing on this database, and where devices count."""

from typing import Any

from allauth.account.stages import LoginStageController
from allauth.core import ratelimit
from allauth.headless.account.views import RequestLoginCodeView, RequestPasswordResetView
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.mfa.views import AuthenticateView, ReauthenticateView
from django.http import HttpRequest, HttpResponse

from accounts.counters import in_turn
from accounts.devices import counted_as
from accounts.inputs import LoginCodeInput, PasswordResetInput


def second_factor_turn(user_id: str) -> Any:
    """One try of a person's codes at a time: a recovery code is read, compared and crossed out."""
    return in_turn("second factor", user_id)


class SecondFactor(AuthenticateView):
    """The code after a password."""

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        stage = LoginStageController.enter(request, self.stage_class.key)
        if stage is None:
            return super().handle(request, *args, **kwargs)
        with second_factor_turn(stage.login.user.pk):
            return super().handle(request, *args, **kwargs)


class SecondFactorAgain(ReauthenticateView):
    """The code before something sensitive."""

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with second_factor_turn(str(request.user.pk)):
            return super().handle(request, *args, **kwargs)


class LoginCode(RequestLoginCodeView):
    """A code by mail."""

    input_class = LoginCodeInput


class PasswordReset(RequestPasswordResetView):
    """A new password by a code in a mail; counted apart for each device that the account knows."""

    input_class = PasswordResetInput

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = counted_as(request, self.input.cleaned_data["email"])
        refused = ratelimit.consume_or_429(request, action="reset_password", key=key)
        if refused:
            return refused
        self.input.save(request)
        return AuthenticationResponse(request)
