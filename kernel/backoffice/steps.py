"""Steps: the only things that a page changes. Each asks first, is posted, and calls one service."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.options import IS_POPUP_VAR
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from kernel.actor import because
from kernel.errors import DomainError

ID = re.compile(r"^[0-9a-f]{24}$")
REASON = (3, 200)
MOST_AT_ONCE = 100


def _always(request: HttpRequest, row: Any) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Step:
    """``run`` does it and returns the sentence to show; a ``DomainError`` becomes a message.

    ``when`` tells whether a row offers it. ``reason`` asks why, for the audit
    log, and whatever is ``danger`` does; ``bulk`` offers it for rows selected in the
    list as well; ``at_once`` is posted from the row's page without a question.
    ``as_member`` is offered while staff act as a member, to whom it is then done
    under that one's rights; nothing else is.
    """

    name: str
    label: str
    question: str
    run: Callable[[HttpRequest, Any, str], str]
    when: Callable[[HttpRequest, Any], bool] = _always
    icon: str = "play_arrow"
    reason: bool = False
    danger: bool = False
    bulk: bool = False
    at_once: bool = False
    as_member: bool = False

    def __post_init__(self) -> None:
        if self.danger and (not self.reason or self.at_once):
            raise ValueError(f"the step {self.name} is destructive: it asks first, and why")

    def is_offered(self, request: HttpRequest, row: Any) -> bool:
        """Whether ``row`` can take this step now, from this browser."""
        return self.as_member == (_as_member(request) is not None) and self.when(request, row)


def _as_member(request: Any) -> Callable[[], AbstractContextManager[Any]] | None:
    """How to act as the impersonated member; the site binds it while one is impersonated."""
    found: Callable[[], AbstractContextManager[Any]] | None = getattr(request, "as_member", None)
    return found


class Stepping:
    """The part of a model's pages that performs steps."""

    steps: ClassVar[tuple[Step, ...]] = ()
    model: Any
    opts: Any
    admin_site: Any

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        view = self.admin_site.admin_view(self.step_view)
        return [path("<str:object_id>/do/<slug:step>/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def steps_for(self, request: HttpRequest, row: Any) -> list[dict[str, Any]]:
        """What the row's page offers."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_step"
        return [
            {"step": step, "url": reverse(name, args=[row.pk, step.name])}
            for step in self.steps
            if step.is_offered(request, row)
        ]

    # ------------------------------------------------------------------ one row

    def step_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """GET asks, POST does."""
        chosen = self._step(step)
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        back = HttpResponseRedirect(self.address(row))  # type: ignore[attr-defined]
        if not chosen.is_offered(request, row):
            messages.error(request, _not_now(request, chosen))
            return back
        if request.method == "POST" and (reason := reason_given(request, chosen)) is not None:
            _perform(request, chosen, row, reason)
            return back
        return self._ask(request, chosen, [row], back.url)

    def _step(self, name: str) -> Step:
        found = next((step for step in self.steps if step.name == name), None)
        if found is None:
            raise Http404
        return found

    def _ask(self, request: HttpRequest, step: Step, rows: list[Any], back: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "step": step,
            "rows": [(row.pk, self.title_of(row)) for row in rows],  # type: ignore[attr-defined]
            "back": back,
            "bulk": "action" in request.POST,
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
            "shortest": REASON[0],
            "longest": REASON[1],
        }
        return TemplateResponse(request, "admin/backoffice/ask.html", context)

    # ------------------------------------------------------------------ selected rows

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if IS_POPUP_VAR in request.GET:
            return {}
        return {
            s.name: (partial(_selected, s), s.name, s.label)
            for s in self.steps
            if s.bulk and not _as_member(request)
        }

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ids that are none would reach the database as an error."""
        ids = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if len(ids) > MOST_AT_ONCE or not all(map(ID.match, ids)):
            messages.error(request, "This selection cannot be read.")
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)  # type: ignore[misc,no-any-return]


def _selected(step: Step, admin: Any, request: HttpRequest, queryset: Any) -> HttpResponse | None:
    rows = [row for row in queryset[:MOST_AT_ONCE] if step.is_offered(request, row)]
    if not rows:
        messages.error(request, f"“{step.label}” is not possible for this selection.")
        return None
    reason = reason_given(request, step) if "confirmed" in request.POST else None
    if reason is None:
        response: HttpResponse = admin._ask(request, step, rows, request.get_full_path())
        return response
    for row in rows:
        _perform(request, step, row, reason)
    return None


def reason_given(request: HttpRequest, step: Step) -> str | None:
    """The reason posted, empty where none is asked for; None, with a message, when it will not do."""
    if not step.reason:
        return ""
    text = " ".join(request.POST.get("reason", "").split())
    if REASON[0] <= len(text) <= REASON[1]:
        return text
    messages.error(request, f"Give a reason of {REASON[0]} to {REASON[1]} characters.")
    return None


def _not_now(request: HttpRequest, step: Step) -> str:
    if _as_member(request) is not None and not step.as_member:
        return f"“{step.label}” is for staff: end acting as a member first."
    return f"“{step.label}” is not possible now."


def _perform(request: HttpRequest, step: Step, row: Any, reason: str) -> None:
    member = _as_member(request)
    try:
        with member() if member else nullcontext(), because(reason):
            messages.success(request, step.run(request, row, reason))
    except DomainError as refusal:
        messages.error(request, refusal.detail or refusal.title)
