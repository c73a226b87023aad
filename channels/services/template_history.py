"""What happened to a template, who did it and when: kept with it, the newest ``KEPT`` changes."""

from typing import Any

from channels.models import MessageTemplate
from kernel.actor import current_actor
from kernel.clock import iso, now

KEPT = 50
PROVIDER, SYNC = "provider", "sync"
Json = dict[str, Any]


def note(
    template: MessageTemplate,
    what: str,
    value: str,
    previous: str = "",
    *,
    reason: str = "",
    by: str = "",
) -> None:
    """Add an entry; not saved. ``by`` is ``SYNC`` for what a sync found, else who is acting now."""
    actor = current_actor()
    who = {"kind": by, "id": ""} if by else {"kind": actor.kind, "id": actor.id}
    entry = {"what": what, "value": value[:200], "previous": previous[:200], "reason": reason[:300],
             "at": iso(now()), "detail": {}, "by": who}  # fmt: skip
    add(template, entry)


def add(template: MessageTemplate, entry: Json) -> None:
    """Add an entry in its place: sorted by time, what has none last."""
    template.history = sorted(
        [*template.history, entry], key=lambda e: (e["at"] is None, e["at"] or "")
    )[-KEPT:]


def author_of(entry: Json) -> Json:
    """``{"kind", "id"}``; what came in a webhook is the provider's."""
    return dict(entry.get("by") or {"kind": PROVIDER, "id": ""})
