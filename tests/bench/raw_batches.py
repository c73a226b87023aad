"""The limit of part (b): messages and their conversations written in batches by the bare driver.

Documents and indexes are copies of the product's own; what is left out is everything that the
product does around them: the ledger, routing, contacts, events, audit, transactions.
"""

import time
from typing import Any

from bson import ObjectId
from pymongo import InsertOne, UpdateOne

from tests.bench.load import CUSTOMERS
from tests.bench.stack import BenchStack

DATABASE, BATCH = "bench_limit", 200
BUILT_IN = {"_id_"}


def messages_per_second(stack: BenchStack, count: int) -> float:
    """Insert ``count`` messages of ``CUSTOMERS`` conversations; the database is dropped after it."""
    limit = stack.client[DATABASE]
    try:
        for name in ("messages", "conversations"):
            limit.drop_collection(name)
            copy_indexes(stack.db[name], limit[name])
        message, threads = _prepared(stack, limit)
        batches = [_batch(message, threads, begin) for begin in range(0, count, BATCH)]
        began = time.monotonic()
        for inserts, updates in batches:
            limit["messages"].bulk_write(inserts, ordered=False)
            limit["conversations"].bulk_write(updates, ordered=False)
        return len(batches) * BATCH / (time.monotonic() - began)
    finally:
        stack.client.drop_database(DATABASE)


def copy_indexes(source: Any, target: Any) -> None:
    """Make the indexes of one collection in another."""
    for name, spec in source.index_information().items():
        if name not in BUILT_IN:
            options = {k: v for k, v in spec.items() if k not in {"v", "key", "ns"}}
            target.create_index(spec["key"], name=name, **options)


def _prepared(stack: BenchStack, limit: Any) -> tuple[dict[str, Any], list[ObjectId]]:
    message, thread = stack.db["messages"].find_one(), stack.db["conversations"].find_one()
    ids = [ObjectId() for _ in range(CUSTOMERS)]
    limit["conversations"].insert_many(
        {**thread, "_id": id_, "contact_id": ObjectId(), "number": number}
        for number, id_ in enumerate(ids)
    )
    return message, ids


def _batch(message: dict[str, Any], threads: list[ObjectId], begin: int) -> tuple[list, list]:
    inserts, updates = [], {}
    for index in range(begin, begin + BATCH):
        thread, id_ = threads[index % len(threads)], ObjectId()
        inserts.append(InsertOne({
            **message, "_id": id_, "conversation_id": thread, "seq": index,
            "external_id": f"{message['external_id'][:-12]}{index:012d}",
        }))  # fmt: skip
        summary = {"id": str(id_), "direction": "inbound", "type": "text",
                   "preview": message["text"], "at": str(message["created_at"])}  # fmt: skip
        updates[thread] = UpdateOne(
            {"_id": thread},
            {"$set": {"last_message": summary, "last_activity_at": message["created_at"]},
             "$inc": {"message_count": 1, "unread_count": 1}},
        )  # fmt: skip
    return inserts, list(updates.values())
