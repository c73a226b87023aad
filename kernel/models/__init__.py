"""Collections of the platform itself."""

from kernel.models.audit import AuditEntry, AuditTally
from kernel.models.events import DomainEvent, FeedState, Reaction
from kernel.models.requests import IdempotencyKey
from kernel.models.vault import PlatformKey, TenantKey
from kernel.models.work import Canary, Lane, LaneMark, WorkItem

__all__ = [
    "AuditEntry",
    "AuditTally",
    "Canary",
    "DomainEvent",
    "FeedState",
    "IdempotencyKey",
    "Lane",
    "LaneMark",
    "PlatformKey",
    "Reaction",
    "TenantKey",
    "WorkItem",
]
