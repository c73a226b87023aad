"""Finding a stuck message by whatever somebody has of it, and its story from the raw delivery on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from config.backoffice.reads import shows
from crm.selectors import digits_of
from kernel.backoffice import columns
from kernel.backoffice.steps import ID
from kernel.backoffice.work import is_stuck
from messaging.models import Delivery, Message, MessageUpdate
from webhooks.bodies import shown_body
from webhooks.models import WebhookDelivery, WebhookEvent
from webhooks.trace import SHORTEST_NUMBER, Found, by_external_id, by_id, by_last_digits

LONGEST = 300


@dataclass(frozen=True)
class Moment:
    """One thing that happened, for the template; it escapes all texts."""

    at: datetime
    title: str
    text: Any = ""
    badge: Any = ""
    url: str = ""
    replay: str = ""
    body: Any = ""


def find(site: Any, request: Any) -> HttpResponse:
    """``?q=``: an id of ours, the provider's id of a message, or the last digits of a number."""
    term = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    found = _found(term)
    context: dict[str, Any] = {
        **site.each_context(request), "title": "Find a message", "term": term, "found": found,
        "moments": _story(request, found) if found.is_one else [],
        "choices": [] if found.is_one else _choices(found),
    }  # fmt: skip
    context["contacts"] = [(columns.address_of(c, c.pk), str(c), c.phone) for c in found.contacts]
    _note(request, found)
    return TemplateResponse(request, "admin/backoffice/find.html", context)


def _found(term: str) -> Found:
    if ID.match(term.lower()):
        return by_id(term.lower())
    digits = digits_of(term)
    if len(digits) >= SHORTEST_NUMBER and not (found := by_last_digits(digits)).is_empty:
        return found
    return by_external_id(term) if len(term) >= SHORTEST_NUMBER else Found()


def _note(request: Any, found: Found) -> None:
    """The audit log has what was read, not that something was looked for."""
    rows: list[Any] = [*found.messages, *found.items, *found.contacts, *found.posted]
    targets = [(str(row._meta.model_name), str(row.pk)) for row in rows]
    shows(request, ("backoffice", "find"), *targets)


# ------------------------------------------------------------------ several to choose from


def _choices(found: Found) -> list[dict[str, Any]]:
    messages = [
        {"url": _again(m.pk), "title": f"Message, {m.direction}: {m.text[:80] or m.type}",
         "badge": "", "at": columns.time_of(m.created_at)}
        for m in found.messages
    ]  # fmt: skip
    items = [
        {"url": _again(i.pk), "title": f"Inbound item: {i.field} {i.reason}".strip(),
         "badge": columns.badge(i.state), "at": columns.time_of(i.received_at)}
        for i in found.items
    ]  # fmt: skip
    return [*items, *messages]


def _again(pk: str) -> str:
    return reverse("admin:find", query={"q": pk})


# ------------------------------------------------------------------ the story of one


def _story(request: Any, found: Found) -> list[Moment]:
    """From the raw delivery on, in the order of time."""
    first = {item.delivery_id: item.pk for item in reversed(found.items)}
    told = [_posted(request, row, first.get(row.pk, "")) for row in found.posted]
    told += [moment for item in found.items for moment in _item(request, item)]
    told += [_message(message) for message in found.messages]
    told += [moment for delivery in found.deliveries for moment in _delivery(request, delivery)]
    told += [_update(update) for update in found.updates]
    return sorted(told, key=lambda moment: moment.at)


def _posted(request: Any, row: WebhookDelivery, item_id: str) -> Moment:
    account = ", ".join(f"{name} {n}" for name, n in sorted(row.account.items()) if n)
    return Moment(at=row.received_at, title="The provider posted it", text=account,
                  badge=columns.badge(row.state), body=shown_body(request, row),
                  url=columns.address_of(row, row.pk, event=item_id))  # fmt: skip


def _item(request: Any, item: WebhookEvent) -> list[Moment]:
    url = columns.address_of(item, item.pk)
    why = " ".join(text for text in (item.reason, item.last_error) if text)
    replay = _replay(item) if is_stuck(request, item) else ""
    tried = f"{item.attempts} attempts. " if item.attempts else ""
    told = [Moment(at=item.created_at, title=f"Cut out as an item: {item.field}", url=url,
                   badge=columns.badge(item.state), text=f"{tried}{why}"[:500], replay=replay,
                   body=columns.pretty(item.body))]  # fmt: skip
    if item.finished_at is not None and item.state == WebhookEvent.DONE:
        told.append(Moment(at=item.finished_at, title=f"The item was applied: {item.field}"))
    return told


def _message(message: Message) -> Moment:
    url = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
    who = message.sender_name or message.sender_kind
    return Moment(at=message.created_at, title=f"Message of {who}, {message.direction}",
                  text=message.text or f"[{message.type}]", url=f"{url}?before={message.seq + 1}",
                  badge=columns.badge(message.pk, "dim"))  # fmt: skip


def _delivery(request: Any, delivery: Delivery) -> list[Moment]:
    url = columns.address_of(delivery, delivery.pk)
    replay = _replay(delivery) if is_stuck(request, delivery) else ""
    why = " ".join(text for text in (delivery.reason, delivery.last_error) if text)
    told = [Moment(at=delivery.created_at, title="Queued to be sent", text=why[:500], url=url,
                   badge=columns.badge(delivery.state), replay=replay)]  # fmt: skip
    return told + [_attempt(delivery, attempt) for attempt in delivery.tries]


def _attempt(delivery: Delivery, attempt: dict[str, Any]) -> Moment:
    at = _time(attempt.get("at")) or delivery.created_at
    said = " ".join(str(attempt[name]) for name in ("code", "detail") if attempt.get(name))
    outcome = attempt.get("outcome") or "not ended"
    return Moment(at=at, title=f"Attempt {attempt.get('n', '')}", text=said[:500],
                  badge=columns.badge(outcome))  # fmt: skip


def _update(update: MessageUpdate) -> Moment:
    error = update.error or {}
    said = f"{error.get('title', '')} {error.get('code', '')}".strip() or update.emoji
    return Moment(at=update.created_at, title=f"{update.kind} {update.status}".strip(), text=said)


def _time(value: Any) -> datetime | None:
    """Attempts keep their times as text."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _replay(row: Any) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_step"
    return reverse(name, args=[row.pk, "replay"])
