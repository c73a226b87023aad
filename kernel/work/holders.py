"""Who holds lanes: processes by host and number, and what one that died leaves behind."""

import os
import socket
from typing import Any

from kernel.clock import LONG_AGO, now
from kernel.models import Lane
from kernel.mongo.doors import collection
from kernel.mongo.transactions import kill_session, own_session_id

HOST = socket.gethostname()


def this_process() -> str:
    return f"{HOST}:{os.getpid()}"


def end_session_left_behind(before: dict[str, Any]) -> None:
    """A holder that never gave the lane back may have left a transaction open, with rows locked."""
    session = before.get("session")
    if session and before["lease_until"].year > LONG_AGO.year and session != own_session_id():
        kill_session(session)


def free_the_dead() -> int:
    """End the leases and sessions of processes of this host that no longer live; their lanes are due at once.

    Safe at any time, because a holder that does live after all has an old fence.
    """
    lanes = collection(Lane)
    leased = lanes.find({"lease_until": {"$gt": now()}}, {"holder": 1, "fence": 1, "session": 1})
    freed = 0
    for row in leased:
        host, _, pid = row["holder"].rpartition(":")
        if host == HOST and pid.isdecimal() and not _lives(int(pid)):
            change = [{"$set": {"lease_until": LONG_AGO, "due_at": "$$NOW"}}]
            mine = {"_id": row["_id"], "fence": row["fence"], "holder": row["holder"]}
            if row.get("session"):
                kill_session(row["session"])
            freed += lanes.update_one(mine, change).modified_count
    return freed


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
