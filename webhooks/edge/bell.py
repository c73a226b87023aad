"""Announcing new deliveries: the lane is made due, a worker is rung. Best effort, never waited for."""

import asyncio
import time
from datetime import UTC, datetime

import structlog

from kernel.mongo.group_commit import Away, Store
from kernel.publisher import publisher, ring_bell
from kernel.ratelimit import connect

log = structlog.get_logger(agentName="webhook")
KIND, LANE, QUEUE = "explode", "all", "inbound"
# Under load most deliveries find the lane awake already: a pause saves telling it again, and
# telling may take a fifth of the time at most.
PAUSE_S, PAUSES = 0.01, 4


class Bell:
    """At most one announcement is under way; those that come meanwhile are one more."""

    def __init__(self, store: Store, redis_url: str) -> None:
        self._store = store
        self._redis = connect(redis_url)
        self._publisher = publisher(redis_url)
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def announce(self) -> None:
        """Return at once."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        while self._again:
            self._again = False
            began = time.monotonic()
            try:
                await self._store.wake(KIND, LANE, datetime.now(UTC))
                await asyncio.to_thread(self._ring)
                await asyncio.sleep(max(PAUSE_S, PAUSES * (time.monotonic() - began)))
            except Away:
                log.warning("lane.unmarked")
            except Exception as error:  # noqa: BLE001  (the sweeper finds what no bell announced)
                log.warning("bell.lost", error=type(error).__name__)
                await asyncio.sleep(0.5)

    def _ring(self) -> None:
        ring_bell(self._redis, self._publisher, QUEUE)
