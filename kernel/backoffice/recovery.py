"""Bringing work back, or giving it up, by a person's decision and under their name.

Who may is decided at the door: the backoffice is for staff, and the API's own
services ask for permissions before they come here.
"""

from kernel import audit, work
from kernel.clock import now
from kernel.errors import Conflict, NotFound
from kernel.models import WorkItem
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.transactions import transactional


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
