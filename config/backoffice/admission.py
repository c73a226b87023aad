"""Who is let into the backoffice: staff, lately signed in, with a second factor."""

import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.factors import has_second_factor
from accounts.receivers import SIGNED_IN_AT

SEEN_AT, SEEN_EVERY_S = "backoffice_seen_at", 60


def is_admitted(request: Any) -> bool:
    """Asked more than once a page, found out once: a session that is fresh, a factor where required."""
    user_id = request.user.pk
    known = getattr(request, "backoffice_admission", None)
    if known is None or known[0] != user_id:
        known = (user_id, _is_fresh(request.session) and not lacks_factor(request.user))
        request.backoffice_admission = known
    return bool(known[1])


def lacks_factor(user: Any) -> bool:
    """Whether a member of staff must set up a second factor before anything else."""
    return settings.STAFF_SECOND_FACTOR and not has_second_factor(user)


def has_passkey(user: Any) -> bool:
    """Whether the page of the second factor offers one."""
    kind = Authenticator.Type.WEBAUTHN
    return bool(Authenticator.objects.filter(user_id=user.pk, type=kind).exists())


def _is_fresh(session: Any) -> bool:
    """Signed in within twelve hours, and not idle here for two."""
    now = time.time()
    signed_in = session.get(SIGNED_IN_AT, 0.0)
    seen = max(session.get(SEEN_AT, 0.0), signed_in)
    if now - signed_in > settings.STAFF_SESSION_S or now - seen > settings.STAFF_IDLE_S:
        return False
    if now - seen > SEEN_EVERY_S:
        session[SEEN_AT] = now
    return True
