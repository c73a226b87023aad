"""Sessions in MongoDB whose contents are sealed.

While somebody signs in, a session holds the code that was mailed or the secret of an
authenticator that is being set up. A copy of the database must not be enough to use them.
"""

from typing import Any

import structlog
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from kernel.envelope import EnvelopeError
from kernel.vault import NoDataKey, open_for_platform, seal_for_platform

log = structlog.get_logger(agentName="auth")
PLACE = {"collection": "django_session", "object_id": "session", "field": "session_data"}


class SessionStore(DatabaseStore):
    """Django's own, with an envelope around what it writes."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        return seal_for_platform(super().encode(session_dict), **PLACE)

    def decode(self, session_data: str) -> dict[str, Any]:
        """Empty for what does not open: whoever holds such a session signs in again."""
        try:
            return super().decode(open_for_platform(session_data, **PLACE))
        except (EnvelopeError, NoDataKey) as error:
            log.warning("session.unreadable", error=type(error).__name__)
            return {}
