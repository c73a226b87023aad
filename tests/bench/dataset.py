"""A data set in MongoDB: built once, by a process of its own, and continued where it stopped.

`python -m tests.bench.dataset DATABASE CONVERSATIONS GROUP_SIZE` with MONGODB_URI in the
environment. Its progress is a document of the same database, written after what it counts.
Secondary indexes are dropped before and built after: in place, each insert would touch random
pages of indexes that do not fit into the cache.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import bson
from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import BulkWriteError

from tests.bench import population
from tests.bench.population import Cast, Group

PROGRESS, KEY = "bench_progress", "dataset"
COLLECTIONS = ("contacts", "contact_identities", "conversations", "messages", "message_updates")
BATCH, DUPLICATE = 5_000, 11000
Database = Any


def begin(db: Database, shapes: dict[str, Any], tenant_id: str) -> None:
    """Remember shapes, owners and indexes; called once, when the product has made one of each."""
    channels = db["channels"].find({"tenantId": ObjectId(tenant_id)}).sort("_id")
    members = db["tenant_users"].find({"tenantId": ObjectId(tenant_id)}).sort("_id")
    db[PROGRESS].replace_one({"_id": KEY}, {
        "_id": KEY, "shapes": bson.encode(shapes), "groups": 0, "complete": False,
        "channels": [row["_id"] for row in channels], "members": [row["_id"] for row in members],
        "ends_at": population.now(), "indexes": {n: _indexes(db[n]) for n in COLLECTIONS},
    }, upsert=True)  # fmt: skip


def progress(db: Database) -> dict[str, Any] | None:
    """How far the data set is: `groups` inserted, `step`, `complete`; None before it was begun."""
    found: dict[str, Any] | None = db[PROGRESS].find_one({"_id": KEY}, {"shapes": 0})
    return found


def build(db: Database, conversations: int, size: int) -> None:
    """Insert the groups that are missing, then the indexes."""
    state = db[PROGRESS].find_one({"_id": KEY})
    cast = Cast(bson.decode(state["shapes"], _zoned()), state["channels"], state["members"],
                state["ends_at"])  # fmt: skip
    groups = conversations // size
    _step(db, "inserting")
    if state["groups"] < groups:
        for name in COLLECTIONS:
            db[name].drop_indexes()
    _insert_groups(db, cast, range(state["groups"], groups), groups, size)
    for name in COLLECTIONS:
        for spec in state["indexes"][name]:
            _step(db, f"index {spec['name']} of {name}")
            keys = list(zip(spec["fields"], spec["directions"], strict=True))
            db[name].create_index(keys, name=spec["name"], **spec["options"])
    db[PROGRESS].update_one({"_id": KEY}, {"$set": {"complete": True}})


def _insert_groups(db: Database, cast: Cast, missing: range, groups: int, size: int) -> None:
    """One group is inserted while the next is made."""
    with ThreadPoolExecutor(1) as inserting:
        before: Future[None] | None = None
        for index in missing:
            made = population.group(cast, index, groups, size)
            if before:
                before.result()
            before = inserting.submit(_insert, db, made, index)
        if before:
            before.result()


def _indexes(collection: Any) -> list[dict[str, Any]]:
    """The secondary indexes, in a form that can be stored."""
    return [
        {"name": name, "fields": [f for f, _ in spec["key"]], "directions": [d for _, d in spec["key"]],
         "options": {k: v for k, v in spec.items() if k not in {"v", "key", "ns"}}}
        for name, spec in collection.index_information().items()
        if name != "_id_"
    ]  # fmt: skip


def _step(db: Database, text: str) -> None:
    db[PROGRESS].update_one({"_id": KEY}, {"$set": {"step": text}})


def _insert(db: Database, made: Group, index: int) -> None:
    """Insert group ``index`` and note it; what an interrupted build inserted of it already is passed over."""
    for name in COLLECTIONS:
        for batch in _batches(getattr(made, name)):
            try:
                db[name].insert_many(batch, ordered=False)
            except BulkWriteError as error:
                if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
                    raise
    db[PROGRESS].update_one({"_id": KEY}, {"$set": {"groups": index + 1}})


def _batches(documents: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (documents[at : at + BATCH] for at in range(0, len(documents), BATCH))


def _zoned() -> Any:
    return bson.codec_options.CodecOptions(tz_aware=True)


if __name__ == "__main__":
    with MongoClient[Any](os.environ["MONGODB_URI"], tz_aware=True) as client:
        build(client[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3]))
