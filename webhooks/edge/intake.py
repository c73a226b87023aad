"""Making a webhook durable: in the database, or in the spool while the database is away.

Order is kept across an outage: as long as anything is spooled, newer webhooks
are spooled behind it, until the drainer has caught up.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import structlog

from kernel.mongo.group_commit import Away, GroupCommit, Store, new_object_id
from webhooks.edge.bell import Bell
from webhooks.edge.origin import origin_of
from webhooks.edge.spool import TOGETHER, Spool

log = structlog.get_logger(agentName="webhook")
COLLECTION = "webhook_deliveries"
REST_S = 5.0
ADOPT_EVERY_S = 10.0
TELL_EVERY_S = 5.0
# Nobody waits for a group, and behind an outage a majority takes a second or two for one: given up as
# soon as a webhook is, half of the groups were sent twice.
DRAIN_S = 10.0


class Intake:
    """One for each edge process."""

    def __init__(self, store: Store, spool: Spool, bell: Bell) -> None:
        self._store, self._spool, self._bell = store, spool, bell
        self._commit = GroupCommit(self._write)
        self._spooling = not spool.is_empty
        self._rest_until = 0.0
        self._adopt_at = 0.0
        self._untold_since = 0.0
        self._drainer: asyncio.Task[None] | None = None
        self.acknowledged = self.spooled = 0

    async def accept(self, source: str, body: bytes) -> None:
        """Return once ``body`` is durable; raises ``SpoolFull`` when it cannot be made so."""
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain_forever())
        at = datetime.now(UTC)
        await self._commit.add({
            "_id": new_object_id(), "source": source, "body": body, "received_at": at, "state": "new",
            "origin": origin_of(source, body), "account": {}, "problems": [], "parked": [],
            "exploded_at": None, "leftover": False,
        })  # fmt: skip
        self.acknowledged += 1

    async def _write(self, documents: list[dict[str, Any]]) -> None:
        """One batch: to the database, unless it is away or older batches still wait in the spool."""
        if not self._spooling and time.monotonic() >= self._rest_until:
            try:
                await self._store.insert(COLLECTION, documents)
                self._bell.announce()
                return
            except Away as away:
                self._rest_until = time.monotonic() + REST_S
                log.warning("database.away", reason=str(away)[:120], batch=len(documents))
        self._spooling = True
        await self._spool.write(documents)
        # The file had no name yet while it was written, and the drainer may have found the spool empty.
        self._spooling = True
        self.spooled += len(documents)

    async def _drain_forever(self) -> None:
        while True:
            try:
                drained = await self._drain_one()
            except Exception:
                log.exception("spool.drain_failed")
                drained = False
            if not drained:
                await asyncio.sleep(0.5 if self._spooling else 1.0)

    async def _drain_one(self) -> bool:
        """Move the oldest batches into the database; True if there may be more."""
        if not self._spooling:
            return self._adopt()
        found = await asyncio.to_thread(self._spool.oldest)
        if not found:
            self._spooling = not self._spool.is_empty
            if self._untold_since:
                self._announce(is_last=True)
            return False
        documents, began = [document for _, batch in found for document in batch], time.monotonic()
        try:
            await self._store.insert(COLLECTION, documents, within_s=DRAIN_S)
        except Away as away:
            log.warning("spool.kept", reason=str(away)[:120], batch=len(documents))
            await asyncio.sleep(0.5)
            return False
        log.info("spool.drained", batch=len(documents), seconds=round(time.monotonic() - began, 3))
        self._spool.remove(path for path, _ in found)
        self._announce(is_last=len(documents) < TOGETHER)
        return True

    def _announce(self, *, is_last: bool) -> None:
        """At the drain's end, or now and then in a long one: workers at work would slow it for themselves."""
        now = time.monotonic()
        self._untold_since = self._untold_since or now
        if is_last or now - self._untold_since > TELL_EVERY_S:
            self._untold_since = 0.0
            self._bell.announce()

    def _adopt(self) -> bool:
        """What another process left behind is older than anything new: it goes first."""
        if time.monotonic() < self._adopt_at:
            return False
        self._adopt_at = time.monotonic() + ADOPT_EVERY_S
        self._spooling = self._spool.adopt()
        return self._spooling

    def start(self) -> None:
        """Begin draining what an earlier process left, without waiting for a webhook."""
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain_forever())

    @property
    def state(self) -> dict[str, Any]:
        return {"spooling": self._spooling, "spool_files": self._spool.count,
                "spool_bytes": self._spool.bytes, "acknowledged": self.acknowledged}  # fmt: skip
