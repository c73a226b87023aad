"""Doors to collections for hot paths that need more than the ORM; each goes through the guard."""

from typing import Any

import pymongo
from bson import ObjectId
from django.db import IntegrityError, connection, models
from pymongo import InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from kernel.mongo.ids import new_object_id
from kernel.scoping.context import active_tenant_id

ONE, LOCAL = WriteConcern(1), ReadConcern("local")
# A unique key is taken; which of the two is raised depends on whether the ORM sent the command.
UniqueViolation = (IntegrityError, DuplicateKeyError)

__all__ = [
    "BulkWriteError",
    "InsertOne",
    "ObjectId",
    "PyMongoError",
    "ReturnDocument",
    "UniqueViolation",
    "UpdateMany",
    "UpdateOne",
    "answers",
    "collection",
    "hasty",
    "new_object_id",
    "owner",
]


def collection(model: type[models.Model]) -> Any:
    """The guarded collection of a tenant model (bare for a global one), inside the current transaction."""
    connection.ensure_connection()
    door = connection.get_collection(model._meta.db_table)
    return door if hasattr(door, "_in_session") else _Joined(door)


def answers(within_s: float) -> bool:
    """Whether the database is there: one slow request does not mean that it is not."""
    try:
        with pymongo.timeout(within_s):
            connection.ensure_connection()
            connection.connection.admin.command("ping")
    except PyMongoError:
        return False
    return True


def hasty(model: type[models.Model]) -> Any:
    """A global collection as the primary has it, whose writes it alone confirms; outside of transactions.

    For what costs time and nothing else if a failover undoes it: a wait for the journal less.
    """
    connection.ensure_connection()
    door = connection.get_collection(model._meta.db_table)
    return door.with_options(write_concern=ONE, read_concern=LOCAL)


def owner() -> dict[str, ObjectId]:
    """``{"tenantId": …}`` of the active tenant, for filters and documents."""
    return {"tenantId": ObjectId(active_tenant_id())}


class _Joined:
    """A global collection whose commands join the current transaction."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._raw, name)

        def call(*args: Any, **options: Any) -> Any:
            if options.get("session") is None:
                options["session"] = connection.session
            return method(*args, **options)

        return call
