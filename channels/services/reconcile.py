"""The daily look at each account's templates: what differs from what we were told is an incident.

Webhooks tell of each change. One that was lost, or a template that somebody changed past us, shows
here: it is put right, recorded, and told to the account's people.
"""

import random
from collections.abc import Sequence
from datetime import timedelta

import structlog

from channels.events import TemplatesDrifted
from channels.models import Channel
from channels.providers.events import AccountNotice
from channels.selectors import channels_of_account, client_of, list_channels
from channels.services.notices import note_account
from channels.services.template_lane import EVERY, KIND, account_of
from channels.services.templates import Difference, Synced, sync_account
from kernel import audit
from kernel.clock import now
from kernel.events import emit
from kernel.mongo.transactions import run_transaction
from kernel.work import Kind, Lease, Released, register
from kernel.work.items import lane_of
from tenants.services.tenant import SUSPENDED, is_suspended

log = structlog.get_logger(agentName="channel")
TOPIC = "template_drift"
AGAIN = timedelta(hours=1)
NAMED = 3
TOLD = 20


def register_kind() -> None:
    register(Kind(name=KIND, queue="default", serve=serve, lease_s=120.0))


def serve(lease: Lease) -> Released:
    """One look at one account; the lane is due again a day later, or sooner if the provider was away."""
    if is_suspended(lease.tenant_id):
        return Released(held=SUSPENDED)
    channel = _channel_of(lane_of(lease))
    if channel is None:
        return Released()  # the account was removed
    if not channel.sends:
        return Released(due_at=now() + AGAIN)  # its token may be no good: the next report says so
    found = reconcile(channel)
    if found is None:
        return Released(due_at=now() + AGAIN)
    return Released(due_at=now() + EVERY * random.uniform(0.95, 1.05), served=1)


def reconcile(channel: Channel) -> Synced | None:
    """Bring the account's templates up to date and report what was different; None if it could not be read."""
    found = sync_account(channel, client_of(channel))
    if not isinstance(found, Synced):
        return None
    if found.differences or found.unreadable:
        run_transaction(lambda: _report(channel, found))
        log.warning("templates.drifted", channel_id=channel.pk, count=len(found.differences),
                    unreadable=found.unreadable)  # fmt: skip
    return found


def _channel_of(account: str) -> Channel | None:
    rows = [row for row in list_channels() if account_of(row) == account]
    return next((row for row in rows if row.sends), rows[0] if rows else None)


def _report(channel: Channel, found: Synced) -> None:
    rows = channels_of_account(channel)
    sentence = _sentence(found)
    emit(TemplatesDrifted(
        channel_ids=tuple(row.pk for row in rows), count=len(found.differences),
        unreadable=found.unreadable,
        differences=tuple(f"{d.what}:{d.name}:{d.language}" for d in found.differences[:TOLD]),
    ))  # fmt: skip
    audit.record("templates.drifted", channel,
                 {f"{d.name}/{d.language}.{d.what}": [d.ours, d.theirs]
                  for d in found.differences[:TOLD]}, reason=sentence[:200])  # fmt: skip
    notice = AccountNotice(topic=TOPIC, severity="warning", sentence=sentence, provider_at=now())
    note_account(channel, notice, is_accounts=True)


def _sentence(found: Synced) -> str:
    count = len(found.differences)
    said = [f"{count} of its templates {'was' if count == 1 else 'were'} not as we were told: "
            f"{_listed(found.differences)}."] if count else []  # fmt: skip
    if found.unreadable:
        said.append(f"{found.unreadable} could not be read and were left as they were.")
    return " ".join(said)


def _listed(differences: Sequence[Difference]) -> str:
    shown = "; ".join(_words(d) for d in differences[:NAMED])
    return shown + (f"; and {len(differences) - NAMED} more" if len(differences) > NAMED else "")


def _words(found: Difference) -> str:
    where = f"{found.name} ({found.language})"
    if found.what in ("found", "deleted"):
        said = "made elsewhere" if found.what == "found" else "deleted elsewhere"
        return f"{where} was {said}"
    values = f" from {found.ours or 'nothing'} to {found.theirs}" if found.theirs else ""
    return f"{where} had its {found.what.replace('_', ' ')} changed{values}"
