"""The audit log: ``record`` in the transaction of the change; the relay chains; ``verify`` proves."""

from kernel.audit.record import record

__all__ = ["record"]
