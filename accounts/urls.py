"""Addresses that stand before allauth's own of the same name."""

from typing import Any

from allauth.headless.constants import Client
from django.urls import path

from accounts.views import LoginCode, PasswordReset, SecondFactor, SecondFactorAgain

VIEWS: dict[str, Any] = {
    "2fa/authenticate": SecondFactor,
    "2fa/reauthenticate": SecondFactorAgain,
    "code/request": LoginCode,
    "password/request": PasswordReset,
}

urlpatterns = [
    path(f"{client.value}/v1/auth/{name}", view.as_api_view(client=client))
    for client in Client
    for name, view in VIEWS.items()
]
