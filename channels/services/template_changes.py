"""Changes of templates that the provider tells of, kept with each and once for the whole account."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from channels.events import TemplateChanged
from channels.models import Channel, MessageTemplate
from channels.providers import events
from channels.selectors import channels_of_account
from channels.services.template_history import KEPT, add
from kernel import audit
from kernel.clock import iso, now
from kernel.events import emit

WAITING = 100
# Between the provider's clock, in seconds, and ours: a change that is older than the last sync by
# more than this was in it already.
SLACK = timedelta(seconds=60)
FIRST_PAUSE, SECOND_PAUSE = timedelta(hours=3), timedelta(hours=6)
COLUMNS = {"status": "status", "quality": "quality", "category": "category"}
Json = dict[str, Any]


def change_template(channel: Channel, change: events.TemplateChanged) -> None:
    """Apply a change to the template on every channel of the account; in the caller's transaction.

    Repeating it changes nothing; an older word than the newest known one is history only. One
    that is not known yet waits on the channel for the next sync.
    """
    rows = channels_of_account(channel)
    found = _found([row.pk for row in rows], change)
    entry = _entry(change)
    changed = [template for template in found if _apply(template, entry, change)]
    missing = {row.pk for row in rows} - {template.channel_id for template in found}
    waits = [row for row in rows if row.pk in missing and _wait(row, entry, change)]
    if changed or waits:
        emit(TemplateChanged(
            channel_ids=tuple(sorted({*(t.channel_id for t in changed), *(w.pk for w in waits)})),
            template_ids=tuple(t.pk for t in changed), what=change.what, name=change.name,
            language=change.language, external_id=change.external_id, value=change.value,
            previous=change.previous,
        ))  # fmt: skip


def _found(channel_ids: Sequence[str], change: events.TemplateChanged) -> list[MessageTemplate]:
    """The account's rows of the template: by its id, or by name and language."""
    rows = MessageTemplate.objects.filter(channel__in=channel_ids)
    if change.name and change.language:
        rows = rows.filter(name=change.name, language=change.language)
    return [row for row in rows if _is_of(row, change.external_id, change.name, change.language)]


def _is_of(row: MessageTemplate, external_id: str, name: str, language: str) -> bool:
    if name and language:
        return (row.name, row.language) == (name, language)
    return bool(external_id) and row.external_id == external_id


def _entry(change: events.TemplateChanged) -> Json:
    return {
        "what": change.what, "value": change.value, "previous": change.previous,
        "reason": change.reason, "at": iso(change.provider_at) if change.provider_at else None,
        "detail": change.detail,
    }  # fmt: skip


def _apply(template: MessageTemplate, entry: Json, change: events.TemplateChanged) -> bool:
    """Add the entry to the row's history, and to its columns if it is the newest of its kind."""
    if entry in template.history:
        return False
    newest = max((e["at"] for e in template.history if e["what"] == entry["what"] and e["at"]),
                 default=None)  # fmt: skip
    is_newest = entry["at"] is None or newest is None or entry["at"] >= newest
    at = change.provider_at
    if at is not None and at + SLACK < template.synced_at:
        is_newest = False
    add(template, entry)
    fields = ["history", *(_columns(template, entry) if is_newest else ())]
    template.save(update_fields=fields)
    audit.record("template.changed", template,
                 {entry["what"]: [entry["previous"], entry["value"]]}, reason=entry["reason"][:200])  # fmt: skip
    return True


def _columns(template: MessageTemplate, entry: Json) -> list[str]:
    what = entry["what"]
    if what == "components":
        components = entry["detail"].get("components")
        if not isinstance(components, list) or not components:
            return []
        template.components = components
        return ["components"]
    column = COLUMNS.get(what)
    if column is None or not entry["value"]:
        return []
    setattr(template, column, entry["value"][: 20 if column == "category" else 24])
    if what != "status":
        return [column]
    template.reason = entry["reason"][:300]
    template.paused_until = paused_until(entry)
    return [column, "reason", "paused_until"]


def paused_until(entry: Json) -> datetime | None:
    """When a pause ends by itself: three hours for the first, six for the second; None for no pause."""
    if entry["value"].upper() != "PAUSED":
        return None
    info = entry["detail"].get("other_info")
    title = str(info.get("title", "")) if isinstance(info, dict) else ""
    began = datetime.fromisoformat(entry["at"]) if entry["at"] else now()
    return began + (SECOND_PAUSE if title == "SECOND_PAUSE" else FIRST_PAUSE)


def _wait(channel: Channel, entry: Json, change: events.TemplateChanged) -> bool:
    """Keep a change of a template that the next sync will find."""
    named = {"external_id": change.external_id, "name": change.name, "language": change.language}
    fresh = Channel.objects.get(pk=channel.pk)
    if named | entry in fresh.template_notices:
        return False
    fresh.template_notices = [*fresh.template_notices, named | entry][-WAITING:]
    fresh.save(update_fields=["template_notices"])
    return True


def take_waiting(channel: Channel, templates: Sequence[MessageTemplate]) -> None:
    """After a sync: what waited for templates that are here now is their history; their columns are newer."""
    fresh = Channel.objects.get(pk=channel.pk)
    rest: list[Json] = []
    for kept in fresh.template_notices:
        entry = {k: v for k, v in kept.items() if k not in ("external_id", "name", "language")}
        of = [t for t in templates
              if _is_of(t, kept["external_id"], kept["name"], kept["language"])]  # fmt: skip
        for template in of:
            if entry not in template.history:
                template.history = [*template.history, entry][-KEPT:]
                if entry["what"] == "quality" and not template.quality:  # if the list had none
                    template.quality = entry["value"][:24]
                template.save(update_fields=["history", "quality"])
        if not of:
            rest.append(kept)
    if rest != fresh.template_notices:
        fresh.template_notices = rest
        fresh.save(update_fields=["template_notices"])
