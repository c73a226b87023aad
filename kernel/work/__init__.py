"""Durable work: MongoDB is the queue, Celery is the doorbell.

``enqueue`` in the caller's transaction, ``register`` a kind at start-up,
``drain`` in a worker. Losing Redis costs seconds, never work.
"""

from kernel.work.items import enqueue, replay, replay_many
from kernel.work.lanes import Lease, mark, release_held
from kernel.work.outcomes import Bury, Done, Hold, Later, StaleFence
from kernel.work.registry import Kind, Released, kind_named, kinds, register

__all__ = [
    "Bury",
    "Done",
    "Hold",
    "Kind",
    "Later",
    "Lease",
    "Released",
    "StaleFence",
    "enqueue",
    "kind_named",
    "kinds",
    "mark",
    "register",
    "release_held",
    "replay",
    "replay_many",
]
