"""Whose fault an error of the database is: the item's, which must not hold its lane, or the database's own."""

from bson.errors import InvalidDocument
from django.db import DataError, IntegrityError
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

# What the server says of a document that it will never take, however often it comes:
# BadValue, FailedToParse, TypeMismatch, DollarPrefixedFieldName, InvalidIdField, EmptyFieldName,
# DottedFieldName, BSONObjectTooLarge, DuplicateKey, nested too deeply, too large after the update.
NEVER_TAKEN = frozenset({2, 9, 14, 52, 53, 56, 57, 10334, 11000, 15998, 17419})


def is_items_fault(error: BaseException) -> bool:
    """Whether repeating the work later cannot help, because of what it writes and not of who is away."""
    if isinstance(error, IntegrityError | DataError | DuplicateKeyError | InvalidDocument):
        return True
    cause = error.__cause__ if not isinstance(error, OperationFailure) else error
    if isinstance(cause, BulkWriteError):
        found = (cause.details or {}).get("writeErrors", [])
        return bool(found) and all(one.get("code") in NEVER_TAKEN for one in found)
    return isinstance(cause, OperationFailure) and cause.code in NEVER_TAKEN
