"""Choosing the tenant to look at."""

from typing import Any

import structlog
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from config.backoffice.scope import KEY, chosen_tenant
from config.backoffice.support import leave
from kernel import audit
from kernel.backoffice.steps import ID
from kernel.mongo.transactions import run_transaction
from tenants.errors import TenantNotFound
from tenants.impersonation import staff_in
from tenants.models import Tenant
from tenants.sign_ins import note_refused_tenant
from tenants.staff import enterable_ids, open_grants, slug_begins

log = structlog.get_logger(agentName="tenant")
SHOWN = 50


def choose_tenant(site: Any, request: Any) -> HttpResponse:
    """GET lists the tenants one may enter, POST enters one."""
    if request.method == "POST":
        return _enter(request)
    term = request.GET.get("q", "").strip()[:40]
    rows = enterable(request.user)
    found = list((rows.filter(slug_begins(term)) if term else rows).order_by("slug")[: SHOWN + 1])
    context = {
        **site.each_context(request),
        "title": "Choose a tenant", "tenants": found[:SHOWN], "more": len(found) > SHOWN, "term": term,
        "current": chosen_tenant(request), "next": request.GET.get("next", ""),
        "grants": {} if request.user.is_superuser else open_grants(request.user),
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/choose.html", context)


def enterable(user: Any) -> QuerySet[Tenant]:
    """The tenants that a member of staff may enter."""
    ids = enterable_ids(user)
    return Tenant.objects.all() if ids is None else Tenant.objects.filter(pk__in=ids)


def _reason(user: Any, tenant: Tenant) -> str:
    """Why they were let in, for those who need to be."""
    grant = None if user.is_superuser else open_grants(user).get(tenant.pk)
    return grant.reason if grant else ""


def _enter(request: Any) -> HttpResponse:
    tenant_id = request.POST.get("tenant", "")
    tenant = enterable(request.user).filter(pk=tenant_id).first() if ID.match(tenant_id) else None
    if tenant is None:
        _note_refused(request, tenant_id)
        messages.error(request, "There is no such tenant for you.")
        return HttpResponseRedirect(reverse("admin:choose_tenant"))
    leave(request)
    reason = _reason(request.user, tenant)
    with staff_in(tenant, request):
        run_transaction(lambda: audit.record("backoffice.entered", tenant, reason=reason))
    request.session[KEY] = tenant.pk
    log.info("backoffice.entered", tenantId=tenant.pk, user_id=request.user.pk)
    return HttpResponseRedirect(_next(request))


def _note_refused(request: Any, named: str) -> None:
    """As over the API: in the tenants of whoever tried, if any, and nowhere that they do not belong."""
    log.warning("backoffice.refused", security=True, user_id=request.user.pk, named=named[:64],
                ip=request.client_ip)  # fmt: skip
    note_refused_tenant(request.user, request, named, code=TenantNotFound.code)


def _next(request: HttpRequest) -> str:
    """Where one was going, unless that is another site or another tenant's row."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")
