"""Bringing work back, or giving it up, by a person's decision and under their name.

Who may is decided at the door: the backoffice is for staff, and the API's own
services ask for permissions before they come here.
"""

from typing import Any

from kernel import audit, work
from kernel.clock import now
from kernel.errors import Conflict, NotFound
from kernel.models import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows
from kernel.mongo.transactions import transactional

BATCH, MOST_AT_ONCE = 200, 5_000


class WorkItemNotFound(NotFound):
    code = "work_item_not_found"
    title = "There is no such item of work"


class NotRecoverable(Conflict):
    code = "work_item_not_recoverable"
    title = "Only dead or parked items can be brought back, and only dead ones given up"


@transactional
def replay_item(*, kind: str, item: WorkItem, reason: str = "") -> None:
    """Make a dead or parked item ready again, in its place in its lane."""
    state = _state_of(item)
    if state not in (WorkItem.DEAD, WorkItem.PARKED):
        raise NotRecoverable(f"it is {state} now")
    work.replay(kind, item)
    audit.record("work.replayed", item, {"state": [state, WorkItem.READY]}, reason=reason)


def replay_all(
    *, kind: str, model: type[WorkItem], state: str, cause: str, most: int = MOST_AT_ONCE
) -> int:
    """Replay what is in ``state`` for ``cause``, the oldest first, up to ``most``; returns how many.

    In transactions of a few hundred, each with its audit entry. What dies again meanwhile is
    not taken a second time.
    """
    if state not in (WorkItem.DEAD, WorkItem.PARKED):
        raise NotRecoverable(f"what is {state} is not stuck")
    done, after = 0, ""
    while done < most:
        items = _next_stuck(model, state, cause, after, min(BATCH, most - done))
        if not items:
            break
        done += _replay_batch(kind, model, state, cause, items)
        after = items[-1].pk
    return done


def _next_stuck(
    model: type[WorkItem], state: str, cause: str, after: str, most: int
) -> list[WorkItem]:
    where: dict[str, Any] = {"state": state, "reason": cause}
    if after:
        where["_id"] = {"$gt": ObjectId(after)}
    return find_rows(model, where, sort=[("_id", 1)], limit=most, max_time_ms=5_000)


@transactional
def _replay_batch(
    kind: str, model: type[WorkItem], state: str, cause: str, items: list[WorkItem]
) -> int:
    count = work.replay_many(kind, model, items, state)
    if count:
        changes = {"state": [state, WorkItem.READY], "items": [0, count],
                   "ids": [items[0].pk, items[-1].pk]}  # fmt: skip
        target = (str(model._meta.model_name), "")
        audit.record("work.replayed_together", target, changes, reason=cause)
    return count


@transactional
def discard_item(*, item: WorkItem, reason: str) -> None:
    """Close a dead item for good; it stays visible with its reason."""
    state = _state_of(item)
    changes = {"state": WorkItem.DONE, "open": False, "finished_at": now(),
               "reason": f"discarded: {reason}"[:120]}  # fmt: skip
    dead = {**owner(), "_id": ObjectId(item.pk), "state": WorkItem.DEAD}
    if not collection(type(item)).update_one(dead, {"$set": changes}).matched_count:
        raise NotRecoverable(f"it is {state} now")
    audit.record("work.discarded", item, {"state": [WorkItem.DEAD, WorkItem.DONE]}, reason=reason)


def _state_of(item: WorkItem) -> str:
    """As the transaction sees it: the page may have been open for an hour."""
    state = type(item).objects.filter(pk=item.pk).values_list("state", flat=True).first()
    if state is None:
        raise WorkItemNotFound
    return str(state)
