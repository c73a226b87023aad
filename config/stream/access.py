"""Who may listen: the same credentials as the API's, asked again while the stream is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http.request import HttpHeaders

from accounts.models import User
from accounts.sessions import SessionStore
from accounts.tokens import (
    is_access_token,
    person_of_access_token,
    person_of_session,
    person_of_session_token,
)
from config.api.refusals import note
from kernel.errors import DomainError
from kernel.events.feed import last_number, read_feed
from kernel.scoping import tenant_scope
from messaging.feed import Placed, placed
from tenants.access import Principal, acting, require
from tenants.errors import ImpersonationEnded, NotSignedIn, TenantRequired
from tenants.impersonation import impersonated
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.principals import principal_of_key, principal_of_user
from tenants.services.support import note_view


@dataclass(frozen=True)
class Credentials:
    """What the request carried; enough to ask again later."""

    bearer: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    session_cookie: str = field(default="", repr=False)
    tenant: str = ""
    impersonation: str = ""
    ip: str = ""

    @property
    def meta(self) -> dict[str, str]:
        """The headers with which the API would have been asked, as WSGI names them."""
        bearer = f"Bearer {self.bearer}" if self.bearer else ""
        return {"HTTP_X_TENANT": self.tenant, "HTTP_X_IMPERSONATION": self.impersonation,
                "HTTP_X_SESSION_TOKEN": self.session_token, "HTTP_AUTHORIZATION": bearer}  # fmt: skip


@dataclass(frozen=True)
class Listener:
    """A principal that may read the feed of a tenant."""

    tenant_id: str
    principal: Principal


def tell(listener: Listener, credentials: Credentials) -> None:
    """Before anything is shown to one of the staff who acts as a member, the tenant's log says so."""
    if listener.principal.staff_id:
        with tenant_scope(listener.tenant_id), acting(listener.principal, ip=credentials.ip):
            note_view("stream")


def same_person(before: Listener, after: Listener) -> Listener:
    """``after``; raises ``ImpersonationEnded`` if a browser has begun or ended to act as a member meanwhile."""
    was, is_ = before.principal, after.principal
    if (was.id, was.staff_id) != (is_.id, is_.staff_id):
        raise ImpersonationEnded
    return after


def admit(credentials: Credentials) -> Listener:
    """Raises the refusal the API would give, and records it as the API does. Runs in a thread,
    because it reads the database."""
    asked = SimpleNamespace(principal=None, person=None, client_ip=credentials.ip, request_id="",
                            META=credentials.meta, headers=HttpHeaders(credentials.meta), method="GET",
                            path="/api/v1/stream",
                            session=SessionStore(credentials.session_cookie or None),
                            by_cookie=not (credentials.session_token or credentials.bearer))  # fmt: skip
    with _noted(asked):
        tenant, asked_by = _resolve(credentials, asked)
    with tenant_scope(tenant), acting(asked_by, ip=credentials.ip):
        asked.principal = asked_by
        with _noted(asked):
            require(Permission.EVENTS_READ)
    return Listener(tenant.pk, asked_by)


@contextmanager
def _noted(asked: Any) -> Iterator[None]:
    try:
        yield
    except DomainError as refusal:
        note(refusal, asked)
        raise


def _resolve(credentials: Credentials, asked: Any) -> tuple[Tenant, Principal]:
    if credentials.bearer and not is_access_token(credentials.bearer):
        return principal_of_key(credentials.bearer, credentials.ip)
    asked.person = asked.user = person = _person(credentials)
    if person is None:
        raise NotSignedIn
    if not credentials.tenant:
        raise TenantRequired
    acted = impersonated(asked, credentials.tenant)
    return acted or principal_of_user(person, credentials.tenant, credentials.ip)


def _person(credentials: Credentials) -> User | None:
    """As the API's middleware finds who asks."""
    if credentials.session_token:
        return person_of_session_token(credentials.session_token)
    if credentials.bearer:
        return person_of_access_token(credentials.bearer)
    if credentials.session_cookie:
        return person_of_session(SessionStore(credentials.session_cookie))
    return None


def events_after(tenant_id: str, after: int, limit: int) -> list[Placed]:
    """Events of a tenant with what decides who is shown them."""
    with tenant_scope(tenant_id):
        return placed(read_feed(after=after, limit=limit))


def newest(tenant_id: str) -> int:
    with tenant_scope(tenant_id):
        return last_number()


def cookie_name() -> str:
    return str(settings.SESSION_COOKIE_NAME)
