"""What the proof of an address opens, and what it ends.

Anybody can sign up with anybody's address and set a password. When somebody later proves that the
address is theirs, by a mailed code, a link, a reset or a provider, the account becomes theirs, and
nothing that was set before may go on opening it.
"""

from typing import Any

import structlog
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest

from accounts import signals
from accounts.models import User
from accounts.services import end_sessions

log = structlog.get_logger(agentName="auth")
# In the session that made an account: whose it is.
SIGNED_UP = "signed_up"


def enters(user: Any, email: str) -> bool:
    """Whether a proof of ``email`` may open the account at all.

    An address that nobody has proven opens nothing of a person who has proven another one: it may
    have been mistyped, and whoever it belongs to is a stranger.
    """
    proven = set(EmailAddress.objects.filter(user_id=user.pk, verified=True)
                 .values_list("email", flat=True))  # fmt: skip
    return not proven or email.lower() in proven


def prove(user: User, email: str) -> None:
    """Note that a provider has verified an address of ``user``, who signs in by it."""
    address, _ = EmailAddress.objects.get_or_create(user=user, email=email.lower())
    address.user = user  # this very instance: what ends is judged by it
    address.set_verified()


def before_address_is_saved(sender: Any, instance: EmailAddress, **_: Any) -> None:
    """An address is about to become verified: the account's first one ends what strangers set.

    Before it is written, so that a process which dies between the two has not opened anything.
    """
    request = context.request
    if request is None or instance._state.adding or not instance.verified:
        return
    known = EmailAddress.objects.filter(user_id=instance.user_id, verified=True)
    if not known.exists() and not _is_whose(request, instance.user):
        reclaim(instance.user, instance, request=request)


def _is_whose(request: HttpRequest, user: User) -> bool:
    """Whether the session has made the account, knows its password, or is signed in to it already."""
    if request.session.get(SIGNED_UP) == user.pk or request.user.pk == user.pk:
        return True
    records = get_authentication_records(request, user)
    return any(record.get("method") == "password" for record in records)


def reclaim(user: User, address: EmailAddress, *, request: Any) -> None:
    """End the password, factors, linked accounts, other addresses and sessions of ``user``."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user_id=user.pk).delete()
    SocialAccount.objects.filter(user_id=user.pk).delete()
    EmailAddress.objects.filter(user_id=user.pk).exclude(pk=address.pk).delete()
    end_sessions(user)
    log.info("account.reclaimed", user_id=user.pk)
    signals.account_reclaimed.send(User, request=request, user=user)
