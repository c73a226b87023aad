"""Every request to the API runs inside one tenant's scope, or inside none."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from accounts.tokens import is_access_token, person_of_access_token, person_of_session_token
from kernel.actor import Actor, acting_as
from kernel.errors import DomainError
from kernel.mongo.transactions import assert_no_session
from kernel.scoping import tenant_scope
from tenants.access import acting
from tenants.errors import ImpersonationEnded, NotSignedIn, TenantRequired
from tenants.impersonation import impersonated, running_impersonation
from tenants.principals import principal_of_key, principal_of_user
from tenants.reads import note_reads, target_of

PREFIX = "/api/v1/"
# What a person does outside of any tenant: list their own, make one, accept an invitation, change or
# delete their account; and what
# is asked of a tenant that is not there yet, or not any more, or by the installation's own people.
PERSONAL = ("/api/v1/tenants", "/api/v1/invitations/accept", "/api/v1/account")
OUTSIDE = ("/api/v1/tenants/", "/api/v1/erasures/")
BY_LINK = ("/api/v1/media/content/", "/api/v1/exports/content/")  # the link itself names the tenant


class TenantMiddleware:
    """Finds who asks and in which tenant, checks membership, and enters the scope.

    A refusal is kept on the request and raised by the API's authentication, so
    that it is rendered where all errors are. There is no fallback to a last or
    only tenant.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if not request.path.startswith(PREFIX) or request.path.startswith(BY_LINK):
            return self.get_response(request)
        request.principal = request.tenant = request.person = request.refusal = None
        with ExitStack() as stack:
            try:
                self._enter(request, stack)
            except DomainError as refusal:
                request.refusal = refusal
            response = self.get_response(request)
            _note_what_staff_read(request, response)
        _tell_who_acts(request, response)
        assert_no_session()
        return response

    def _enter(self, request: Any, stack: ExitStack) -> None:
        request.person = self._person(request)
        if "X-Impersonation" in request.headers and (_is_own(request.path) or bearer_of(request)):
            raise ImpersonationEnded("what is one's own is done under one's own name")
        if request.path in PERSONAL or request.path.startswith(OUTSIDE):
            stack.enter_context(acting_as(_person_acting(request)))
            return
        bearer = bearer_of(request)
        if bearer:
            tenant, principal = principal_of_key(bearer, request.client_ip)
        elif request.person is None:
            raise NotSignedIn
        elif named := request.headers.get("X-Tenant", ""):
            acted = impersonated(request, named)
            tenant, principal = acted or principal_of_user(request.person, named, request.client_ip)
        else:
            raise TenantRequired
        request.tenant, request.principal = tenant, principal
        structlog.contextvars.bind_contextvars(tenantId=tenant.pk, user_id=principal.user_id)
        stack.enter_context(tenant_scope(tenant))
        stack.enter_context(acting(principal, ip=request.client_ip, request_id=request.request_id))

    def _person(self, request: Any) -> Any:
        """The signed-in person: by a token (apps) or by cookie (browsers).

        A token that does not hold is not made good by a cookie beside it.
        """
        request.by_cookie = False
        if token := request.headers.get("X-Session-Token", ""):
            return person_of_session_token(token)
        if is_access_token(token := _bearer(request)):
            return person_of_access_token(token)
        request.by_cookie = True
        return request.user if request.user.is_authenticated else None


def _is_own(path: str) -> bool:
    """Whether it is the caller's own account or membership that is asked for."""
    return path in PERSONAL or path.endswith("/leave")


def _person_acting(request: Any) -> Actor:
    """Whoever asks outside of a tenant, as the audit log of one that comes of it will name them."""
    person, told = request.person, {"ip": request.client_ip, "request_id": request.request_id}
    if person is None:
        return Actor(**told)
    return Actor(kind="person", id=person.pk, name=person.name, user_id=person.pk, **told)


def _tell_who_acts(request: Any, response: HttpResponse) -> None:
    """Whatever page made the request can show that a member of staff acts as a member."""
    if request.principal is not None and request.principal.staff_id:
        response["Acting-As"] = request.principal.member_id


def _note_what_staff_read(request: Any, response: HttpResponse) -> None:
    """Before it leaves: what a member of staff reads under a member's name is in the tenant's log."""
    principal = request.principal
    if principal is None or not principal.staff_id or request.method not in ("GET", "HEAD"):
        return
    if response.status_code == 200:
        running = running_impersonation(request)
        note_reads(request, [target_of(request.path)], under=running.pk if running else "")


def bearer_of(request: HttpRequest) -> str:
    """The API key of an ``Authorization: Bearer`` header; keys are never read from elsewhere."""
    bearer = _bearer(request)
    return "" if is_access_token(bearer) else bearer


def _bearer(request: HttpRequest) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
