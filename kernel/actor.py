"""Who is acting: bound once by middleware or a worker, read by audit and events."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Actor:
    """``kind`` is member, api_key, staff, automation, contact or system; ``id`` its id in that role.

    ``user_id`` is the person behind a member or staff action, ``on_behalf_of``
    the member a member of staff acts as, or the one who made the key. ``reason`` is
    staff's for what they do now: the audit log has it with every entry.
    """

    kind: str = "system"
    id: str = ""
    name: str = ""
    user_id: str = ""
    on_behalf_of: str = ""
    reason: str = ""
    ip: str = ""
    request_id: str = ""


SYSTEM = Actor()
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """The bound actor; the system itself when none is bound."""
    return _current.get()


@contextmanager
def because(reason: str) -> Iterator[Actor]:
    """Bind why the bound actor acts; nothing changes without a reason."""
    actor = current_actor()
    with acting_as(replace(actor, reason=reason or actor.reason)) as told:
        yield told


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Bind ``actor`` for the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
