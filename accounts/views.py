"""allauth's views where its locks do nothing on this database."""

from typing import Any

from allauth.account.stages import LoginStageController
from allauth.headless.mfa.views import AuthenticateView, ReauthenticateView
from django.http import HttpRequest

from accounts.counters import in_turn


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
