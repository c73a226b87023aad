"""The chain: each entry's hash covers the one before, so an edit shows wherever it is made."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from kernel.models import AuditEntry, FeedState
from kernel.mongo.doors import ObjectId, collection, owner
from kernel.mongo.rows import find_rows

HASHED = (
    "action", "actor_kind", "actor_id", "user_id", "on_behalf_of", "target_type", "target_id",
    "changes", "reason", "ip", "request_id",
)  # fmt: skip


def entry_hash(entry: AuditEntry, seq: int, prev: str) -> str:
    """SHA-256, hex, over the previous hash and the entry in canonical JSON."""
    body = {name: getattr(entry, name) for name in HASHED}
    body |= {"id": entry.pk, "seq": seq, "tenant": entry.tenant_id,
             "occurred_at": entry.occurred_at.isoformat()}  # fmt: skip
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{prev}|{text}".encode()).hexdigest()


def chain(state: dict[str, Any], most: int) -> int:
    """Chain up to ``most`` new entries after ``state``; runs in the relay's transaction."""
    some = {"sort": [("seq", 1), ("_id", 1)], "limit": most, "batch_size": most + 1}
    entries = find_rows(AuditEntry, {"seq": 0}, **some)
    if not entries:
        return 0
    seq, prev, changes = state["audit_seq"], state["audit_hash"], []
    for entry in entries:
        seq, link = seq + 1, prev
        prev = entry_hash(entry, seq, link)
        fields = {"seq": seq, "prev": link, "hash": prev}
        changes.append(UpdateOne({**owner(), "_id": ObjectId(entry.pk)}, {"$set": fields}))
    collection(AuditEntry).bulk_write(changes)
    head = {"audit_seq": seq, "audit_hash": prev}
    collection(FeedState).update_one({**owner()}, {"$set": head})
    return len(entries)


@dataclass(frozen=True)
class Finding:
    """Where the chain of the active tenant does not hold, and how."""

    seq: int
    problem: str


def beginning(state: FeedState | None) -> tuple[int, str]:
    """Number and hash of the entry after which the chain begins: of the last one that retention took."""
    if state is None:
        return 0, ""
    return state.audit_cut_seq or 0, state.audit_cut_hash or ""


def verify() -> Iterator[Finding]:
    """Walk the active tenant's chain; yields nothing when it holds.

    The head is read first and the walk ends there, so that what the relay adds
    meanwhile is neither judged nor missed.
    """
    state = FeedState.objects.first()
    head, head_hash = (state.audit_seq, state.audit_hash) if state else (0, "")
    seq, prev = beginning(state)
    chained = AuditEntry.objects.filter(seq__gt=seq, seq__lte=head).order_by("seq")
    for entry in chained.iterator(chunk_size=500):
        seq += 1
        if entry.seq != seq:
            missing = f"entries {seq} to {entry.seq - 1} are missing"
            yield Finding(seq, missing if entry.seq > seq else f"entry {entry.seq} stands twice")
            seq = entry.seq
        if entry.prev != prev:
            yield Finding(seq, "does not follow the entry before it")
        if entry.hash != entry_hash(entry, entry.seq, entry.prev):
            yield Finding(seq, "was changed after it was written")
        prev = entry.hash
    if (head, head_hash) != (seq, prev):
        yield Finding(seq, f"the chain ends at {seq}, but {head} entries were chained")
