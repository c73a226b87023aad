"""Recording who did what, in the transaction that does it."""

from datetime import datetime
from typing import Any

from django.db import models

from kernel import idempotency
from kernel.actor import current_actor
from kernel.audit.values import plain
from kernel.clock import now
from kernel.models import AuditEntry
from kernel.mongo.rows import insert_rows
from kernel.scoping.context import active_tenant_id
from kernel.work.lanes import nudge


def record(
    action: str,
    target: models.Model | tuple[str, str],
    changes: dict[str, Any] | None = None,
    *,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Write an entry. ``action`` is ``noun.verb``; ``target`` a row, or a pair of type and id.

    ``changes`` maps field names to ``[before, after]``; for personal data pass
    the name with None, because the log outlives erasure. What a person gave as their
    reason (``kernel.actor.because``) stands for ``reason``. ``at`` is for what happened before now.
    The ``Idempotency-Key`` of the request is marked with it: what is audited has happened.
    """
    actor = current_actor()
    changes = plain(changes or {})
    target_type, target_id = (
        target if isinstance(target, tuple) else (target._meta.model_name or "", str(target.pk))
    )
    entry = AuditEntry(
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        user_id=actor.user_id,
        on_behalf_of=actor.on_behalf_of,
        target_type=target_type,
        target_id=target_id,
        changes=changes or {},
        reason=(actor.reason or reason)[:200],
        ip=actor.ip,
        request_id=actor.request_id,
        occurred_at=at or now(),
    )
    insert_rows([entry])
    idempotency.committed(target_id)
    nudge("relay", active_tenant_id(), tenant_id=active_tenant_id())
