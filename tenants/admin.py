"""Pages of tenants, their members and their API keys."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.lists import choice_filter
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import Step
from kernel.clock import now
from kernel.scoping import tenant_scope
from tenants.models import ApiKey, Membership, Tenant, TenantSettings
from tenants.services import tenant as service
from tenants.staff import enterable_ids, slug_begins, staff_in

CREATED = columns.moment("created_at", "Created")
STATUS = columns.state("status", "Status")


def _suspend(request: HttpRequest, tenant: Tenant, reason: str) -> str:
    with staff_in(tenant, request):
        service.suspend_tenant(tenant=tenant, reason=reason)
    return f"{tenant.name} is suspended."


def _resume(request: HttpRequest, tenant: Tenant, reason: str) -> str:
    with staff_in(tenant, request):
        service.resume_tenant(tenant=tenant, reason=reason)
    return f"{tenant.name} goes on; what was parked is replayed in order."


def _may_suspend(request: Any, tenant: Tenant) -> bool:
    return bool(request.user.is_superuser and tenant.status == Tenant.ACTIVE)


def _may_resume(request: Any, tenant: Tenant) -> bool:
    return bool(request.user.is_superuser and tenant.status == Tenant.SUSPENDED)


@admin.register(Tenant)
class TenantAdmin(BackofficeAdmin):
    """Every tenant for superusers, their own for other staff. Outside any scope."""

    needs_tenant = False
    one, many = "Tenant", "Tenants"
    ordering = ("slug",)
    list_display = ("slug", "name", STATUS, CREATED)
    facts = ("slug", "name", STATUS, "id", CREATED, columns.moment("suspended_at", "Suspended"))
    search_help_text = "the beginning of a slug, or an id"
    steps = (
        Step(name="suspend", label="Suspend", run=_suspend, when=_may_suspend, icon="block", reason=True,
             danger=True, question="Its API answers 403, its sends are held and what customers write is "
             "parked until it is resumed. Nothing is lost."),
        Step(name="resume", label="Resume", run=_resume, when=_may_resume, icon="play_arrow", reason=True,
             question="It is open again, and what was parked goes on in order."),
    )  # fmt: skip

    def title_of(self, row: Tenant) -> str:
        return row.name

    def get_queryset(self, request: Any) -> QuerySet[Tenant]:
        ids = enterable_ids(request.user)
        return Tenant.objects.all() if ids is None else Tenant.objects.filter(pk__in=ids)

    def found_by(self, term: str) -> Q | None:
        return super().found_by(term) or slug_begins(term)


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


@admin.register(Membership)
class MembershipAdmin(BackofficeAdmin):
    """People in the tenant."""

    one, many = "Member", "Members"
    list_display = (
        "email",
        "name",
        "role",
        STATUS,
        columns.state("availability", "Availability"),
        CREATED,
    )
    list_filter = (
        choice_filter(
            "status", "status", [(s, s) for s in (Membership.ACTIVE, Membership.DISABLED)]
        ),
    )
    facts = ("email", "name", "role", STATUS, columns.state("availability", "Availability"), "id",
             "user_id", CREATED)  # fmt: skip

    def title_of(self, row: Membership) -> str:
        return str(row)


@columns.named("Permissions")
def scopes(key: ApiKey) -> Any:
    return columns.joined(key.scopes)


@columns.named("Only from")
def networks(key: ApiKey) -> Any:
    return columns.joined(key.cidrs)


@columns.named("State")
def key_state(key: ApiKey) -> Any:
    if key.revoked_at:
        return columns.badge("revoked")
    return columns.badge("expired" if key.expires_at and key.expires_at <= now() else "active")


@admin.register(ApiKey)
class ApiKeyAdmin(BackofficeAdmin):
    """Keys by name and use; neither the secret nor its digest is shown."""

    one, many = "API key", "API keys"
    list_display = ("name", key_state, columns.linked("created_by", "Made by"), CREATED,
                    columns.moment("last_used_at", "Last used"))  # fmt: skip
    facts = ("name", key_state, "id", columns.linked("created_by", "Made by"), scopes, networks, CREATED,
             columns.moment("expires_at", "Expires"), columns.moment("revoked_at", "Revoked"),
             columns.moment("last_used_at", "Last used"), "last_used_ip")  # fmt: skip

    def title_of(self, row: ApiKey) -> str:
        return row.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.prefetch_related("created_by")
