"""What allauth's forms ask where an address alone is given: whose account, and how often."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context, ratelimit
from allauth.headless.account.inputs import RequestLoginCodeInput, RequestPasswordResetInput

from accounts.devices import counted_as
from accounts.proofs import enters


def _whom(email: str) -> list[Any]:
    """Who can be entered by a code to ``email``."""
    found = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
    return [user for user in found if enters(user, email)]


class LoginCodeInput(RequestLoginCodeInput):
    """Codes are counted like passwords: strangers who use them up do not keep the owner out."""

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        users = _whom(email)
        key = counted_as(context.request, email)
        if not ratelimit.consume(context.request, action="request_login_code", key=key):
            raise get_adapter().validation_error("too_many_login_attempts")
        self._user = users[0] if users else None
        return email


class PasswordResetInput(RequestPasswordResetInput):
    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = _whom(email)
        return email
