"""Pages of tenants, their members and their API keys."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from config.backoffice.reads import record_read
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.lists import choice_filter
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import Step
from kernel.clock import now
from kernel.scoping import tenant_scope
from tenants.models import (
    ApiKey,
    Impersonation,
    Membership,
    StaffGrant,
    Tenant,
    TenantSettings,
)
from tenants.services import tenant as service
from tenants.services.api_keys import revoke_api_key
from tenants.services.support import end_impersonation, revoke_access
from tenants.staff import begin_acting, enterable_ids, slug_begins, staff_in

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


def _act_as(request: HttpRequest, member: Membership, reason: str) -> str:
    begun = begin_acting(request, member, reason)
    return f"You act as {member} until {begun.expires_at:%H:%M} UTC."


def _may_act_as(request: Any, member: Membership) -> bool:
    return member.status == Membership.ACTIVE and member.user_id != request.user.pk


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

    steps = (
        Step(name="impersonate", label="Act as", run=_act_as, when=_may_act_as, icon="theater_comedy",
             reason=True, question="For half an hour you act as this member, with no more than their "
             "rights. Every page says so, and the tenant reads it in its audit log, with your reason. "
             "Credentials, members, settings, exports and erasure stay closed."),
    )  # fmt: skip

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


def _revoke_key(request: HttpRequest, key: ApiKey, reason: str) -> str:
    revoke_api_key(key_id=key.pk)
    return f"{key.name} opens nothing any more."


def _key_is_open(request: HttpRequest, key: ApiKey) -> bool:
    return key.revoked_at is None


@admin.register(ApiKey)
class ApiKeyAdmin(BackofficeAdmin):
    """Keys by name and use; neither the secret nor its digest is shown."""

    one, many = "API key", "API keys"
    list_display = ("name", key_state, columns.linked("created_by", "Made by"), CREATED,
                    columns.moment("last_used_at", "Last used"))  # fmt: skip
    facts = ("name", key_state, "id", columns.linked("created_by", "Made by"), scopes, networks, CREATED,
             columns.moment("expires_at", "Expires"), columns.moment("revoked_at", "Revoked"),
             columns.moment("last_used_at", "Last used"), "last_used_ip")  # fmt: skip

    steps = (
        Step(name="revoke", label="Revoke", run=_revoke_key, when=_key_is_open, icon="key_off", reason=True,
             danger=True, bulk=True, question="Whoever uses it is refused from the next request. It cannot "
             "be taken back: the tenant makes a new key."),
    )  # fmt: skip

    def title_of(self, row: ApiKey) -> str:
        return row.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        rows: QuerySet[ApiKey] = super().get_queryset(request)
        return rows.prefetch_related("created_by")


# ------------------------------------------------------------------ support access


@columns.named("State")
def grant_state(grant: StaffGrant) -> Any:
    return columns.badge(
        "active" if grant.is_open else "revoked" if grant.revoked_at else "expired"
    )


def _revoke_grant(request: Any, grant: StaffGrant, reason: str) -> str:
    revoke_access(by=request.user, grant_id=grant.pk, reason=reason)
    return f"{grant.email} is out from the next request."


def _may_revoke_grant(request: Any, grant: StaffGrant) -> bool:
    return bool(request.user.is_superuser and grant.is_open)


@admin.register(StaffGrant)
class StaffGrantAdmin(BackofficeAdmin):
    """Who of the staff may enter this tenant, until when and why; superusers need no grant."""

    one, many = "Grant", "Support access"
    list_display = ("email", grant_state, columns.short("reason", "Reason", 60), "granted_by",
                    columns.moment("expires_at", "Until"), CREATED)  # fmt: skip
    facts = ("email", grant_state, "reason", "granted_by", CREATED, columns.moment("expires_at", "Until"),
             columns.moment("revoked_at", "Revoked"), "id")  # fmt: skip
    list_before_template = "admin/backoffice/grants.html"
    steps = (
        Step(name="revoke", label="Revoke", run=_revoke_grant, when=_may_revoke_grant, icon="block",
             reason=True, danger=True, question="They are out from their next request."),
    )  # fmt: skip

    def title_of(self, row: StaffGrant) -> str:
        return f"Access of {row.email}"


@columns.named("State")
def acting_state(row: Impersonation) -> Any:
    return columns.badge("active" if row.is_running else "done")


def _end_impersonation(request: HttpRequest, row: Impersonation, reason: str) -> str:
    end_impersonation(impersonation_id=row.pk)
    return f"{row.email} acts under their own name again."


def _is_running(request: HttpRequest, row: Impersonation) -> bool:
    return row.is_running


@admin.register(Impersonation)
class ImpersonationAdmin(BackofficeAdmin):
    """Who of the staff acted as whom."""

    one, many = "Impersonation", "Impersonations"
    list_display = ("email", acting_state, columns.linked("member", "As"),
                    columns.short("reason", "Reason", 60), columns.moment("started_at", "Began"),
                    columns.moment("expires_at", "Until"))  # fmt: skip
    facts = ("email", acting_state, columns.linked("member", "As"), "reason",
             columns.moment("started_at", "Began"), columns.moment("expires_at", "Until"),
             columns.moment("ended_at", "Ended"), "id")  # fmt: skip
    steps = (
        Step(name="end", label="End", run=_end_impersonation, when=_is_running, icon="stop", reason=True,
             question="It ends from that person's next request."),
    )  # fmt: skip

    def title_of(self, row: Impersonation) -> str:
        return f"{row.email} as {row.member}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Impersonation]:
        rows: QuerySet[Impersonation] = super().get_queryset(request)
        return rows.prefetch_related("member")
