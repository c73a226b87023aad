"""Checkpoints: where each chain ended, signed, in a file outside the database.

Re-writing a whole chain, or cutting its tail together with ``FeedState``, fools
the chain; it does not fool a line that was signed before.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from kernel.audit.chain import Finding, Head, beginning, head_of_chain, verify
from kernel.audit.cuts import verify_cut
from kernel.audit.refusals import settle_tallies, tenants_with_tallies
from kernel.audit.signing import is_signed, key_of, signed
from kernel.clock import now
from kernel.models import AuditEntry, FeedState
from kernel.mongo.rows import find_rows
from kernel.scoping.context import active_tenant_id, tenant_scope, unscoped
from kernel.scoping.reasons import Reason

log = structlog.get_logger(agentName="kernel")
AT_ONCE = 500
TAIL_BYTES = 4_096
BROKEN_SHOWN = 3


@dataclass(frozen=True)
class Checkpoint:
    """A signed line: the chain's head at a moment. ``is_ours`` tells whether the signature holds."""

    seq: int
    hash: str
    at: str
    is_ours: bool


def checkpoint_file() -> Path:
    """``<data>/audit/<tenant>.jsonl``; copy the folder to where the database's owner cannot write."""
    return Path(settings.DATA) / "audit" / f"{active_tenant_id()}.jsonl"


def public_key() -> str:
    """The key that verifies new checkpoints, 32 bytes in hex."""
    return key_of(settings.SECRET_KEY).public_key().public_bytes_raw().hex()


def last_checkpoint() -> Checkpoint | None:
    """The newest line that can be read; the file is not read from its beginning."""
    path = checkpoint_file()
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    found = [point for point in map(_read, reversed(lines)) if point is not None]
    return found[0] if found else None


def write_checkpoint() -> bool:
    """Append a signed line for the chain's head; nothing when it has not moved.

    What was chained since the last line is verified before it is signed. A chain that does not
    hold is not signed again: it is an error in the log until somebody has looked.
    """
    head, last = head_of_chain(), last_checkpoint()
    if not head.seq or (last is not None and last.seq == head.seq and last.hash == head.hash):
        return False
    findings = _since(last, head)
    if findings:
        for finding in findings[:BROKEN_SHOWN]:
            log.error("audit.broken", tenantId=active_tenant_id(), at=finding.seq,
                      problem=finding.problem)  # fmt: skip
        return False
    _append({"tenant": active_tenant_id(), "seq": head.seq, "hash": head.hash,
             "at": now().isoformat()})  # fmt: skip
    return True


def _since(last: Checkpoint | None, head: Head) -> list[Finding]:
    if last is None:
        return list(verify(head=head))
    if head.seq < last.seq:
        return [Finding(head.seq, f"the chain ends at {head.seq}, but {last.seq} was signed")]
    return [*_compared([last]), *verify(after=last.seq, head=head)]


def _append(body: dict[str, Any]) -> None:
    """One write, flushed to the disk; a line that a crash tore is left behind as it is."""
    path = checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = signed(body)
    with path.open("a+b") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        torn = file.read(1) not in (b"", b"\n")
        file.write(b"\n" * torn + json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def checkpoint_all() -> int:
    """Sign where each tenant's chain stands; returns how many had moved."""
    with unscoped(Reason.AUDIT_INTEGRITY):
        tenants = list(
            FeedState.objects.filter(audit_seq__gt=0).values_list("tenant_id", flat=True)
        )
        tallied = tenants_with_tallies()
    for tenant in tallied:
        with tenant_scope(tenant):
            settle_tallies()
    moved = 0
    for tenant in tenants:
        with tenant_scope(tenant):
            moved += write_checkpoint()
    return moved


def verify_checkpoints(*, after: int = 0, through: int | None = None) -> Iterator[Finding]:
    """Each head that was signed (behind ``after``, up to ``through``) must still be in the chain, unchanged.

    What retention removed is not missed, if where it ended was signed.
    """
    yield from verify_cut()
    batch: list[Checkpoint] = []
    for number, point in _lines():
        if point is None:
            yield Finding(0, f"line {number} of the checkpoints cannot be read")
            continue
        if point.seq <= after or (through is not None and point.seq > through):
            continue
        batch.append(point)
        if len(batch) == AT_ONCE:
            yield from _compared(batch)
            batch = []
    yield from _compared(batch)


def count_checkpoints(*, after: int = 0, through: int | None = None) -> int:
    """How many lines ``verify_checkpoints`` looks at."""
    return sum(
        1
        for _, point in _lines()
        if point is not None and point.seq > after and (through is None or point.seq <= through)
    )


def _lines() -> Iterator[tuple[int, Checkpoint | None]]:
    path = checkpoint_file()
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield number, _read(line)


def _read(line: str) -> Checkpoint | None:
    try:
        entry = json.loads(line)
        body = entry["body"]
        is_ours = body["tenant"] == active_tenant_id() and is_signed(body, entry["signature"])
        return Checkpoint(int(body["seq"]), str(body["hash"]), str(body["at"]), is_ours)
    except (ValueError, KeyError, TypeError):
        return None


def _compared(points: Sequence[Checkpoint]) -> Iterator[Finding]:
    kept = _hashes(point.seq for point in points)
    held, begin = 0, beginning().seq
    for point in points:
        if not point.is_ours:
            yield Finding(point.seq, "the checkpoint's signature is not ours")
        elif point.seq <= begin:
            continue
        elif point.seq not in kept:
            yield Finding(point.seq, "an entry that was signed is missing")
        elif kept[point.seq] != point.hash:
            where = f" (it still held at {held})" if held else ""
            yield Finding(point.seq, f"the chain was written anew after it was signed{where}")
        else:
            held = point.seq


def _hashes(numbers: Iterable[int]) -> dict[int, str]:
    found = find_rows(AuditEntry, {"seq": {"$in": sorted(set(numbers))}})
    return {entry.seq: entry.hash for entry in found}
