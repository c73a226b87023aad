"""The chosen tenant: kept in the session, checked on every request, entered around every page."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from config.backoffice.reads import record_read
from kernel.mongo.transactions import assert_no_session
from tenants.impersonation import as_member, running_impersonation, staff_in
from tenants.models import Impersonation, Tenant
from tenants.staff import may_enter

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


def impersonation_here(request: Any) -> Impersonation | None:
    """Whom this browser acts as in the chosen tenant."""
    tenant, running = chosen_tenant(request), running_impersonation(request)
    return running if tenant and running and running.tenant_id == tenant.pk else None


def inside_tenant(view: View, *, needs_tenant: bool) -> View:
    """Run ``view`` in the chosen tenant's scope, as staff; without one, send to the chooser.

    The page is rendered inside as well: querysets are read while it is. What it showed is in
    the tenant's audit log before it leaves.
    """

    @wraps(view)
    def wrapper(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        tenant = chosen_tenant(request)
        if tenant is not None and impersonation_here(request):
            request.as_member = partial(as_member, request)
        if not needs_tenant:
            return _finished(view(request, *args, **kwargs))
        if tenant is None:
            query = {"next": request.get_full_path()} if request.method == "GET" else None
            return HttpResponseRedirect(reverse("admin:choose_tenant", query=query))
        with staff_in(tenant, request):
            response = _finished(view(request, *args, **kwargs))
            if response.status_code == 200:
                record_read(request, view, kwargs)
            return response

    return wrapper


def _finished(response: Any) -> HttpResponse:
    if hasattr(response, "render") and not response.is_rendered:
        response = response.render()
    assert_no_session()
    finished: HttpResponse = response
    return finished
