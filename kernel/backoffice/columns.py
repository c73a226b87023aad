"""How values are shown: escaped, with their unit, the same on every page."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kernel.clock import LONG_AGO, NEVER

Column = Callable[[Any], Any]
NOTHING = "–"
TONES = {
    "ok": {"active", "done", "open", "stored", "accepted", "sent", "delivered", "read", "online"},
    "warn": {"ready", "leased", "pending", "degraded", "connecting", "paused", "queued", "new", "parked",
             "unknown", "away"},
    "bad": {"dead", "broken", "failed", "suspended", "disabled", "revoked", "expired"},
}  # fmt: skip


def tone_of(value: str) -> str:
    """``ok``, ``warn``, ``bad`` or ``dim`` for a state's name."""
    return next((tone for tone, values in TONES.items() if value in values), "dim")


def badge(text: Any, tone: str = "") -> SafeString:
    """A coloured word."""
    return format_html('<span class="bo-badge bo-{}">{}</span>', tone or tone_of(str(text)), text)


def time_of(moment: datetime | None) -> str | SafeString:
    """UTC to the second; nothing for the two ends of time that stand for never."""
    if moment is None or moment >= NEVER or moment <= LONG_AGO:
        return NOTHING
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time datetime="{}" title="UTC">{}</time>', moment.isoformat(), text)


def pretty(value: Any) -> SafeString:
    """JSON, indented."""
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)
    return format_html('<pre class="bo-pre">{}</pre>', text)


def block(text: str) -> SafeString:
    """Text as it stands, in a box that scrolls."""
    return format_html('<pre class="bo-pre">{}</pre>', text)


def joined(items: Iterable[Any]) -> SafeString | str:
    """Short words side by side."""
    return (
        format_html_join(" ", '<span class="bo-badge bo-dim">{}</span>', ((i,) for i in items))
        or NOTHING
    )


def address_of(row: models.Model | type[models.Model], pk: str, **query: str) -> str:
    """The page of a row; empty where its model has none."""
    names = (row._meta.app_label, row._meta.model_name)
    try:
        return reverse("admin:{}_{}_change".format(*names), args=[pk], query=query or None)
    except NoReverseMatch:
        return ""


def link(
    row: models.Model | type[models.Model], pk: str | None, text: Any = ""
) -> SafeString | str:
    """A link to a row's page."""
    if not pk:
        return NOTHING
    return format_html('<a class="bo-link" href="{}">{}</a>', address_of(row, pk), text or pk)


def named(title: str) -> Callable[[Column], Column]:
    """The heading of a column that a function computes."""
    return admin.display(description=title, empty_value=NOTHING)


def state(field: str, title: str) -> Column:
    """A column of badges."""
    return named(title)(lambda row: badge(getattr(row, field)))


def moment(field: str, title: str) -> Column:
    """A column of times."""
    return named(title)(lambda row: time_of(getattr(row, field)))


def short(field: str, title: str, most: int = 80) -> Column:
    """A column of texts, cut."""

    def text(row: Any) -> str:
        value = str(getattr(row, field) or "")
        return (value[: most - 1] + "…" if len(value) > most else value) or NOTHING

    return named(title)(text)


def linked(field: str, title: str, most: int = 60) -> Column:
    """A column that names the row a foreign key points to; the list prefetches it."""

    def text(row: Any) -> SafeString | str:
        other = getattr(row, field)
        return link(other, other.pk, str(other)[:most]) if other is not None else NOTHING

    return named(title)(text)


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """The context of ``admin/backoffice/table.html``."""
    return {"headings": headings, "rows": [list(zip(headings, row, strict=True)) for row in rows]}
