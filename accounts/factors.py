"""What a person can prove beside a password."""

from allauth.mfa.models import Authenticator

from accounts.models import User

# Recovery codes stand for a lost factor; alone they are none.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: User) -> bool:
    """Whether ``user`` has set up an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists())
