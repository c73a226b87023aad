"""A tenant's limits with their use, and the form by which superusers give it other ones."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from kernel.backoffice import columns
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import REASON, Step, reason_given
from kernel.errors import DomainError
from tenants.impersonation import staff_in
from tenants.models import Tenant
from tenants.services.limits import Used, current_limits, set_limits

UNLIMITED = "unlimited"
# Asked as any destructive step is: a lower limit stops what a tenant does.
CHANGE = Step(name="limits", label="Change limits", run=lambda *_: "", reason=True, danger=True,
              question="What is over a lower limit stays, and nothing is added to it.")  # fmt: skip


@panel(Tenant, "Limits")
def _limits(request: Any, tenant: Tenant) -> dict[str, Any]:
    with staff_in(tenant, request):
        found = current_limits(tenant)
    rows: list[tuple[Any, ...]] = [(_title(tenant, used), _most(used), _use(used), columns.time_of(used.resets_at))
            for used in found]  # fmt: skip
    if request.user.is_superuser:
        url = reverse("admin:tenants_tenant_limits", args=[tenant.pk])
        change = format_html('<a class="bo-link" href="{}">Change limits</a>', url)
        rows.append((change, "", "", ""))
    return columns.table(("Limit", "At most", "Used", "Begins anew"), rows)


def _title(tenant: Tenant, used: Used) -> Any:
    own = used.name in (tenant.limits or {})
    return format_html("{} {}", used.title, columns.badge("own", "warn")) if own else used.title


def _most(used: Used) -> str:
    return UNLIMITED if used.limit is None else f"{used.limit:,}"


def _use(used: Used) -> str:
    if used.used is None:
        return columns.NOTHING
    return f"{used.used:,}{'+' if used.used_is_at_least else ''}"


def change_limits(page: Any, request: Any, tenant: Tenant) -> HttpResponse:
    """GET shows the form, POST changes what differs, with a reason."""
    if not request.user.is_superuser or getattr(request, "as_member", None) is not None:
        raise PermissionDenied
    with staff_in(tenant, request):
        found = current_limits(tenant)
    back = HttpResponseRedirect(page.address(tenant))
    reason = reason_given(request, CHANGE) if request.method == "POST" else None
    if reason is not None and _changed(request, tenant, found, reason):
        return back
    context = {
        **page.admin_site.each_context(request), "title": f"Limits of {tenant.name}", "back": back.url,
        "rows": [(used, _use(used), request.POST.get(used.name, _written(used))) for used in found],
        "step": CHANGE, "shortest": REASON[0], "longest": REASON[1], "unlimited": UNLIMITED,
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/limits.html", context)


def _written(used: Used) -> str:
    return UNLIMITED if used.limit is None else str(used.limit)


def _changed(request: Any, tenant: Tenant, found: list[Used], reason: str) -> bool:
    changes: dict[str, int | None] = {}
    for used in found:
        text = request.POST.get(used.name, "").strip().lower()
        if text == _written(used):
            continue
        if text != UNLIMITED and not (text.isascii() and text.isdecimal() and len(text) < 16):
            messages.error(request, f"{used.title}: give a whole number, or “{UNLIMITED}”.")
            return False
        changes[used.name] = None if text == UNLIMITED else int(text)
    try:
        with staff_in(tenant, request):
            set_limits(tenant=tenant, changes=changes, reason=reason) if changes else None
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return False
    messages.success(request, f"{len(changes)} limits of {tenant.name} changed.")
    return True
