"""Sessions in MongoDB whose contents are sealed.

While somebody signs in, a session holds the code that was mailed or the secret of an
authenticator that is being set up. A copy of the database must not be enough to use them.
"""

from typing import Any

import structlog
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from accounts.sealing import open_text, seal_text
from kernel.envelope import EnvelopeError
from kernel.vault import NoDataKey

log = structlog.get_logger(agentName="auth")
PLACE = {"collection": "django_session", "field": "session_data"}


class SessionStore(DatabaseStore):
    """Django's own, with an envelope around what it writes."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        return seal_text(super().encode(session_dict), **PLACE)

    def decode(self, session_data: str) -> dict[str, Any]:
        """Empty for what does not open: whoever holds such a session signs in again."""
        try:
            return super().decode(open_text(session_data, **PLACE))
        except (EnvelopeError, NoDataKey) as error:
            log.warning("session.unreadable", error=type(error).__name__)
            return {}
