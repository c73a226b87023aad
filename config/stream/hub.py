"""One reader for each tenant that has listeners, however many they are.

The Redis stream says that a feed has grown; the feed itself is read from
MongoDB, so nothing depends on Redis but the delay.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import redis.asyncio
import structlog
from asgiref.sync import sync_to_async

from config.stream import access
from kernel.events.doorbell import STREAM
from messaging.feed import Placed

log = structlog.get_logger(agentName="kernel")
KEPT, PAGE, POLL_S = 500, 200, 2.0

read_after: Callable[..., Any] = sync_to_async(access.events_after, thread_sensitive=False)
read_newest: Callable[..., Any] = sync_to_async(access.newest, thread_sensitive=False)


class Hub:
    """The tail of one tenant's feed. ``last`` is the number of the newest event that it has read."""

    def __init__(self, tenant_id: str, last: int) -> None:
        self.tenant_id, self.last = tenant_id, last
        self.listeners = 0
        self._recent: deque[Placed] = deque(maxlen=KEPT)
        self._grown = asyncio.Event()
        self.poke = asyncio.Event()

    async def follow(self) -> None:
        """Read what is new whenever poked, and every two seconds anyway."""
        while self.listeners:
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001  (the database is away: the next turn tries again)
                log.warning("feed.unread", error=type(error).__name__)
            try:
                async with asyncio.timeout(POLL_S):
                    await self.poke.wait()
            except TimeoutError:
                continue
            finally:
                self.poke.clear()

    async def _read(self) -> None:
        while events := await read_after(self.tenant_id, self.last, PAGE):
            self._recent.extend(events)
            self.last = events[-1].number
            self._grown.set()
            self._grown = asyncio.Event()

    async def after(self, number: int, wait_s: float) -> list[Placed]:
        """Events above ``number``: from memory, else from the database; empty after ``wait_s`` without any."""
        if number >= self.last:
            grown = self._grown
            try:
                async with asyncio.timeout(wait_s):
                    await grown.wait()
            except TimeoutError:
                return []
        recent = [event for event in self._recent if event.number > number]
        if recent and recent[0].number == number + 1:
            return recent
        found: list[Placed] = await read_after(self.tenant_id, number, PAGE)
        return found


class Hubs:
    """All hubs of the process, and the one connection to Redis that pokes them."""

    def __init__(self, redis_url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            redis_url, socket_connect_timeout=1, socket_timeout=30
        )
        self._hubs: dict[str, Hub] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._doorbell: asyncio.Task[None] | None = None

    async def join(self, tenant_id: str) -> Hub:
        if self._doorbell is None:
            self._doorbell = asyncio.create_task(self._listen())
        hub = self._hubs.get(tenant_id)
        if hub is None:
            last = await read_newest(tenant_id)
            hub = self._hubs.setdefault(tenant_id, Hub(tenant_id, last))
        hub.listeners += 1
        if hub.listeners == 1:
            task = asyncio.create_task(hub.follow())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return hub

    def leave(self, hub: Hub) -> None:
        hub.listeners -= 1
        if not hub.listeners:
            self._hubs.pop(hub.tenant_id, None)
            hub.poke.set()

    async def _listen(self) -> None:
        """Poke the hubs of tenants whose feed has grown; without Redis they poll."""
        position: Any = "$"
        while True:
            try:
                answer: Any = await self._redis.xread({STREAM: position}, block=5000)
                for entry, fields in (e for _, entries in answer or () for e in entries):
                    position = entry
                    hub = self._hubs.get(fields[b"tenant"].decode())
                    if hub is not None:
                        hub.poke.set()
            except Exception as error:  # noqa: BLE001  (Redis is away: the hubs poll meanwhile)
                log.warning("doorbell.away", error=type(error).__name__)
                position = "$"
                await asyncio.sleep(1)
