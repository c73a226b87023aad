"""Who may make an account: anybody, those who were invited, or nobody."""

from collections.abc import Callable
from enum import StrEnum

from django.conf import settings

Asks = Callable[[str], bool]
_invited: list[Asks] = []


class SignUp(StrEnum):
    """The modes of ``SWITCHBOARD_SIGN_UP``."""

    OPEN = "open"
    INVITATION = "invitation"
    CLOSED = "closed"


def register_invitations(asks: Asks) -> None:
    """Have ``asks(email)``, in lower case, say whether an address was invited.

    For apps above, from their ``AppConfig.ready``. It runs outside of any tenant, also for
    addresses of strangers, and should take the same time for either.
    """
    if asks not in _invited:
        _invited.append(asks)


def mode() -> SignUp:
    """The installation's mode."""
    return SignUp(settings.SIGN_UP)


def may_sign_up(email: str) -> bool:
    """Whether an account may be made for an address."""
    if mode() is SignUp.INVITATION:
        return any(asks(email.lower()) for asks in _invited)
    return mode() is SignUp.OPEN
