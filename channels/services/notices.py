"""News of an account: what the channel's record says of it, and whether it can still send."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import structlog

from channels.events import ChannelNoticed
from channels.models import Channel
from channels.providers.events import AccountNotice
from channels.selectors import channels_of_account, forget_familiar
from channels.services.states import move
from kernel import audit
from kernel.clock import iso
from kernel.events import emit
from kernel.mongo.transactions import on_commit

log = structlog.get_logger(agentName="channel")
KEPT = 50
# A fact named ``status`` with one of these words: nothing can be sent until somebody does something.
ENDED = frozenset({"disabled", "disable", "banned", "deleted", "removed", "restricted", "locked",
                   "offboarded", "disconnected", "account_deleted", "account_offboarded",
                   "partner_removed"})  # fmt: skip


def note_account(channel: Channel, notice: AccountNotice, *, is_accounts: bool) -> None:
    """Keep a notice once, with the newest of each of its facts; in the caller's transaction.

    ``is_accounts``: it came for the account, so it concerns every channel on it, or the one
    whose number it names.
    """
    given = [_fresh(row) for row in (channels_of_account(channel) if is_accounts else [channel])]
    key = _key(notice)
    if not given or any(known["key"] == key for row in given for known in row.notices):
        return
    concerned = _concerned(given, notice) if is_accounts else given
    for row in given:  # each remembers it, whichever the account's address leads to next time
        newer = _keep(row, notice, key, is_concerned=row in concerned)
        if row in concerned:
            _move(row, notice, newer)
    emit(ChannelNoticed(channel_ids=tuple(row.pk for row in concerned), topic=notice.topic,
                        severity=notice.severity, sentence=notice.sentence[:300],
                        facts=tuple(notice.facts)))  # fmt: skip


def _fresh(channel: Channel) -> Channel:
    """As it is in this transaction: what the pipeline hands over may be some seconds old."""
    return Channel.objects.get(pk=channel.pk)


def _key(notice: AccountNotice) -> str:
    at = iso(notice.provider_at) if notice.provider_at else ""
    said = [notice.topic, notice.sentence, notice.severity, notice.facts, notice.detail, at]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _concerned(channels: Sequence[Channel], notice: AccountNotice) -> list[Channel]:
    """All, or those whose number the notice names: none, if that is not connected."""
    named = notice.facts | notice.detail
    if phone_id := named.get("phone_number_id"):
        return [row for row in channels if row.external.get("phone_number_id") == str(phone_id)]
    if number := _digits(named.get("display_phone_number")):
        return [row for row in channels
                if _digits(row.external.get("display_phone_number")) == number]  # fmt: skip
    return list(channels)


def _digits(value: Any) -> str:
    return re.sub(r"\D", "", str(value or ""))


def _keep(channel: Channel, notice: AccountNotice, key: str, *, is_concerned: bool) -> set[str]:
    """Record the notice and the facts that are newer than what is known; the names of those."""
    at = iso(notice.provider_at) if notice.provider_at else None
    newer = {name for name in notice.facts if _is_newer(at, channel.facts_at.get(name))}
    newer = newer if is_concerned else set()
    before = {name: channel.facts.get(name) for name in newer}
    channel.facts = channel.facts | {name: notice.facts[name] for name in newer}
    channel.facts_at = channel.facts_at | dict.fromkeys(newer, at)
    entry = {"key": key, "topic": notice.topic[:60], "severity": notice.severity, "at": at,
             "sentence": notice.sentence[:500], "is_concerned": is_concerned}  # fmt: skip
    channel.notices = [*channel.notices, entry][-KEPT:]
    channel.save(update_fields=["facts", "facts_at", "notices"])
    on_commit(lambda: forget_familiar(channel.pk))
    if is_concerned:
        changes = {f"facts.{name}": [before[name], notice.facts[name]] for name in sorted(newer)}
        audit.record("channel.noticed", channel, changes, reason=notice.sentence[:200])
    return newer


def _is_newer(at: str | None, known: str | None) -> bool:
    """Both are text of one form; a notice without a time is as new as its arrival."""
    return at is None or known is None or at >= known


def _move(channel: Channel, notice: AccountNotice, newer: set[str]) -> None:
    """A critical notice stops the sends if the account is gone, else it shows the channel as degraded."""
    if notice.severity != "critical" or (notice.facts and not newer) or not channel.sends:
        return
    word = str(notice.facts.get("status", "")).lower()
    status = Channel.BROKEN if word in ENDED else Channel.DEGRADED
    move(channel, status, notice.sentence)
    log.warning("channel.noticed", channel_id=channel.pk, topic=notice.topic, status=status)
