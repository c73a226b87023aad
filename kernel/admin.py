"""Pages of the kernel's own records: domain events, the audit log, subscribers' turns."""

from itertools import islice
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse

from kernel.audit.chain import head_of_chain, verify_part
from kernel.audit.checkpoints import verify_checkpoints
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.work import CREATED, DISCARD, STATE, WHY, WorkAdmin, replay_step
from kernel.models import AuditEntry, DomainEvent, Reaction

FINDINGS_SHOWN, MOST_WALKED = 10, 5_000


@columns.named("By")
def event_actor(event: DomainEvent) -> str:
    return f"{event.actor.get('kind', '')} {event.actor.get('id', '')}".strip() or columns.NOTHING


@columns.named("Data")
def event_data(event: DomainEvent) -> Any:
    return columns.pretty(event.data)


@admin.register(DomainEvent)
class DomainEventAdmin(BackofficeAdmin):
    """The tenant's facts, in the order of their numbers; those that wait for one are a moment old."""

    one, many = "Event", "Events"
    listed = Q(number__gt=0)
    ordering = ("-number",)
    list_display = ("number", "type", event_actor, columns.moment("occurred_at", "When"))
    facts = ("id", "number", "type", event_actor, columns.moment("occurred_at", "When"), event_data)
    search_help_text = "an event's number or id"

    def title_of(self, row: DomainEvent) -> str:
        return f"Event {row.number or row.pk}: {row.type}"

    def found_by(self, term: str) -> Q | None:
        return _numbered("number", term) or super().found_by(term)


@columns.named("Number")
def audit_number(entry: AuditEntry) -> Any:
    """None until the relay has chained it."""
    return entry.seq or columns.badge("new")


@columns.named("Who")
def audit_actor(entry: AuditEntry) -> str:
    return f"{entry.actor_kind} {entry.actor_id}".strip()


@columns.named("What on")
def audit_target(entry: AuditEntry) -> str:
    return f"{entry.target_type} {entry.target_id}".strip()


@columns.named("Changes")
def audit_changes(entry: AuditEntry) -> Any:
    return columns.pretty(entry.changes)


@admin.register(AuditEntry)
class AuditEntryAdmin(BackofficeAdmin):
    """Who did what. The chain can be verified from here."""

    one, many = "Audit entry", "Audit log"
    ordering = ("-seq", "-id")
    list_display = ("seq", "action", audit_actor, audit_target, columns.short("reason", "Reason", 60),
                    columns.moment("occurred_at", "When"))  # fmt: skip
    facts = ("seq", "action", audit_actor, "user_id", "on_behalf_of", audit_target, "reason", "ip",
             "request_id", columns.moment("occurred_at", "When"), audit_changes, "prev", "hash")  # fmt: skip
    search_help_text = "an entry's number or id"
    list_before_template = "admin/backoffice/verify.html"

    def title_of(self, row: AuditEntry) -> str:
        return f"Audit entry {row.seq or row.pk}: {row.action}"

    def found_by(self, term: str) -> Q | None:
        return _numbered("seq", term) or super().found_by(term)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", view, name="kernel_auditentry_verify"), *super().get_urls()]

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Walk the newest part of the tenant's chain, compare it with what was signed, say what was found."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        after = max(0, head_of_chain().seq - MOST_WALKED)
        part = verify_part(after=after, most=2 * MOST_WALKED)
        found = [*part.findings, *verify_checkpoints(after=after)]
        findings = list(islice(found, FINDINGS_SHOWN))
        for finding in findings:
            messages.error(request, f"Entry {finding.seq}: {finding.problem}.")
        if not findings:
            walked = f"Entries {after + 1} to {part.through} were walked." if part.through else ""
            messages.success(
                request, f"The chain holds: nothing was changed, removed or inserted. {walked}"
            )
        return HttpResponseRedirect(reverse("admin:kernel_auditentry_changelist"))


def _numbered(field: str, term: str) -> Q | None:
    digits = term.removeprefix("#")
    return (
        Q(**{field: int(digits)})
        if digits.isascii() and digits.isdecimal() and len(digits) < 16
        else None
    )


@columns.named("Subscriber")
def subscriber(reaction: Reaction) -> str:
    return str(reaction.subscriber.rpartition(".")[2])


@columns.named("Event")
def reaction_event(reaction: Reaction) -> Any:
    return columns.link(DomainEvent, reaction.event_id)


@admin.register(Reaction)
class ReactionAdmin(WorkAdmin):
    """Subscribers' turns at events."""

    one, many, kind = "Subscriber's turn", "Subscribers' turns", "react"
    list_display = ("id", STATE, subscriber, reaction_event, WHY, "attempts", CREATED)
    facts = ("subscriber", reaction_event, *WorkAdmin.work_facts)
    steps = (replay_step("react"), DISCARD)
