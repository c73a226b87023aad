"""Pages of conversations. Their thread is a panel that ``messaging`` adds."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest

from channels.models import Channel
from conversations.models import Conversation
from conversations.selectors import ALL, ORDER, list_conversations
from conversations.services.changes import assign_conversation, change_status
from crm.models import Contact
from kernel.backoffice import columns
from kernel.backoffice.base import BackofficeAdmin
from kernel.backoffice.lists import choice_filter
from kernel.backoffice.panels import panel
from kernel.backoffice.steps import Step
from tenants.access import current_principal
from tenants.models import Membership

CHOICES = 50
NOBODY = "none"
SHOWN = 20
STATUS = columns.state("status", "Status")
ACTIVITY = columns.moment("last_activity_at", "Last activity")


def _offered(request: Any, name: str, rows: list[Any]) -> list[tuple[str, str]]:
    """A filter's choices; the list shows the same rows and need not read them again."""
    known = request.__dict__.setdefault("backoffice_known", {})
    known[name] = {row.pk: row for row in rows}
    return [(row.pk, str(row)) for row in rows]


class ChannelFilter(admin.SimpleListFilter):
    """The tenant's accounts, the newest fifty."""

    title, parameter_name = "channel", "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        channels = list(Channel.objects.order_by("-id")[:CHOICES])
        return _offered(request, "channel", channels)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = dict(self.lookup_choices).get(self.value() or "")
        return queryset.filter(channel_id=self.value()) if chosen else queryset


class AssigneeFilter(admin.SimpleListFilter):
    """Nobody, or one of fifty members."""

    title, parameter_name = "assignee", "assignee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        active = Membership.objects.filter(status=Membership.ACTIVE).order_by("role")
        return [(NOBODY, "nobody"), *_offered(request, "assignee", list(active[:CHOICES]))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == NOBODY:
            return queryset.filter(assignee_id=None)
        chosen = dict(self.lookup_choices).get(self.value() or "")
        return queryset.filter(assignee_id=self.value()) if chosen else queryset


@columns.named("Last message")
def last_message(conversation: Conversation) -> str:
    last = conversation.last_message or {}
    arrow = "→ " if last.get("direction") == "outbound" else ""
    return f"{arrow}{last.get('preview', '')}"[:80] or columns.NOTHING


@columns.named("Number")
def number(conversation: Conversation) -> str:
    return str(conversation)


@columns.named("Contact")
def contact(conversation: Conversation) -> Any:
    return columns.link(Contact, conversation.contact_id, conversation.contact_name)


def _set_status(status: str) -> Callable[[HttpRequest, Conversation, str], str]:
    def run(request: HttpRequest, conversation: Conversation, reason: str) -> str:
        change_status(conversation_id=conversation.pk, status=status)
        return f"{conversation} is {status}."

    return run


def _take(request: HttpRequest, conversation: Conversation, reason: str) -> str:
    member = current_principal()
    assign_conversation(conversation_id=conversation.pk, assignee_id=member.member_id)
    return f"{conversation} is assigned to {member.name}."


def _is_open(request: HttpRequest, conversation: Conversation) -> bool:
    return conversation.status != Conversation.CLOSED


def _is_closed(request: HttpRequest, conversation: Conversation) -> bool:
    return conversation.status == Conversation.CLOSED


# What staff do here for the member whom they act as, with that one's rights; all else that a member
# does goes through the API, from the same browser.
AS_MEMBER = (
    Step(name="take", label="Take", run=_take, icon="person_add", reason=True, as_member=True,
         question="It is assigned to the member whom you act as."),
    Step(name="close", label="Close", run=_set_status(Conversation.CLOSED), when=_is_open, icon="done",
         reason=True, as_member=True, question="It is closed in the name of the member whom you act as."),
    Step(name="reopen", label="Reopen", run=_set_status(Conversation.OPEN), when=_is_closed, icon="undo",
         reason=True, as_member=True, question="It is opened in the name of the member whom you act as."),
)  # fmt: skip


@admin.register(Conversation)
class ConversationAdmin(BackofficeAdmin):
    """By last activity; the thread is on the conversation's page."""

    one, many = "Conversation", "Conversations"
    ordering = ORDER
    list_display = (number, "contact_name", STATUS, last_message, columns.linked("channel", "Channel"),
                    columns.linked("assignee", "Assignee"), "unread_count", ACTIVITY)  # fmt: skip
    list_filter = (
        choice_filter("status", "status", Conversation.STATUSES),
        ChannelFilter,
        AssigneeFilter,
    )
    facts = (contact, STATUS, columns.linked("channel", "Channel"), columns.linked("assignee", "Assignee"),
             "message_count", "unread_count", columns.moment("waiting_since", "Waiting since"),
             columns.moment("window_until", "Window open until"), ACTIVITY,
             columns.moment("created_at", "Started"), columns.moment("closed_at", "Closed"), "id")  # fmt: skip
    search_help_text = "a conversation's number or id"
    steps = AS_MEMBER

    def title_of(self, row: Conversation) -> str:
        return f"{row} {row.contact_name}"

    def complete(self, request: Any, rows: list[Any]) -> None:
        for name, known in getattr(request, "backoffice_known", {}).items():
            for row in rows:
                if (other := known.get(getattr(row, f"{name}_id"))) is not None:
                    setattr(row, name, other)
        prefetch_related_objects(rows, "channel", "assignee")

    def found_by(self, term: str) -> Q | None:
        digits = term.removeprefix("#")
        if digits.isascii() and digits.isdecimal() and len(digits) < 16:
            return Q(number=int(digits))
        return super().found_by(term)


@panel(Contact, "Conversations")
def _of_contact(request: HttpRequest, person: Contact) -> dict[str, Any] | None:
    rows = list_conversations(contact_id=person.pk, status=ALL).order_by(*ORDER)[:SHOWN]
    shown = [(columns.link(row, row.pk, str(row)), columns.badge(row.status), last_message(row),
              columns.time_of(row.last_activity_at)) for row in rows]  # fmt: skip
    return columns.table(("Number", "Status", "Last message", "Last activity"), shown)
