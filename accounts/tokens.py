"""Tokens for apps: an opaque one for the session, and a pair of JWTs that end with it."""

from types import SimpleNamespace
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal

from accounts.counters import in_turn
from accounts.models import User
from accounts.receivers import SIGNED_IN_AT
from accounts.services import end_session
from accounts.signals import token_reused


class TokenStrategy(JWTTokenStrategy):
    """allauth's, with refresh tokens that are good once, whoever asks at the same time.

    A refresh token that comes a second time was copied: either the thief has used it or the
    owner, and nobody can tell which. The session ends, and with it all of its tokens.
    """

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        payload = internal.decode_token(refresh_token, "refresh")
        if payload is None:
            return None
        with in_turn("refresh", payload["sub"]):
            session = internal.get_token_session(payload)
            if session is None:
                return None
            if payload["jti"] not in internal.get_refresh_token_state(session):
                user = person_of_session(session)
                end_session(session.session_key)
                if user is not None:
                    token_reused.send(TokenStrategy, request=context.request, user=user)
                return None
            return super().refresh_token(refresh_token)


def session_key_of(request: Any) -> str:
    """The session that an app's request names, by either kind of token; empty for none."""
    return TokenStrategy().get_session_token(request) or ""


def is_access_token(bearer: str) -> bool:
    """Whether a bearer is a JWT rather than an API key, which has no dots."""
    return bearer.count(".") == 2


def person_of_access_token(token: str) -> User | None:
    """Who holds an access token, while its session lasts."""
    found = internal.validate_access_token(token)
    user: Any = found[0] if found else None
    return user


def person_of_session_token(token: str) -> User | None:
    """Who holds an app's session token."""
    session = internal.lookup_session(token)
    return person_of_session(session) if session else None


def person_of_session(session: Any) -> User | None:
    """Who is signed in to a session; None when it has ended or its person was disabled."""
    user: Any = internal.get_session_user(session)
    return user


def signed_in_at(request: Any) -> float:
    """When the session of a signed-in request began, in seconds since 1970; 0 for an unknown one."""
    return _signed_in_at(_session_of(request))


def proven_at(request: Any, person: User, *, by_sign_in: bool = True) -> float:
    """When the person of a signed-in request last proved who they are: signing in, or again since.

    In seconds since 1970; 0 for a session of nobody knows when. ``by_sign_in=False`` counts only
    what was proven again.
    """
    session = _session_of(request)
    records: Any = SimpleNamespace(session=session if session is not None else {})
    again = [float(record["at"]) for record in get_authentication_records(records, person)
             if record.get("reauthenticated")]  # fmt: skip
    return max(_signed_in_at(session) if by_sign_in else 0.0, *again, 0.0)


def _session_of(request: Any) -> Any:
    """The session that the request's token names, or the browser's; None for one that has ended."""
    key = session_key_of(request)
    return internal.lookup_session(key) if key else request.session


def _signed_in_at(session: Any) -> float:
    return float(session.get(SIGNED_IN_AT, 0.0)) if session else 0.0
