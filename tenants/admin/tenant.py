"""Tenants: suspended, resumed, with their settings and limits."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.backoffice.reads import record_read
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import Step
from kernel.scoping import tenant_scope
from tenants.admin.limits import change_limits
from tenants.impersonation import staff_in
from tenants.models import Tenant, TenantSettings
from tenants.services import tenant as service
from tenants.services.settings import open_entry
from tenants.staff import enterable_ids, slug_begins

CREATED = columns.moment("created_at", "Created")
STATUS = columns.state("status", "Status")


@columns.named("Closed by")
def closed_by(tenant: Tenant) -> Any:
    """Why it is suspended: staff, an erasure that was asked for, an import under way."""
    return columns.joined(tenant.closed_by)


def _suspend(request: HttpRequest, tenant: Tenant, reason: str) -> str:
    with staff_in(tenant, request):
        service.suspend_tenant(tenant=tenant, reason=reason)
    return f"{tenant.name} is suspended."


def _resume(request: HttpRequest, tenant: Tenant, reason: str) -> str:
    with staff_in(tenant, request):
        service.resume_tenant(tenant=tenant, reason=reason)
    return f"{tenant.name} goes on; what was parked is replayed in order."


def _open_entry(request: HttpRequest, tenant: Tenant, reason: str) -> str:
    with staff_in(tenant, request):
        open_entry(tenant=tenant, reason=reason)
    return f"{tenant.name} asks nothing more of who enters; its admins set that anew."


def _may_open(request: Any, tenant: Tenant) -> bool:
    return bool(request.user.is_superuser and tenant.entry)


def _may_suspend(request: Any, tenant: Tenant) -> bool:
    return bool(request.user.is_superuser and Tenant.BY_STAFF not in tenant.closed_by)


def _may_resume(request: Any, tenant: Tenant) -> bool:
    return bool(request.user.is_superuser and tenant.status == Tenant.SUSPENDED)


@admin.register(Tenant)
class TenantAdmin(BackofficeAdmin):
    """Every tenant for superusers, their own for other staff. Outside any scope."""

    needs_tenant = False
    one, many = "Tenant", "Tenants"
    ordering = ("slug",)
    list_display = ("slug", "name", STATUS, CREATED)
    facts = (
        "slug",
        "name",
        STATUS,
        "id",
        CREATED,
        columns.moment("suspended_at", "Suspended"),
        closed_by,
    )
    search_help_text = "the beginning of a slug, or an id"
    steps = (
        Step(name="suspend", label="Suspend", run=_suspend, when=_may_suspend, icon="block", reason=True,
             danger=True, question="Its API answers 403, its sends are held and what customers write is "
             "parked until it is resumed. Nothing is lost."),
        Step(name="resume", label="Resume", run=_resume, when=_may_resume, icon="play_arrow", reason=True,
             question="It is open again, and what was parked goes on in order."),
        Step(name="open-entry", label="Open entry", run=_open_entry, when=_may_open, icon="lock_open", reason=True,
             danger=True, question="For a tenant that locked itself out. Its networks, e-mail domains and the "
             "demand for a second factor are cleared: whoever is a member enters, and keys from everywhere. Make "
             "sure by another way that it is an owner who asks."),
    )  # fmt: skip

    def title_of(self, row: Tenant) -> str:
        return row.name

    def get_queryset(self, request: Any) -> QuerySet[Tenant]:
        ids = enterable_ids(request.user)
        return Tenant.objects.all() if ids is None else Tenant.objects.filter(pk__in=ids)

    def found_by(self, term: str) -> Q | None:
        return super().found_by(term) or slug_begins(term)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.limits_view)
        return [
            path("<str:object_id>/limits/", view, name="tenants_tenant_limits"),
            *super().get_urls(),
        ]

    def limits_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form by which superusers give a tenant limits of its own."""
        tenant = self.get_object(request, object_id)
        if tenant is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return missing
        return change_limits(self, request, tenant)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """This page stands above tenants, but what it shows is one's: that one's log has it."""
        page = super().change_view(request, object_id, form_url, extra_context)
        if page.status_code == 200:
            with staff_in(Tenant.objects.get(pk=object_id), request):
                record_read(request, self.change_view, {"object_id": object_id})
        return page


@panel(Tenant, "Settings")
def _settings(request: HttpRequest, tenant: Tenant) -> dict[str, Any] | None:
    with tenant_scope(tenant):
        chosen = TenantSettings.objects.first()
    if chosen is None:
        return None
    return columns.table(
        ("Reopens for", "Time zone", "Language"),
        [(f"{chosen.reopen_hours} h", chosen.time_zone, chosen.language)],
    )
