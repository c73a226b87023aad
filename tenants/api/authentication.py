"""How DRF sees the principal that the middleware found."""

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.errors import ImpersonationEnded, NotSignedIn, PermissionDenied


class PrincipalAuthentication(BaseAuthentication):
    """A member or an API key inside a tenant; raises what the middleware refused."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        raw: Any = request._request
        if raw.refusal is not None:
            raise raw.refusal
        if raw.principal.kind == "member" and raw.by_cookie:
            enforce_csrf(raw)
        return raw.principal, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PersonAuthentication(BaseAuthentication):
    """A signed-in person outside any tenant: to list or create tenants."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        raw: Any = request._request
        # That no tenant is named is no refusal here.
        if isinstance(getattr(raw, "refusal", None), ImpersonationEnded):
            raise raw.refusal
        person = getattr(raw, "person", None)
        if person is None:
            raise NotSignedIn
        if raw.by_cookie:
            enforce_csrf(raw)
        return person, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsMember(BasePermission):
    """Someone is there; what they may do is the services' question."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)


def enforce_csrf(request: HttpRequest) -> None:
    """A cookie alone does not authorise an unsafe request."""
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    if check.process_view(request, None, (), {}):
        raise PermissionDenied("the CSRF token is missing or wrong", missing=["csrf"])
