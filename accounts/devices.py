"""Devices that a person has signed in from, so that a lock by guesses elsewhere is not theirs.

Wrong passwords are counted for an account. Whoever has a device that has signed in to this very
account has a count of their own, so strangers who use up the account's tries do not keep the
owner out. A browser keeps it as a cookie, an app gets and sends it as a header.
"""

import hashlib
import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.http import HttpResponse

from accounts.models import User

HEADER = "X-Known-Device"
DAYS, MOST = 180, 5
SALT = "accounts.devices"


def cookie_name() -> str:
    """``__Host-`` binds the cookie to this very host, which browsers accept over HTTPS alone."""
    return "__Host-known-device" if settings.SESSION_COOKIE_SECURE else "known-device"


def counted_as(request: Any, email: str) -> str:
    """Whose tries these are: of an account, by whichever of its addresses, on this device it knows.

    Strangers have one count for the account together; for an address that nobody has, it is the
    address that counts, so that an answer tells nothing.
    """
    whose = account_of(email) or email.lower()
    return f"{whose}:{_read(request).get(_about(whose), '')}"


def counted_as_strangers(email: str) -> str:
    """The count that everybody shares who has no device that the account knows."""
    return f"{account_of(email) or email.lower()}:"


def remember_device(request: Any, user: User) -> None:
    """Have the answer name this device as one of the account's; at most five accounts, the newest."""
    known = _read(request)
    device = known.pop(_about(user.pk), "") or secrets.token_hex(8)
    newest = dict([*known.items(), (_about(user.pk), device)][-MOST:])
    request.device_to_keep = signing.dumps(newest, salt=SALT)


def keep_device(request: Any, response: HttpResponse) -> None:
    """Write what ``remember_device`` decided: a cookie, and a header for those who keep none."""
    token = getattr(request, "device_to_keep", "")
    if not token:
        return
    response[HEADER] = token
    response.set_cookie(
        cookie_name(), token, max_age=DAYS * 86_400, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def account_of(email: str) -> str:
    """The id of whom an address belongs to; both are looked up, so that the time is the same."""
    email = email.lower()
    proven = EmailAddress.objects.filter(email=email, verified=True)
    by_proof = proven.values_list("user_id", flat=True).first()
    by_account = User.objects.filter(email=email).values_list("pk", flat=True).first()
    return str(by_proof or by_account or "")


def _about(whose: str) -> str:
    return hashlib.sha256(whose.encode()).hexdigest()[:16]


def _read(request: Any) -> dict[str, str]:
    token = request.headers.get(HEADER, "") or request.COOKIES.get(cookie_name(), "")
    if not token or len(token) > 1_000:
        return {}
    try:
        found = signing.loads(token, salt=SALT, max_age=DAYS * 86_400)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}
