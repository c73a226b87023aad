"""All tenants that one may enter, with their work: depth and lag of each queue, what is stuck or held."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from config.backoffice.chooser import enterable
from kernel.backoffice import across, columns
from kernel.clock import now
from kernel.models import WorkItem
from tenants.models import Tenant
from tenants.staff import slug_begins
from webhooks.models import WebhookDelivery

SHOWN = 25
LATE_S = 45
MOST_NEW = 1000


def queues(site: Any, request: HttpRequest) -> HttpResponse:
    """A page of tenants by slug; ``?after=`` continues, ``?q=`` is the beginning of a slug."""
    term, after = (request.GET.get(name, "").strip()[:40] for name in ("q", "after"))
    rows = enterable(request.user)
    rows = rows.filter(slug_begins(term)) if term else rows
    rows = rows.filter(slug__gt=after) if after else rows
    tenants = list(rows.order_by("slug")[: SHOWN + 1])
    shown = tenants[:SHOWN]
    loads = across.loads([tenant.pk for tenant in shown])
    names = across.queues()
    context = {
        **site.each_context(request), "title": "Queues of all tenants", "queues": names, "term": term,
        "rows": [_row(tenant, loads[tenant.pk], names) for tenant in shown],
        "next": shown[-1].slug if len(tenants) > SHOWN else "", "uncut": _uncut(),
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/queues.html", context)


def _row(tenant: Tenant, load: across.Load, names: list[str]) -> dict[str, Any]:
    more = "+" if load.capped else ""
    return {
        "tenant": tenant,
        "queues": [_cell(name, load, more) for name in names],
        "stuck": [{"state": state, "count": f"{load.stuck[state]:,}{more}" if load.stuck[state] else "0",
                   "tone": tone if load.stuck[state] else "dim"}
                  for state, tone in ((WorkItem.PARKED, "warn"), (WorkItem.DEAD, "bad"))],
        "held": ", ".join(f"{cause} ({count})" for cause, count in sorted(load.held.items())),
    }  # fmt: skip


def _cell(name: str, load: across.Load, more: str) -> dict[str, Any]:
    since = load.oldest.get(name)
    lag = max((now() - since).total_seconds(), 0) if since else 0
    tone = "bad" if lag > LATE_S else "ok" if since else "dim"
    text = f"{load.due[name]:,}{more} due, oldest {lag:,.0f} s" if since else "nothing due"
    return {"name": name, "text": text, "tone": tone}


def _uncut() -> dict[str, Any]:
    """Raw deliveries that no tenant has yet, because they wait to be cut into items."""
    new = WebhookDelivery.objects.filter(state=WebhookDelivery.NEW).order_by("id")
    received = list(new.values_list("received_at", flat=True)[: MOST_NEW + 1])
    lag = (now() - received[0]).total_seconds() if received else 0
    count = f"{MOST_NEW:,}+" if len(received) > MOST_NEW else f"{len(received):,}"
    tone = "bad" if lag > LATE_S else "ok"
    return {"badge": columns.badge(f"{count} waiting, oldest {lag:,.0f} s", tone)}
