"""Pages of exports, of erasures and of what retention removed."""

from typing import Any

from django.contrib import admin

from archives.models import ContactErasure, Erasure, Export, RetentionRun
from archives.services.exporting import KIND as EXPORT
from archives.services.forgetting import KIND as FORGET
from archives.services.retention import KIND as RETENTION
from crm.models import Contact
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.work import CREATED, DISCARD, STATE, WHY, WorkAdmin, replay_step

PHASE = columns.state("phase", "Phase")
DUE, FINISHED = columns.moment("due_at", "Begins"), columns.moment("finished_at", "Ended")


@columns.named("Of")
def of_whom(export: Export) -> Any:
    if not export.contact_id:
        return "the whole tenant"
    return columns.link(Contact, export.contact_id, "a contact")


@columns.named("Rows")
def rows_written(export: Export) -> Any:
    return columns.pretty(export.counts)


@columns.named("Contact")
def erased_contact(erasure: ContactErasure) -> Any:
    return columns.link(Contact, erasure.contact_id, erasure.contact_id)


@columns.named("Certified")
def certified(erasure: ContactErasure | Erasure) -> Any:
    return columns.pretty(erasure.certificate) if erasure.certificate else columns.NOTHING


@columns.named("Kept for (days)")
def kept_for(run: RetentionRun) -> Any:
    return columns.pretty(run.days)


@columns.named("Removed")
def removed(run: RetentionRun) -> Any:
    return columns.pretty(run.removed)


@admin.register(Export)
class ExportAdmin(WorkAdmin):
    """Archives being written or kept. The archive itself has no page: its link is the tenant's."""

    one, many, kind = "Export", "Exports", EXPORT
    list_display = ("id", STATE, PHASE, of_whom, WHY, "attempts", CREATED)
    facts = (PHASE, of_whom, "asked_by_id", "file_count", "size", columns.moment("ready_at", "Ready"),
             columns.moment("expires_at", "Kept until"), rows_written, *WorkAdmin.work_facts)  # fmt: skip
    steps = (replay_step(EXPORT), DISCARD)


@admin.register(ContactErasure)
class ContactErasureAdmin(WorkAdmin):
    """People that the tenant was asked to forget."""

    one, many, kind = "Erasure of a contact", "Erasures of contacts", FORGET
    list_display = ("id", STATE, "contact_id", WHY, "attempts", CREATED)
    facts = (erased_contact, "asked_by_id", certified, *WorkAdmin.work_facts)
    steps = (replay_step(FORGET), DISCARD)


@admin.register(RetentionRun)
class RetentionRunAdmin(WorkAdmin):
    """What each day removed because the tenant does not want to keep it longer."""

    one, many, kind = "Retention run", "Retention runs", RETENTION
    list_display = ("day", STATE, WHY, "attempts", CREATED)
    facts = ("day", kept_for, removed, *WorkAdmin.work_facts)
    steps = (replay_step(RETENTION), DISCARD)


@admin.register(Erasure)
class ErasureAdmin(BackofficeAdmin):
    """Tenants that asked to be erased, with the certificates of those that are. For superusers.

    It holds ids, counts and hashes, so it stays when the tenant is gone; who asked may cancel it.
    """

    needs_tenant = False
    one, many = "Erasure of a tenant", "Erasures of tenants"
    list_display = (
        "slug",
        STATE,
        "erased_tenant_id",
        columns.moment("asked_at", "Asked"),
        DUE,
        FINISHED,
    )
    facts = ("slug", STATE, "erased_tenant_id", "asked_by_id", columns.moment("asked_at", "Asked"), DUE,
             FINISHED, certified, "id")  # fmt: skip

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj) and request.user.is_superuser)

    def title_of(self, row: Erasure) -> str:
        return f"Erasure of {row.slug}"
