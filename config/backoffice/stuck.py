"""Replaying all that is stuck for one cause, asked first and with a reason."""

from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from kernel.actor import because
from kernel.backoffice import overview
from kernel.backoffice.recovery import MOST_AT_ONCE, replay_all
from kernel.backoffice.steps import REASON, Step, reason_given
from kernel.backoffice.work import WorkAdmin
from kernel.errors import DomainError
from kernel.models import WorkItem


@dataclass(frozen=True)
class Chosen:
    """The cause that the address names, and the page of its kind of work."""

    page: WorkAdmin
    state: str
    cause: str

    @property
    def step(self) -> Step:
        """As the page asks for one item, for all of them."""
        one = next(step for step in self.page.steps if step.name == "replay")
        return replace(one, label="Replay all")


def address(cause: overview.Cause) -> str:
    """Where all of a cause is replayed."""
    query = {"model": cause.model._meta.label_lower, "state": cause.state, "cause": cause.reason}
    return reverse("admin:replay_all", query=query)


def replay_for_cause(site: Any, request: HttpRequest) -> HttpResponse:
    """GET asks, POST does."""
    chosen, back = _chosen(site, request), HttpResponseRedirect(reverse("admin:work"))
    step = chosen.step
    found = next((c for c in overview.causes() if (c.model, c.state, c.reason)
                  == (chosen.page.model, chosen.state, chosen.cause)), None)  # fmt: skip
    if found is None or getattr(request, "as_member", None) is not None:
        messages.error(request, "There is nothing to replay for this cause now.")
        return back
    if request.method == "POST" and (reason := reason_given(request, step)) is not None:
        _replay(request, chosen, reason)
        return back
    context = {
        **site.each_context(request), "title": step.label, "step": step, "back": back.url,
        "rows": [("", f"{found} {chosen.page.many.lower()}, {found.state}: {found.reason or 'no reason'}")],
        "shortest": REASON[0], "longest": REASON[1],
    }  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/ask.html", context)


def _chosen(site: Any, request: HttpRequest) -> Chosen:
    label, state = request.GET.get("model", ""), request.GET.get("state", "")
    models = {model._meta.label_lower: model for model in overview.work_models()}
    if label not in models or state not in (WorkItem.DEAD, WorkItem.PARKED):
        raise Http404
    page = site._registry[apps.get_model(label)]
    return Chosen(page, state, request.GET.get("cause", "")[:120])


def _replay(request: HttpRequest, chosen: Chosen, reason: str) -> None:
    try:
        with because(reason):
            count = replay_all(kind=chosen.page.kind, model=chosen.page.model, state=chosen.state,
                               cause=chosen.cause)  # fmt: skip
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return
    more = " There may be more: look again." if count >= MOST_AT_ONCE else ""
    messages.success(request, f"{count:,} are ready again, each in its place.{more}")
