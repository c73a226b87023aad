"""Subscribers: reactions of apps above to facts of apps below, each an idempotent work item."""

from collections.abc import Callable
from typing import Any

from kernel.models import DomainEvent

Handler = Callable[[DomainEvent], Any]
_handlers: dict[str, tuple[str, Handler]] = {}


def subscribes(*types: str) -> Callable[[Handler], Handler]:
    """Run the function once for each event of ``types``, in a transaction, in the tenant's scope."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}"
        for type_ in types:
            _handlers[f"{name}@{type_}"] = (type_, handler)
        return handler

    return register


def subscribers_of(type_: str) -> list[str]:
    return [name for name, (of, _) in _handlers.items() if of == type_]


def handler_named(name: str) -> Handler:
    """Raises ``KeyError`` for a subscriber that no longer exists; its reaction is then buried."""
    return _handlers[name][1]
