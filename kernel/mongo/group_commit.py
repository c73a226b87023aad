"""Group commit: many requests, one journaled majority write at a time.

One ``insert_many`` is in flight; what arrives meanwhile waits for the next one,
so the cost of a durable write is shared and each caller still waits for the
write that carries its document. Free of Django: the webhook edge uses it.
"""

import asyncio
from typing import Any

import pymongo
from pymongo import AsyncMongoClient
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.write_concern import WriteConcern

from kernel.mongo.ids import new_object_id
from kernel.mongo.wake import wake

DUPLICATE = 11000
MOST = 1000
Document = dict[str, Any]


class Away(RuntimeError):
    """The database did not take the batch within the time."""


class Store:
    """The edge's connection: made lazily, inside the loop that uses it."""

    def __init__(self, uri: str, database: str, *, timeout_s: float) -> None:
        self._uri, self._name, self._timeout_s = uri, database, timeout_s
        self._client: AsyncMongoClient[Document] | None = None

    @property
    def database(self) -> Any:
        if self._client is None:
            self._client = AsyncMongoClient(
                self._uri, serverSelectionTimeoutMS=1500, connectTimeoutMS=1000, maxPoolSize=10,
                retryWrites=True,
            )  # fmt: skip
        return self._client[self._name]

    async def insert(
        self, collection: str, documents: list[Document], *, within_s: float | None = None
    ) -> None:
        """Insert what is not there yet, journaled on a majority; raises ``Away``.

        ``within_s`` for what nobody waits for; without it the store's own time.
        """
        target = self.database.get_collection(
            collection, write_concern=WriteConcern("majority", j=True)
        )
        try:
            with pymongo.timeout(within_s or self._timeout_s):
                await target.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(e.get("code") != DUPLICATE for e in error.details.get("writeErrors", [])):
                raise Away(str(error)[:200]) from error
            if error.details.get("writeConcernErrors"):
                raise Away("write concern") from error
        except PyMongoError as error:
            raise Away(type(error).__name__) from error

    async def find_one(self, collection: str, criteria: Document) -> Document | None:
        try:
            with pymongo.timeout(self._timeout_s):
                found: Document | None = await self.database[collection].find_one(criteria)
                return found
        except PyMongoError as error:
            raise Away(type(error).__name__) from error

    async def wake(self, kind: str, key: str, at: Any) -> None:
        """Make a lane due; raises ``Away``. The sweeper covers for a failure, so the primary's word is enough."""
        lanes = self.database.get_collection("lanes", write_concern=WriteConcern(1))
        try:
            with pymongo.timeout(self._timeout_s):
                await lanes.bulk_write([wake(kind, key, "", at)])
        except PyMongoError as error:
            raise Away(type(error).__name__) from error

    async def ping(self) -> bool:
        try:
            with pymongo.timeout(self._timeout_s):
                await self.database.command("ping")
        except PyMongoError:
            return False
        return True


class GroupCommit:
    """Collects documents while a write is in flight and writes them together."""

    def __init__(self, write: Any) -> None:
        """``write(documents)`` is awaited for each batch; what it raises, every waiter of the batch gets."""
        self._write = write
        self._waiting: list[tuple[Document, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, document: Document) -> None:
        """Return once ``document`` is durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((document, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._pump())
        await done

    async def _pump(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            error: BaseException | None = None
            try:
                await self._write([document for document, _ in batch])
            except Exception as problem:  # noqa: BLE001  (handed to those who wait)
                error = problem
            for _, done in batch:
                if done.done():
                    continue
                if error:
                    done.set_exception(error)
                else:
                    done.set_result(None)


__all__ = ["Away", "GroupCommit", "Store", "new_object_id"]
