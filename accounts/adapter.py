"""What allauth asks of us about accounts."""

from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.email_verification import verify_email_indirectly
from allauth.account.internal.flows.password_reset_by_code import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
)
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.headless.base.response import AuthenticationResponse, ConflictResponse
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.devices import counted_as, counted_as_strangers
from accounts.errors import MailAway
from accounts.models import User
from accounts.sign_up import SignUp, may_sign_up, mode
from kernel.mongo.doors import UniqueViolation

log = structlog.get_logger(agentName="auth")


class AccountAdapter(DefaultAccountAdapter):
    """Who may sign up, how guesses are counted, and what nobody may learn from an answer."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether there is sign-up at all; whether for an address, the form asks."""
        return mode() is not SignUp.CLOSED

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """Two sign-ups with one address at once: the second is answered like any for a taken one."""
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if not commit:
            return user
        try:
            user.save()
        except UniqueViolation:
            answer = prevent_enumeration(request, email=user.email)
            raise ImmediateHttpResponse(
                AuthenticationResponse.from_response(request, answer)
            ) from None
        return user

    def pre_login(self, request: HttpRequest, user: Any, **about: Any) -> Any:
        """A code that was mailed to an address which the person has left since opens nothing."""
        if (email := about.get("email")) and not _has_address(user, email):
            return ConflictResponse(request)
        return super().pre_login(request, user, **about)

    def set_password(self, user: Any, password: str) -> None:
        """The same for a new password by such a code."""
        session = context.request.session
        reset = session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY)
        if reset and not _has_address(user, reset["email"]):
            del session[PASSWORD_RESET_VERIFICATION_SESSION_KEY]
            raise ImmediateHttpResponse(ConflictResponse(context.request))
        if reset:  # before the new password: this may end the one before, and whatever else was set
            verify_email_indirectly(context.request, user, reset["email"])
        super().set_password(user, password)

    def send_account_already_exists_mail(self, email: str) -> None:
        """As long as a sign-up that makes an account, most of which is the hash of its password."""
        make_password("as long as the other way")
        if may_sign_up(email) or User.objects.filter(email=email.lower()).exists():
            super().send_account_already_exists_mail(email)
        else:
            self.send_mail("accounts/email/not_invited", email, {})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            log.error("mail.failed", template=template_prefix, error=type(error).__name__)
            raise MailAway from error

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that limits and the audit log judge by, too."""
        return getattr(request, "client_ip", "") or super().get_client_ip(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted for an account, and apart for each device it knows."""
        return counted_as(request, str(credentials.get("email", "")))

    def _delete_login_attempts_cached_email(
        self, request: HttpRequest, **credentials: Any
    ) -> None:  # fmt: skip
        """A new password begins with a new count, on this device and on strange ones."""
        email = str(credentials.get("email", ""))
        for key in {counted_as_strangers(email), counted_as(request, email)}:
            ratelimit.clear(request, app="allauth.account", action="login_failed", key=key)


def _has_address(user: Any, email: str) -> bool:
    known = EmailAddress.objects.filter(user_id=user.pk, email=email.lower()).exists()
    return known or user.email == email.lower()
