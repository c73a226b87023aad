"""Pages of deliveries and files; the thread on a conversation's page."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from conversations.models import Conversation
from kernel.backoffice import columns
from kernel.backoffice.panels import panel
from kernel.backoffice.work import CREATED, DISCARD, STATE, WHY, WorkAdmin, replay_step
from messaging.media.links import link_to
from messaging.models import Attachment, Delivery, DeliveryCheck, Lookup, Message, ReadReceipt
from messaging.selectors import Shown, shown

PAGE = 50
TICKS = {"queued": "◷", "unknown": "?", "accepted": "✓", "sent": "✓", "delivered": "✓✓", "read": "✓✓",
         "played": "✓✓", "failed": "⚠"}  # fmt: skip
SEND_AGAIN = (
    "It is sent again, in its place in its conversation. If an earlier attempt did reach the provider, "
    "the customer gets it twice: read the attempts first."
)


@columns.named("Outcome")
def outcome(delivery: Delivery) -> Any:
    return columns.badge(delivery.outcome)


@columns.named("Attempts")
def tries(delivery: Delivery) -> int:
    return len(delivery.tries)


@columns.named("Conversation")
def conversation(delivery: Delivery) -> Any:
    return columns.link(Conversation, delivery.conversation_id, "thread")


@admin.register(Delivery)
class DeliveryAdmin(WorkAdmin):
    """What is, was or could not be sent."""

    one, many, kind = "Delivery", "Deliveries", "send"
    list_display = ("id", STATE, outcome, WHY, tries, conversation, columns.linked("channel", "Channel"),
                    CREATED)  # fmt: skip
    facts = (outcome, conversation, columns.linked("channel", "Channel"), "message_id", "external_id",
             columns.moment("not_after", "Not after"), *WorkAdmin.work_facts)  # fmt: skip
    steps = (replay_step("send", SEND_AGAIN), DISCARD)
    search_help_text = "the id of a delivery or of its message"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        return rows.prefetch_related("channel")

    def found_by(self, term: str) -> Q | None:
        match = super().found_by(term)
        return match and (match | Q(message_id=term.lower()))


@panel(Delivery, "Attempts")
def _attempts(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    names = ("n", "at", "ended_at", "outcome", "code", "detail")
    rows = [
        [columns.badge(t[name]) if name == "outcome" and t.get(name) else t.get(name, columns.NOTHING)
         for name in names]
        for t in delivery.tries
    ]  # fmt: skip
    return columns.table(("No.", "Began", "Ended", "Outcome", "Code", "Detail"), rows)


@panel(Delivery, "Message", "admin/backoffice/thread.html")
def _message(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    found = Message.objects.filter(pk=delivery.message_id)
    return {"bubbles": [_bubble(item, {}) for item in shown(list(found))], "older": None}


@columns.named("File")
def file(attachment: Attachment) -> Any:
    return attachment.filename or attachment.mime_type or attachment.kind


@columns.named("Kept as")
def media_state(attachment: Attachment) -> Any:
    return columns.badge(attachment.media_state)


@admin.register(Attachment)
class AttachmentAdmin(WorkAdmin):
    """Customers' files and the work of fetching them."""

    one, many, kind = "Attachment", "Attachments", "media"
    list_display = ("id", STATE, "kind", file, media_state, WHY, "attempts", CREATED)
    facts = (file, "kind", media_state, "error", "mime_type", "size", "sha256", "message_id",
             "provider_id", *WorkAdmin.work_facts)  # fmt: skip
    steps = (replay_step("media"), DISCARD)


@panel(Attachment, "File", "admin/backoffice/file.html")
def _file(request: HttpRequest, attachment: Attachment) -> dict[str, Any] | None:
    return {"file": _shown_file(attachment)} if attachment.path else None


@admin.register(DeliveryCheck)
class DeliveryCheckAdmin(WorkAdmin):
    """Second looks at sends whose outcome is not known."""

    one, many, kind = "Second look", "Second looks", "check"
    list_display = ("id", STATE, WHY, "attempts", CREATED)
    facts = ("delivery_id", *WorkAdmin.work_facts)
    steps = (replay_step("check"), DISCARD)


@admin.register(ReadReceipt)
class ReadReceiptAdmin(WorkAdmin):
    """Blue ticks and typing shown to customers."""

    one, many, kind = "Read receipt", "Read receipts", "receipt"
    list_display = ("id", STATE, WHY, "typing", "attempts", CREATED)
    facts = ("external_id", "typing", *WorkAdmin.work_facts)
    steps = (replay_step("receipt"), DISCARD)


@admin.register(Lookup)
class LookupAdmin(WorkAdmin):
    """What came as a bare id, to be read at the provider."""

    one, many, kind = "Lookup", "Lookups", "lookup"
    list_display = ("id", STATE, "what", WHY, "attempts", columns.linked("channel", "Channel"), CREATED)  # fmt: skip
    facts = ("what", "external_id", columns.linked("channel", "Channel"), *WorkAdmin.work_facts)
    steps = (replay_step("lookup"), DISCARD)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lookup]:
        rows: QuerySet[Lookup] = super().get_queryset(request)
        return rows.prefetch_related("channel")


# ------------------------------------------------------------------ the thread


@panel(Conversation, "Thread", "admin/backoffice/thread.html")
def _thread(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Fifty messages, the newest last; ``?before=<seq>`` shows older ones."""
    before = request.GET.get("before", "")
    rows = Message.objects.filter(conversation=conversation)
    if before.isascii() and before.isdecimal() and len(before) < 16:
        rows = rows.filter(seq__lt=int(before))
    found = list(rows.order_by("-seq")[: PAGE + 1])
    page = shown(found[:PAGE][::-1])
    known = {item.message.pk: item.message for item in page}
    older = page[0].message.seq if len(found) > PAGE else None
    return {
        "bubbles": [_bubble(item, known) for item in page],
        "older": older,
        "newest": not before,
    }


def _bubble(item: Shown, known: dict[str, Message]) -> dict[str, Any]:
    """What the template shows of a message; it escapes all of it."""
    message, state, words = item.message, item.state, item.words
    quoted = known.get(message.reply_to_id)
    outbound = words.direction == Message.OUTBOUND
    error = state.error or message.error
    return {
        "message": message,
        "text": words.text,
        "edits": [edit["text"] for edit in words.edits],
        "is_revoked": words.revoked_at is not None,
        "side": "system" if message.type == "system" else "out" if outbound else "in",
        "sender": message.sender_name or message.sender_kind,
        "at": columns.time_of(message.created_at),
        "label": "" if message.type == "text" else message.type,
        "details": columns.pretty(words.content) if words.content else "",
        "quoted": (quoted.text or f"[{quoted.type}]")[:120] if quoted else "",
        "quotes_unknown": bool(message.reply_to_external_id or message.reply_to_id)
        and quoted is None,
        "files": [_shown_file(attachment) for attachment in item.attachments],
        "status": state.status if outbound else "",
        "ticks": TICKS.get(state.status, "") if outbound else "",
        "error": error,
        "reactions": [reaction["emoji"] for reaction in state.reactions],
    }


def _shown_file(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.filename or attachment.kind,
        "type": attachment.mime_type,
        "size": attachment.size,
        "state": attachment.media_state,
        "error": attachment.error,
        "url": link_to(attachment.pk) if attachment.path else "",
        "page": columns.address_of(attachment, attachment.pk),
    }
