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

PART = 2_000
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


@dataclass(frozen=True)
class Part:
    """A stretch of the chain that was walked: behind ``after``, up to and with ``through``.

    ``head`` is where the chain ended when the walk began; ``is_last`` tells that nothing is left.
    """

    after: int
    through: int
    head: int
    is_last: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Head:
    """Where the relay says that the chain ends."""

    seq: int
    hash: str


def head_of_chain() -> Head:
    """The active tenant's; 0 and empty before the first entry."""
    state = FeedState.objects.first()
    return Head(state.audit_seq, state.audit_hash) if state else Head(0, "")


def beginning() -> Head:
    """The entry after which the chain begins: the last one that retention removed; 0 for the whole chain."""
    state = FeedState.objects.first()
    return Head(state.audit_cut_seq or 0, state.audit_cut_hash or "") if state else Head(0, "")


def verify(*, after: int = 0, head: Head | None = None) -> Iterator[Finding]:
    """Walk the active tenant's chain to its end; yields nothing when it holds.

    The head is read first and the walk ends there, so that what the relay adds
    meanwhile is neither judged nor missed.
    """
    head = head or head_of_chain()
    while True:
        part = verify_part(after=after, most=PART, head=head)
        yield from part.findings
        if part.is_last:
            return
        after = part.through


def verify_part(*, after: int = 0, most: int = PART, head: Head | None = None) -> Part:
    """Walk up to ``most`` entries behind ``after``, which itself is taken for granted.

    Parts that follow each other judge the whole chain: the entry at ``after`` anchors the next.
    """
    beyond = _newest()
    head = head or head_of_chain()
    seq, prev, findings = _anchor(after)
    chained = AuditEntry.objects.filter(seq__gt=seq, seq__lte=head.seq).order_by("seq")
    entries = list(chained[:most])
    for entry in entries:
        seq += 1
        findings += _judged(entry, seq, prev)
        seq, prev = entry.seq, entry.hash
    is_last = len(entries) < most
    if is_last and (head.seq, head.hash) != (seq, prev):
        ends = f"the chain ends at {seq}, but {head.seq} entries were chained"
        findings.append(Finding(seq, ends))
    if is_last and beyond > max(head.seq, head_of_chain().seq):
        findings.append(Finding(beyond, f"stands beyond the chain's end at {head.seq}"))
    return Part(after, max(seq, after), head.seq, is_last, tuple(findings))


def _anchor(after: int) -> tuple[int, str, list[Finding]]:
    """The number and hash that the next entry must follow."""
    begin = beginning()
    if after <= begin.seq:
        return begin.seq, begin.hash, []
    found = list(AuditEntry.objects.filter(seq=after)[:2])
    if not found:
        return after, "", [Finding(after, f"entries {after} to {after} are missing")]
    twice = [Finding(after, f"entry {after} stands twice")] if len(found) > 1 else []
    return after, found[0].hash, twice


def _judged(entry: AuditEntry, seq: int, prev: str) -> Iterator[Finding]:
    """``entry`` stands where ``seq`` should, behind the entry whose hash is ``prev``."""
    if entry.seq != seq:
        missing = Finding(seq, f"entries {seq} to {entry.seq - 1} are missing")
        twice = Finding(entry.seq, f"entry {entry.seq} stands twice")
        yield missing if entry.seq > seq else twice
    if entry.prev != prev:
        yield Finding(entry.seq, "does not follow the entry before it")
    if entry.hash != entry_hash(entry, entry.seq, entry.prev):
        yield Finding(entry.seq, "was changed after it was written")


def _newest() -> int:
    newest = AuditEntry.objects.order_by("-seq").values_list("seq", flat=True).first()
    return int(newest or 0)
