"""Domain events: emitted in a transaction, numbered by the relay, read as one feed."""

from kernel.events.emit import Event, emit
from kernel.events.subscribers import subscribes

__all__ = ["Event", "emit", "subscribes"]
