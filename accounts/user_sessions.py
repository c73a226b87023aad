"""Ending one's own sessions, which allauth tells nobody of."""

from collections.abc import Sequence
from typing import Any

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession

from accounts.models import User
from accounts.signals import sessions_ended


class UserSessionsAdapter(DefaultUserSessionsAdapter):
    """allauth's, and whoever keeps a record hears of it while the session that asked is still there."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        request: Any = context.request
        if sessions:
            sessions_ended.send(User, request=request, user=request.user, count=len(sessions))
        super().end_sessions(sessions)
