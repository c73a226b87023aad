"""Panels: what an app adds to the page of a row that an app below owns.

A conversation's page belongs to ``conversations``; its thread is known to
``messaging``, which stands above. So the page asks who has something to show.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string

TABLE = "admin/backoffice/table.html"
Content = Callable[[HttpRequest, Any], dict[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """``content`` gives the template's context, or None when there is nothing to show."""

    title: str
    template: str
    content: Content


_panels: dict[type[Model], list[Panel]] = defaultdict(list)


def panel(model: type[Model], title: str, template: str = TABLE) -> Callable[[Content], Content]:
    """Show what the function returns on the page of each row of ``model``."""

    def register(content: Content) -> Content:
        _panels[model].append(Panel(title=title, template=template, content=content))
        return content

    return register


def panels_of(request: HttpRequest, row: Model) -> list[dict[str, str]]:
    """The rendered panels of a row, in the order of registration."""
    shown = []
    for entry in _panels[type(row)]:
        context = entry.content(request, row)
        if context is not None:
            html = render_to_string(entry.template, context, request)
            shown.append({"title": entry.title, "html": html})
    return shown
