"""The first pages: how the chosen tenant is doing, and its work."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from channels.models import Channel
from config.backoffice import stuck
from conversations.models import Conversation
from kernel.backoffice import columns, overview
from kernel.backoffice.base import BackofficeAdmin
from kernel.clock import now
from kernel.models import Lane, WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.scoping import active_tenant_id
from kernel.work import kind_named
from kernel.work.sweep import canary_ages
from webhooks.models import WebhookEvent

MOST = 1000
LATE_S = 45
LANES_SHOWN = 50
CAUSES_SHOWN = 30
CHANNELS_READ = 200
STATES = [state for state, _ in WebhookEvent.STATES]


def card(label: str, value: Any, url: str = "", tone: str = "", note: str = "") -> dict[str, Any]:
    """One figure of the first page."""
    return {"label": label, "value": value, "url": url, "tone": tone, "note": note}


def index(site: Any, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """The tenant at a glance."""
    work = overview.tallies()
    context = {
        **site.each_context(request), "title": "Overview", "cards": [*_business(), *_work(work)],
        "canaries": _canaries(), **(extra_context or {}),
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/index.html", context)


def _business() -> list[dict[str, Any]]:
    open_ = _capped(Conversation, {"status": Conversation.OPEN})
    hour = {"state": {"$in": STATES}, "_id": {"$gte": _id_at(now() - timedelta(hours=1))}}
    channels = list(Channel.objects.order_by("-id")[:CHANNELS_READ])
    ill = [c for c in channels if c.status in (Channel.BROKEN, Channel.DEGRADED)]
    note = ", ".join(f"{c.name} {c.status}" for c in ill[:3])
    return [
        card("Open conversations", open_, _list(Conversation, status="open")),
        card("Inbound items, last hour", _capped(WebhookEvent, hour), _list(WebhookEvent)),
        card("Channels in trouble", len(ill), _list(Channel), "bad" if ill else "ok", note),
    ]


def _work(work: dict[Any, overview.Tally]) -> list[dict[str, Any]]:
    cards = []
    for state, tone in ((WorkItem.DEAD, "bad"), (WorkItem.PARKED, "warn")):
        counts = [tally for (_, of), tally in work.items() if of == state]
        total = sum(tally.count for tally in counts)
        capped = any(tally.count > overview.MOST for tally in counts)
        text = f"{total:,}{'+' if capped else ''}"
        cards.append(
            card(f"{state.title()} work", text, reverse("admin:work"), tone if total else "ok")
        )
    return cards


def _canaries() -> list[dict[str, Any]]:
    """How long ago a message went through each queue, end to end."""
    return [
        {"queue": queue, "age": f"{age:.0f} s ago", "tone": "bad" if age > LATE_S else "ok"}
        for queue, age in sorted(canary_ages().items())
    ]


def _capped(model: Any, where: dict[str, Any]) -> str:
    count = collection(model).count_documents({**owner(), **where}, limit=MOST + 1)
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def _id_at(moment: Any) -> ObjectId:
    """The smallest id made at ``moment``: ids begin with the millisecond."""
    return ObjectId(int(moment.timestamp() * 1000).to_bytes(6, "big") + bytes(6))


def _list(model: Any, **query: str) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return reverse(name, query=query or None)


def work(site: Any, request: HttpRequest) -> HttpResponse:
    """Every collection of work: how much waits, what is stuck and why."""
    counts = overview.tallies()
    pages = {model: site._registry[model] for model in overview.work_models()}
    context = {
        **site.each_context(request), "title": "Work",
        "kinds": [_kind(page, model, counts) for model, page in pages.items()],
        "causes": [_cause(pages[cause.model], cause) for cause in overview.causes()[:CAUSES_SHOWN]],
        "stuck": [_stuck(pages[item.model], item) for item in overview.stuck()],
        "held": _held(),
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/work.html", context)


def _kind(page: BackofficeAdmin, model: Any, counts: dict[Any, overview.Tally]) -> dict[str, Any]:
    cells = []
    for state, tone in ((WorkItem.READY, "dim"), (WorkItem.PARKED, "warn"), (WorkItem.DEAD, "bad")):
        tally = counts.get((model, state), overview.Tally())
        cells.append({"state": state, "count": str(tally), "url": _list(model, state=state),
                      "tone": tone if tally.count else "dim"})  # fmt: skip
    due = counts.get((model, WorkItem.READY), overview.Tally()).due_at
    return {"title": page.many, "queue": _queue(page), "url": _list(model), "cells": cells,
            "age": _age(due)}  # fmt: skip


def _queue(page: Any) -> str:
    return kind_named(page.kind).queue


def _cause(page: BackofficeAdmin, cause: overview.Cause) -> dict[str, Any]:
    return {"title": page.many, "cause": cause, "badge": columns.badge(cause.state),
            "since": columns.time_of(cause.since), "url": stuck.address(cause)}  # fmt: skip


def _age(due: Any) -> str:
    seconds = (now() - due).total_seconds() if due else 0
    return columns.NOTHING if seconds < 1 else f"{seconds:,.0f} s"


def _stuck(page: BackofficeAdmin, item: overview.Stuck) -> dict[str, Any]:
    return {"item": item, "title": page.one, "url": columns.address_of(item.model, item.id),
            "badge": columns.badge(item.state), "at": columns.time_of(item.created_at)}  # fmt: skip


def _held() -> list[Lane]:
    """Lanes that wait for a cause to go away."""
    return list(
        Lane.objects.filter(tenant_id=active_tenant_id(), held__gt="").order_by("held")[
            :LANES_SHOWN
        ]
    )
