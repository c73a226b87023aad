"""Addresses that stand before allauth's own of the same name."""

from typing import Any

from allauth.headless.constants import Client
from django.urls import path

from accounts.views import SecondFactor, SecondFactorAgain

VIEWS: dict[str, Any] = {"authenticate": SecondFactor, "reauthenticate": SecondFactorAgain}

urlpatterns = [
    path(f"{client.value}/v1/auth/2fa/{name}", view.as_api_view(client=client))
    for client in Client
    for name, view in VIEWS.items()
]
