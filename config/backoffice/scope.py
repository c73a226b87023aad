"""The chosen tenant: kept in the session, checked on every request, entered around every page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from kernel.mongo.transactions import assert_no_session
from tenants.models import Tenant
from tenants.staff import may_enter, staff_in

KEY = "backoffice_tenant"
View = Callable[..., HttpResponse]


def chosen_tenant(request: Any) -> Tenant | None:
    """The tenant of this session, as long as its member of staff may enter it."""
    if not hasattr(request, "backoffice_tenant"):
        request.backoffice_tenant = _load(request)
    found: Tenant | None = request.backoffice_tenant
    return found


def _load(request: Any) -> Tenant | None:
    tenant_id = request.session.get(KEY, "")
    if not tenant_id or not (request.user.is_active and request.user.is_staff):
        return None
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    return tenant if tenant is not None and may_enter(request.user, tenant) else None


def inside_tenant(view: View, *, needs_tenant: bool) -> View:
    """Run ``view`` in the chosen tenant's scope, as staff; without one, send to the chooser.

    The page is rendered inside as well: querysets are read while it is.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        tenant = chosen_tenant(request)
        if not needs_tenant:
            return _finished(view(request, *args, **kwargs))
        if tenant is None:
            query = {"next": request.get_full_path()} if request.method == "GET" else None
            return HttpResponseRedirect(reverse("admin:choose_tenant", query=query))
        with staff_in(tenant, request):
            return _finished(view(request, *args, **kwargs))

    return wrapper


def _finished(response: Any) -> HttpResponse:
    if hasattr(response, "render") and not response.is_rendered:
        response = response.render()
    assert_no_session()
    finished: HttpResponse = response
    return finished
