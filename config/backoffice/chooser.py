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
from kernel import audit
from kernel.backoffice.steps import ID
from kernel.mongo.transactions import run_transaction
from tenants.models import Tenant
from tenants.staff import enterable_ids, slug_begins, staff_in

log = structlog.get_logger(agentName="tenant")
SHOWN = 50


def choose_tenant(site: Any, request: HttpRequest) -> HttpResponse:
    """GET lists the tenants one may enter, POST enters one."""
    if request.method == "POST":
        return _enter(request)
    term = request.GET.get("q", "").strip()[:40]
    rows = _enterable(request.user)
    found = list((rows.filter(slug_begins(term)) if term else rows).order_by("slug")[: SHOWN + 1])
    context = {
        **site.each_context(request),
        "title": "Choose a tenant", "tenants": found[:SHOWN], "more": len(found) > SHOWN, "term": term,
        "current": chosen_tenant(request), "next": request.GET.get("next", ""),
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/choose.html", context)


def _enterable(user: Any) -> QuerySet[Tenant]:
    ids = enterable_ids(user)
    return Tenant.objects.all() if ids is None else Tenant.objects.filter(pk__in=ids)


def _enter(request: HttpRequest) -> HttpResponse:
    tenant_id = request.POST.get("tenant", "")
    tenant = _enterable(request.user).filter(pk=tenant_id).first() if ID.match(tenant_id) else None
    if tenant is None:
        messages.error(request, "There is no such tenant for you.")
        return HttpResponseRedirect(reverse("admin:choose_tenant"))
    with staff_in(tenant, request):
        run_transaction(lambda: audit.record("backoffice.entered", tenant))
    request.session[KEY] = tenant.pk
    log.info("backoffice.entered", tenantId=tenant.pk, user_id=request.user.pk)
    return HttpResponseRedirect(_next(request))


def _next(request: HttpRequest) -> str:
    """Where one was going, unless that is another site or another tenant's row."""
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")
