"""Who is acting: bound once by middleware or a worker, read by audit and events."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Actor:
    """``kind`` is member, api_key, staff, automation, contact or system; ``id`` its id in that role.

    ``user_id`` is the person behind a member or staff action, ``on_behalf_of``
    the one a member of staff impersonates, or the member who made the key.
    """

    kind: str = "system"
    id: str = ""
    name: str = ""
    user_id: str = ""
    on_behalf_of: str = ""
    ip: str = ""
    request_id: str = ""


SYSTEM = Actor()
_current: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """The bound actor; the system itself when none is bound."""
    return _current.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Bind ``actor`` for the block."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
