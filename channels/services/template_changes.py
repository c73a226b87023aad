"""Changes of templates that the provider tells of, kept with each and once for the whole account."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from channels.events import TemplateChanged
from channels.models import Channel, MessageTemplate
from channels.providers import events
from channels.selectors import channels_of_account
from channels.services.template_history import KEPT, PROVIDER, add, author_of
from channels.services.template_lane import look_now
from kernel import audit
from kernel.clock import iso, now
from kernel.events import emit

WAITING = 100
# Between the provider's clock, in seconds, and ours: a change that is older than the last sync by
# more than this was in it already.
SLACK = timedelta(seconds=60)
FIRST_PAUSE, SECOND_PAUSE = timedelta(hours=3), timedelta(hours=6)
COLUMNS = {"status": "status", "quality": "quality", "category": "category"}
STATUSES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL",
            "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED", "ARCHIVED")  # fmt: skip
# What a template is, as its list shows it, after an event that is no status itself. Others, such as
# LOCKED, change nothing but the history.
STATUS_AFTER = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "FLAGGED": "APPROVED",
                **{status: status for status in STATUSES}}  # fmt: skip
Json = dict[str, Any]


def change_template(channel: Channel, change: events.TemplateChanged) -> None:
    """Apply a change to the template on every channel of the account; in the caller's transaction.

    Repeating it changes nothing; an older word than the newest known one is history only. One
    that is not known yet waits on the channel for the next sync. New components are not in what is
    told of them in the form that a send needs: the account is looked at.
    """
    rows = channels_of_account(channel)
    found = _found([row.pk for row in rows], change)
    language = found[0].language if found else change.language
    entry = _entry(change)
    changed = [template for template in found if _apply(template, entry, change)]
    missing = {row.pk for row in rows} - {template.channel_id for template in found}
    waits = [row for row in rows if row.pk in missing and _wait(row, entry, change)]
    if changed or waits:
        emit(TemplateChanged(
            channel_ids=tuple(sorted({*(t.channel_id for t in changed), *(w.pk for w in waits)})),
            template_ids=tuple(t.pk for t in changed), what=change.what, name=change.name,
            language=language, external_id=change.external_id, value=change.value,
            previous=change.previous,
        ))  # fmt: skip
        if change.what == "components":
            look_now(channel)


def _found(channel_ids: Sequence[str], change: events.TemplateChanged) -> list[MessageTemplate]:
    rows = MessageTemplate.objects.filter(channel__in=channel_ids)
    if change.name:  # a template keeps its name, and by it an index finds its few languages
        rows = rows.filter(name=change.name)
    return _those_of(rows, change.external_id, change.name, change.language)


def _those_of(
    rows: Iterable[MessageTemplate], external_id: str, name: str, language: str
) -> list[MessageTemplate]:
    """The template's row on each channel: the one with its id, else the one of its name and language.

    Webhooks write a language as en-US, lists as en_US.
    """
    found: dict[str, MessageTemplate] = {}
    for row in rows:
        if external_id and row.external_id == external_id:
            found[row.channel_id] = row
        elif name and (row.name, _spelled(row.language)) == (name, _spelled(language)):
            found.setdefault(row.channel_id, row)
    return list(found.values())


def _spelled(language: str) -> str:
    return language.replace("-", "_").lower()


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
    newest = max((e["at"] for e in template.history
                  if e["what"] == entry["what"] and e["at"] and _value(e)), default=None)  # fmt: skip
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


def _value(entry: Json) -> str:
    """What the entry's column is after it; "" for an entry that leaves all as it is."""
    if entry["what"] == "status":
        return STATUS_AFTER.get(entry["value"].upper(), "")
    return str(entry["value"])


def _columns(template: MessageTemplate, entry: Json) -> list[str]:
    column, value = COLUMNS.get(entry["what"]), _value(entry)
    if column is None or not value:
        return []
    setattr(template, column, value[: 20 if column == "category" else 24])
    if column != "status":
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


def was_told(template: MessageTemplate, what: str) -> bool:
    """Whether the last such change is one that the provider told of since it was last asked."""
    of = [entry for entry in template.history if entry["what"] == what]
    return (
        bool(of)
        and author_of(of[-1])["kind"] == PROVIDER
        and (of[-1]["at"] or "") >= iso(template.synced_at - SLACK)
    )


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
        of = _those_of(templates, kept["external_id"], kept["name"], kept["language"])
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
