"""Whole collections as they were at one moment, and back: for backup and restore, below the guard.

Read in a snapshot session, so what is dumped is the database at one cluster time, across all
collections, while it is written to.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from django.db import connection
from pymongo import IndexModel
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.write_concern import WriteConcern

log = structlog.get_logger(agentName="kernel")
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
WINDOW = "minSnapshotHistoryWindowInSeconds"
BATCH, BATCH_BYTES = 1_000, 8 * 2**20
OPTIONS = ("capped", "size", "max", "collation", "validator", "validationLevel", "validationAction")


class SnapshotLost(RuntimeError):
    """The server no longer has the moment that was being read: raise its history window."""


@dataclass(frozen=True)
class Shape:
    """A collection without its documents: how it was made, and its indexes but the one by id."""

    name: str
    options: dict[str, Any]
    indexes: list[dict[str, Any]]


class Moment:
    """The database at one cluster time, which the first read decides."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    @property
    def cluster_time(self) -> str:
        """``seconds.increment`` since 1970 of the moment; empty before anything was read."""
        at: Any = getattr(self._session, "_snapshot_time", None)
        return f"{at.time}.{at.inc}" if at is not None else ""

    def documents(self, name: str) -> Iterator[bytes]:
        """Each document as BSON, in the order of the ids."""
        rows = _database().get_collection(name, codec_options=RAW)
        try:
            for row in rows.find({}, session=self._session, batch_size=BATCH).sort("_id", 1):
                yield row.raw
        except OperationFailure as error:
            if error.code == 239:
                raise SnapshotLost(f"set {WINDOW} higher than the backup takes") from error
            raise


@contextmanager
def one_moment(history_s: int) -> Iterator[Moment]:
    """Read as of one moment, for which the server keeps ``history_s`` seconds of history meanwhile."""
    connection.ensure_connection()
    client = connection.connection
    before = _keep_history(history_s)
    try:
        with client.start_session(snapshot=True) as session:
            yield Moment(session)
    finally:
        if before is not None:
            _keep_history(before)


def _keep_history(seconds: int) -> int | None:
    """Set the server's window; returns what it was, or None where we may not or it is a service's."""
    admin = connection.connection.admin
    try:
        was = int(admin.command("getParameter", 1, **{WINDOW: 1})[WINDOW])
        admin.command("setParameter", 1, **{WINDOW: seconds})
    except PyMongoError as error:
        log.warning("backup.history_unset", error=type(error).__name__)
        return None
    return was


def shapes() -> list[Shape]:
    """Every collection of the database, by name."""
    connection.ensure_connection()
    found = _database().list_collections(filter={"type": "collection"})
    names = {row["name"]: row.get("options", {}) for row in found}
    return [
        Shape(name, {n: options[n] for n in OPTIONS if n in options}, _indexes(name))
        for name, options in sorted(names.items())
        if not name.startswith("system.")
    ]


def _indexes(name: str) -> list[dict[str, Any]]:
    rows = [dict(row) for row in _database()[name].list_indexes()]
    for row in rows:
        row["key"] = [[field, order] for field, order in row["key"].items()]
        row.pop("v", None)
        row.pop("ns", None)
    return [row for row in rows if row["name"] != "_id_"]


def is_empty() -> bool:
    """Whether the database has no collection at all."""
    connection.ensure_connection()
    return not any(not name.startswith("system.") for name in _database().list_collection_names())


def load(shape: Shape, documents: Iterable[bytes]) -> int:
    """Make the collection, fill it, build its indexes; returns how many documents it has.

    Unique indexes are built last, so one that does not hold for the documents raises.
    """
    database = _database()
    target = database.create_collection(shape.name, **shape.options)
    durable = target.with_options(write_concern=WriteConcern("majority", j=True))
    count = 0
    for batch in _batches(documents):
        durable.insert_many([RawBSONDocument(document) for document in batch], ordered=False)
        count += len(batch)
    models = []
    for index in shape.indexes:
        options = {name: value for name, value in index.items() if name != "key"}
        models.append(IndexModel([(field, order) for field, order in index["key"]], **options))
    if models:
        target.create_indexes(models)
    return count


def _batches(documents: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for document in documents:
        if batch and (len(batch) >= BATCH or size + len(document) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document)
    if batch:
        yield batch


def _database() -> Any:
    return connection.database
