"""Coming in and acting as somebody: grants for staff, and the half hour as a member."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from config.backoffice.scope import chosen_tenant, impersonation_here
from kernel.errors import DomainError
from kernel.scoping import tenant_scope
from tenants.impersonation import ACTING_AS, end_acting, staff_in
from tenants.models import StaffGrant
from tenants.services.support import REASON, grant_access

LASTS = {"1": "an hour", "8": "eight hours", "24": "a day", "72": "three days", "168": "a week",
         "720": "thirty days"}  # fmt: skip


def banner(request: Any) -> dict[str, Any] | None:
    """What the banner on every page says while somebody is impersonated in the chosen tenant."""
    if not hasattr(request, "session"):
        return None
    running = impersonation_here(request)
    if running is None:
        return None
    with tenant_scope(running.tenant_id):
        member = running.member
        return {"name": str(member), "role": member.role, "until": running.expires_at,
                "reason": running.reason}  # fmt: skip


def grant(site: Any, request: Any) -> HttpResponse:
    """The form by which a superuser lets a member of staff into the chosen tenant."""
    if not request.user.is_superuser:
        raise PermissionDenied
    given = {name: request.POST.get(name, "").strip() for name in ("email", "lasts", "reason")}
    if request.method == "POST" and _granted(request, given):
        return HttpResponseRedirect(reverse("admin:tenants_staffgrant_changelist"))
    context = {
        **site.each_context(request), "title": "Grant access", "lasts": LASTS, "given": given,
        "shortest": REASON[0], "longest": REASON[1],
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/grant.html", context)


def _granted(request: Any, given: dict[str, str]) -> StaffGrant | None:
    if given["lasts"] not in LASTS:
        messages.error(request, "Choose how long it lasts.")
        return None
    try:
        lasts = timedelta(hours=int(given["lasts"]))
        made = grant_access(
            by=request.user,
            email=given["email"],
            lasts=lasts,
            reason=" ".join(given["reason"].split()),
        )
    except DomainError as refusal:
        messages.error(request, f"{refusal.title}.")
        return None
    messages.success(request, f"{made.email} may enter for {LASTS[given['lasts']]}.")
    return made


def stop(site: Any, request: Any) -> HttpResponse:
    """The banner's button."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    end_acting(request)
    messages.success(request, "You act under your own name again.")
    return HttpResponseRedirect(reverse("admin:index"))


def leave(request: Any) -> None:
    """End what the session has begun, before it goes to another tenant."""
    tenant = chosen_tenant(request)
    if tenant is not None and impersonation_here(request) is not None:
        with staff_in(tenant, request):
            end_acting(request)
    request.session.pop(ACTING_AS, None)
