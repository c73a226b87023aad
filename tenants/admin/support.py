"""Who of the staff may enter, and who acted as whom."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.steps import Step
from tenants.models import Impersonation, StaffGrant
from tenants.services.support import end_impersonation, revoke_access

CREATED = columns.moment("created_at", "Created")


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
