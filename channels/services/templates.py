"""Templates as the provider has them, kept here so that a send is checked before any call.

They belong to an account, which may have several numbers: it is read once, and each of its channels
has the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError

from channels.events import TemplateChanged
from channels.models import Channel, MessageTemplate
from channels.providers import provider_for
from channels.providers.abilities import TemplateProvider
from channels.providers.contract import Client, Outcome
from channels.selectors import channels_of_account
from channels.services import template_history as history
from channels.services.template_changes import FIRST_PAUSE, take_waiting, was_told
from channels.services.template_lane import schedule
from channels.services.template_listing import Unreadable, columns_of
from kernel import audit
from kernel.clock import iso, now
from kernel.events import emit
from kernel.mongo.doors import PyMongoError
from kernel.mongo.transactions import run_transaction
from kernel.work.blame import is_items_fault

log = structlog.get_logger(agentName="channel")
CHUNK = 50
DELETED, PAUSED = "DELETED", "PAUSED"
# What a person would want to know of; an id changes with a template that was deleted and made again.
TOLD = ("status", "category", "quality", "components", "parameter_format")
Json = dict[str, Any]
Named = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What the provider has and we had not: ``what`` is a column, or ``found`` or ``deleted``."""

    name: str
    language: str
    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class Synced:
    """How many templates were read, how many entries could not be, and what was different."""

    read: int
    unreadable: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One reading of an account: when it began, and whether nothing was known of it before."""

    began: datetime
    is_first: bool


def sync_templates(*, channel: Channel, client: Client) -> int:
    """Read the templates of the channel's account; returns how many. The next look is a day later."""
    found = sync_account(channel, client)
    schedule(channel)
    return found.read if isinstance(found, Synced) else 0


def sync_account(channel: Channel, client: Client) -> Synced | Outcome:
    """Bring the rows of all the account's channels up to its list, or say why there is none.

    One bad entry does not stop the rest. What a webhook told after the reading began stays; what
    the list no longer has is marked as deleted.
    """
    began = now()
    answer = client.templates()
    if not isinstance(answer, list):
        log.warning("templates.unread", channel_id=channel.pk, outcome=type(answer).__name__)
        return answer
    listed, unreadable = _readable(channel, answer)
    differences: dict[Difference, None] = {}
    numbers = channels_of_account(channel)
    known_of = {number.pk: _known(number) for number in numbers}
    anywhere = {named for known in known_of.values() for named in known}
    look = Look(began=began, is_first=not anywhere)
    for number in numbers:
        known = known_of[number.pk]
        changed = [
            columns for named, columns in listed.items() if _differs(known.get(named), columns)
        ]
        for found, bad in _written(number, changed, look):
            differences.update(dict.fromkeys(d for d in found if _is_news(d, anywhere)))
            unreadable += bad
        gone = [
            row for named, row in known.items() if named not in listed and row.status != DELETED
        ]
        differences.update(dict.fromkeys(_deleted(gone, began)))
        MessageTemplate.objects.filter(channel=number, synced_at__lt=began).exclude(
            status=DELETED).update(synced_at=began)  # fmt: skip
        run_transaction(partial(_take_waiting, number))
    return Synced(read=len(listed), unreadable=unreadable, differences=tuple(differences))


def _readable(channel: Channel, entries: Sequence[Any]) -> tuple[dict[Named, Json], int]:
    found: dict[Named, Json] = {}
    unreadable = 0
    for entry in entries:
        try:
            columns = columns_of(entry)
        except Unreadable as error:
            unreadable += 1
            log.warning("template.unreadable", channel_id=channel.pk, reason=str(error))
        else:
            found[columns["name"], columns["language"]] = columns
    return found, unreadable


def _known(channel: Channel) -> dict[Named, MessageTemplate]:
    rows = MessageTemplate.objects.filter(channel=channel)
    return {(row.name, row.language): row for row in rows}


def _differs(row: MessageTemplate | None, columns: Json) -> bool:
    return row is None or any(
        getattr(row, name) != value for name, value in columns.items() if value or name != "quality"
    )


def _is_news(difference: Difference, anywhere: set[Named]) -> bool:
    """A template that another number of the account has is none, nor is one of a first reading."""
    if difference.what != "found":
        return True
    return bool(anywhere) and (difference.name, difference.language) not in anywhere


def _written(
    channel: Channel, changed: Sequence[Json], look: Look
) -> Iterable[tuple[list[Difference], int]]:
    """Write in groups; a group that cannot be written is written one by one, and the bad one left out."""
    for start in range(0, len(changed), CHUNK):
        group = changed[start : start + CHUNK]
        if (found := _try(channel, group, look)) is not None:
            yield found, 0
            continue
        for columns in group:
            one = _try(channel, [columns], look)
            yield one or [], int(one is None)


def _try(channel: Channel, group: Sequence[Json], look: Look) -> list[Difference] | None:
    def body() -> list[Difference]:
        return [found for columns in group for found in _write(channel, columns, look)]

    try:
        return run_transaction(body)
    except (PyMongoError, DatabaseError, ValueError, OverflowError) as error:
        if isinstance(error, PyMongoError | DatabaseError) and not is_items_fault(error):
            raise
        log.warning("template.unwritable", channel_id=channel.pk, count=len(group), exc_info=True)
        return None


def _write(channel: Channel, columns: Json, look: Look) -> list[Difference]:
    named = {"name": columns["name"], "language": columns["language"]}
    row = MessageTemplate.objects.filter(channel=channel, **named).first()
    if row is None:
        row = MessageTemplate(channel=channel, synced_at=now(), **columns)
        if not look.is_first:
            history.note(row, "found", row.status, by=history.SYNC)
        row.save(force_insert=True)
        return [Difference(**named, what="found", ours="", theirs=row.status)]
    found = []
    for what, theirs in columns.items():
        ours = getattr(row, what)
        if (
            ours == theirs
            or (what == "quality" and not theirs)
            or _is_newer_here(row, what, look.began)
        ):
            continue
        setattr(row, what, theirs)
        if what == "status":
            row.paused_until = now() + FIRST_PAUSE if theirs == PAUSED else None
        is_told = what == "components" and was_told(row, what)
        if what in TOLD and (is_told or not _is_as_before(channel, what, ours, theirs)):
            shown = ("", "") if what == "components" else (str(ours), str(theirs))
            history.note(row, what, shown[1], shown[0], by=history.SYNC)
            if is_told:
                _tell_parts(row)
                continue
            found.append(Difference(**named, what=what, ours=shown[0], theirs=shown[1]))
    row.synced_at = now()
    row.save()
    if found:
        audit.record("template.changed", row,
                     {d.what: [d.ours, d.theirs] for d in found}, reason="found by a sync")  # fmt: skip
    return found


def _is_as_before(channel: Channel, what: str, ours: Any, theirs: Any) -> bool:
    """Whether a template's parts are those we had, and only the links to its example files are new."""
    provider = provider_for(channel.kind)
    if what != "components" or not isinstance(provider, TemplateProvider):
        return False
    return provider.are_same(ours, theirs)


def _tell_parts(row: MessageTemplate) -> None:
    """A webhook had told that the components changed, and not into what: now they are here."""
    emit(TemplateChanged(
        channel_ids=(row.channel_id,), template_ids=(row.pk,), what="components", name=row.name,
        language=row.language, external_id=row.external_id, value="", previous="",
    ))  # fmt: skip


def _is_newer_here(row: MessageTemplate, what: str, began: datetime) -> bool:
    """Whether something was told of it, or done through us, after the list was asked for.

    A webhook tells that the components changed, and not into what: the list's are no older than ours.
    """
    since = iso(began)
    newer = ("created", "edited") if what == "components" else (what, "created", "edited")
    return any(e["what"] in newer and (e["at"] or "") > since for e in row.history)


def _deleted(gone: Sequence[MessageTemplate], began: datetime) -> list[Difference]:
    """Mark those that the list does not have, unless they came after it was asked for."""
    found = []
    for row in gone:
        before = run_transaction(partial(_mark_deleted, row.pk, began))
        if before is not None:
            found.append(Difference(name=row.name, language=row.language, what="deleted",
                                    ours=before, theirs=""))  # fmt: skip
    return found


def _mark_deleted(template_id: str, began: datetime) -> str | None:
    row = MessageTemplate.objects.get(pk=template_id)
    if row.status == DELETED or row.synced_at > began or _is_newer_here(row, "status", began):
        return None
    before, row.status = row.status, DELETED
    history.note(row, "status", DELETED, before, by=history.SYNC)
    row.save(update_fields=["status", "history"])
    audit.record("template.changed", row, {"status": [before, DELETED]}, reason="found by a sync")
    return before


def _take_waiting(channel: Channel) -> None:
    if Channel.objects.get(pk=channel.pk).template_notices:
        take_waiting(channel, list(MessageTemplate.objects.filter(channel=channel)))
