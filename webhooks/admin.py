"""Pages of the inbound ledger: what a provider posted, the items cut out of it, and their replay."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from channels.models import Channel
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import ID, Step
from kernel.backoffice.work import DISCARD, STATE, WHY, WorkAdmin, is_stuck
from kernel.mongo.doors import collection
from webhooks.bodies import shown_body
from webhooks.models import WebhookDelivery, WebhookEvent
from webhooks.services.replay import replay_event

RECENT = 500
CHANNELS = 50


def _replay(request: HttpRequest, event: WebhookEvent, reason: str) -> str:
    replay_event(event_id=event.pk)  # the audit log has the reason from the step
    return f"{event.pk} is applied again, in its place."


REPLAY = Step(name="replay", label="Replay", run=_replay, when=is_stuck, icon="replay", bulk=True, reason=True,
              question="It is applied again, in its place. What took effect before is recognised.")  # fmt: skip
RECEIVED = columns.moment("received_at", "Received")


@columns.named("Posted in")
def posted_in(event: WebhookEvent) -> Any:
    """Names the event, by which the delivery's page knows that the tenant has a part in it."""
    address = columns.address_of(WebhookDelivery, event.delivery_id, event=event.pk)
    return format_html('<a class="bo-link" href="{}">{}</a>', address, event.delivery_id)


@admin.register(WebhookEvent)
class WebhookEventAdmin(WorkAdmin):
    """Items of the tenant, newest first."""

    one, many, kind = "Inbound item", "Inbound items", "ingest"
    list_display = ("id", STATE, "field", WHY, columns.short("last_error", "Last error", 60), "attempts",
                    columns.linked("channel", "Channel"), RECEIVED)  # fmt: skip
    facts = ("field", columns.linked("channel", "Channel"), "event_key", posted_in, "position", RECEIVED,
             *WorkAdmin.work_facts)  # fmt: skip
    steps = (REPLAY, DISCARD)
    search_help_text = "an item's id, or its whole key"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        rows: QuerySet[WebhookEvent] = super().get_queryset(request)
        return rows.defer("body").prefetch_related("channel")

    def found_by(self, term: str) -> Q | None:
        if match := super().found_by(term):
            return match
        channels = [c.pk for c in Channel.objects.order_by("-id")[:CHANNELS]]
        return Q(channel_id__in=channels, event_key=term)


@panel(WebhookEvent, "Body")
def _event_body(request: HttpRequest, event: WebhookEvent) -> dict[str, Any]:
    return {"text": columns.pretty(event.body)}


# ------------------------------------------------------------------ raw deliveries


class ShowFilter(admin.SimpleListFilter):
    """For superusers: the tenant's own by default, or what nobody owns yet."""

    title, parameter_name = "deliveries", "show"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("parked", "parked: nobody owns the address"),
            ("new", "not yet routed"),
            ("all", "of every tenant"),
        ]

    def choices(self, changelist: Any) -> list[dict[str, Any]]:
        first, *others = super().choices(changelist)
        return [{**first, "display": "this tenant's"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "parked":
                return queryset.filter(pk__in=_parked_ids())
            case "new":
                return queryset.filter(state=WebhookDelivery.NEW)
            case "all":
                return queryset
        return queryset.filter(pk__in=_own_ids())


def _own_ids() -> list[str]:
    """Deliveries of the tenant's newest items."""
    states = [state for state, _ in WebhookEvent.STATES]
    newest = WebhookEvent.objects.filter(state__in=states).order_by("-id")
    return sorted(set(newest.values_list("delivery_id", flat=True)[:RECENT]))


def _parked_ids() -> list[str]:
    parked = {"parked": {"$gt": ""}}
    found = collection(WebhookDelivery).find(parked, {"_id": 1}, max_time_ms=2_000).limit(RECENT)
    return [str(row["_id"]) for row in found]


@columns.named("Account")
def account(delivery: WebhookDelivery) -> Any:
    return columns.joined(
        f"{name} {count}" for name, count in sorted(delivery.account.items()) if count
    )


@columns.named("Waits for")
def waits_for(delivery: WebhookDelivery) -> Any:
    return columns.joined(delivery.parked)


@columns.named("Size")
def size(delivery: WebhookDelivery) -> str:
    return f"{len(bytes(delivery.body)):,} bytes"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(BackofficeAdmin):
    """Global rows: a page opens for those who may see every tenant, or by naming an item of the chosen one."""

    one, many = "Raw delivery", "Raw deliveries"
    list_display = ("id", "source", columns.state("state", "State"), account, waits_for, RECEIVED)
    list_filter = (ShowFilter,)
    facts = ("source", columns.state("state", "State"), account, waits_for, size, RECEIVED,
             columns.moment("exploded_at", "Routed"), "id")  # fmt: skip

    def get_list_display_links(self, request: Any, list_display: Any) -> tuple[str, ...]:
        """Without naming an item only superusers get in, so only they get a link."""
        return ("id",) if request.user.is_superuser else ()

    def get_list_filter(self, request: Any) -> tuple[Any, ...]:
        return (ShowFilter,) if request.user.is_superuser else ()

    def get_queryset(self, request: Any) -> QuerySet[WebhookDelivery]:
        rows = WebhookDelivery.objects.defer("body")
        return rows if request.user.is_superuser else rows.filter(pk__in=_own_ids())

    def get_object(
        self, request: Any, object_id: str, from_field: Any = None
    ) -> WebhookDelivery | None:
        """A row of the tenant's is found by naming its item: the newest ones alone are in the list."""
        if request.user.is_superuser:
            found: WebhookDelivery | None = super().get_object(request, object_id, from_field)
            return found
        if not _has_part(request, object_id):
            return None
        return WebhookDelivery.objects.filter(pk=object_id).first()


def _has_part(request: HttpRequest, delivery_id: str) -> bool:
    event = request.GET.get("event", "")
    own = (
        WebhookEvent.objects.filter(pk=event, delivery_id=delivery_id) if ID.match(event) else None
    )
    return own is not None and own.exists()


@panel(WebhookDelivery, "Problems")
def _problems(request: HttpRequest, delivery: WebhookDelivery) -> dict[str, Any] | None:
    rows = [(p.get("position"), p.get("reason")) for p in delivery.problems]
    return columns.table(("Position", "Reason"), rows) if rows else None


@panel(WebhookDelivery, "Body")
def _delivery_body(request: HttpRequest, delivery: WebhookDelivery) -> dict[str, Any]:
    return {"text": shown_body(request, delivery)}
