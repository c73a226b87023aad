"""Transactions that survive elections and lost commits, with Django's ORM inside.

``django.db.transaction.atomic`` is a silent no-op on this backend, and the
backend's own ``atomic`` leaves its session behind after a failed commit; both
are banned (ADR 0004).
"""

import functools
import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pymongo
import structlog
from bson.binary import UUID_SUBTYPE, Binary
from django.db import DatabaseError, connection
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from kernel.errors import Unavailable

log = structlog.get_logger(agentName="kernel")
T = TypeVar("T")
_local = threading.local()
BUDGET_S = 10.0


class DatabaseAway(Unavailable):
    """The database did not answer within the budget; nothing was changed."""

    code = "database_unavailable"
    title = "The database is not available"


@dataclass
class _Attempt:
    """What is known of the attempt that runs: what was said once, what is gathered for its end."""

    said: set[Hashable] = field(default_factory=set)
    gathered: dict[Callable[[list[Any]], None], list[Any]] = field(default_factory=dict)


_current: ContextVar[_Attempt | None] = ContextVar("transaction_attempt", default=None)


def run_transaction(body: Callable[[], T], *, budget_s: float = BUDGET_S) -> T:
    """Run ``body`` in one transaction: snapshot reads, majority writes, retried as the driver says.

    The body may run several times, so it does nothing outside the database and
    makes no clock-dependent ids that outlive it; what must happen after success
    goes to ``on_commit``. A call inside another transaction joins it.
    """
    connection.ensure_connection()
    if connection.in_atomic_block_mongo:
        return body()
    hooks: list[Callable[[], None]] = []
    try:
        with pymongo.timeout(budget_s):
            result = own_session().with_transaction(
                functools.partial(_attempt, body, hooks),
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority"),
            )
    except PyMongoError:
        _forget_session()
        raise
    for hook in hooks:
        _after(hook)
    return result


def own_session() -> ClientSession:
    """This thread's session, the same for all its transactions, so that others can know its id.

    The server keeps the transaction of a killed process open, and its rows
    locked, until somebody ends its session (``kill_session``).
    """
    client = connection.connection
    known: tuple[int, Any, ClientSession] | None = getattr(_local, "session", None)
    if known is None or known[0] != os.getpid() or known[1] is not client:
        known = (os.getpid(), client, client.start_session())
        _local.session = known
    return known[2]


def own_session_id() -> bytes:
    """The id to give to ``kill_session`` should this process die."""
    connection.ensure_connection()
    return bytes(own_session().session_id["id"])


def kill_session(session_id: bytes) -> None:
    """End a dead process's session: its open transaction is aborted, its rows are free."""
    connection.ensure_connection()
    ids = [{"id": Binary(session_id, UUID_SUBTYPE)}]
    connection.connection.admin.command("killSessions", ids)


def _forget_session() -> None:
    known = getattr(_local, "session", None)
    if known is not None:
        _local.session = None
        known[2].end_session()


def _attempt(body: Callable[[], T], hooks: list[Callable[[], None]], session: Any) -> T:
    connection.session, connection.in_atomic_block_mongo = session, True
    connection.run_on_commit = []
    attempt = _Attempt()
    _current.set(attempt)
    try:
        result = body()
        for write, things in attempt.gathered.items():
            write(things)
        hooks[:] = [hook for _, hook, _ in connection.run_on_commit]
        return result
    except DatabaseError as error:
        # with_transaction decides by the driver's error labels, which Django's wrapper hides.
        # Others stay what Django calls them, so that a taken key is an ``IntegrityError`` here too.
        cause = error.__cause__
        if isinstance(cause, PyMongoError) and cause.has_error_label("TransientTransactionError"):
            raise cause from error
        raise
    finally:
        connection.session, connection.in_atomic_block_mongo = None, False
        connection.run_on_commit = []


def _after(hook: Callable[[], None]) -> None:
    """What happened is committed: a database that goes away now must not make it look undone."""
    try:
        hook()
    except (PyMongoError, DatabaseError):
        log.warning("hook.interrupted", exc_info=True)


def transactional(function: Callable[..., T]) -> Callable[..., T]:
    """The decorator of services: the whole call is one transaction."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> T:
        return run_transaction(functools.partial(function, *args, **kwargs))

    return wrapper


def on_commit(hook: Callable[[], None]) -> None:
    """Run ``hook`` once after the transaction succeeds; at once when there is none."""
    connection.on_commit(hook)


@contextmanager
def outside_transaction() -> Iterator[None]:
    """Run commands on their own while a transaction is open: for numbers that may have gaps but never conflict."""
    session, connection.session = connection.session, None
    try:
        yield
    finally:
        connection.session = session


def first_time(what: Hashable) -> bool:
    """True once for each ``what`` in the current transaction; always true outside of one."""
    attempt = _current.get()
    if not connection.in_atomic_block_mongo or attempt is None:
        return True
    if what in attempt.said:
        return False
    attempt.said.add(what)
    return True


def gather(things: list[Any], write: Callable[[list[Any]], None]) -> None:
    """Have ``write`` called once at the end of the transaction with all that was gathered for it; now if there is none."""
    attempt = _current.get()
    if not connection.in_atomic_block_mongo or attempt is None:
        write(things)
        return
    attempt.gathered.setdefault(write, []).extend(things)


def in_transaction() -> bool:
    """Whether the code runs inside ``run_transaction``."""
    return bool(connection.in_atomic_block_mongo)


def assert_no_session() -> None:
    """Raise if a session was left behind; called at the end of each request and task."""
    if connection.session is not None or connection.in_atomic_block_mongo:
        connection.session, connection.in_atomic_block_mongo = None, False
        raise RuntimeError("a transaction's session was left behind")
