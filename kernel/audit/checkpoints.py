"""Checkpoints: where each chain ended, signed, in a file outside the database.

Re-writing a whole chain, or cutting its tail together with ``FeedState``, fools
the chain; it does not fool a line that was signed before.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from kernel.audit.chain import Finding, beginning
from kernel.clock import now
from kernel.models import AuditEntry, FeedState
from kernel.scoping.context import active_tenant_id, tenant_scope, unscoped
from kernel.scoping.reasons import Reason


def checkpoint_file() -> Path:
    """``<data>/audit/<tenant>.jsonl``; copy the folder to where the database's owner cannot write."""
    return Path(settings.DATA) / "audit" / f"{active_tenant_id()}.jsonl"


def write_checkpoint() -> bool:
    """Append a signed line for the chain's head; nothing when it has not moved."""
    state = FeedState.objects.first()
    if state is None or not state.audit_seq:
        return False
    path = checkpoint_file()
    lines = path.read_text().splitlines() if path.exists() else []
    heads = (body for line in reversed(lines) if not (body := json.loads(line)["body"]).get("cut"))
    if (last := next(heads, None)) and last["seq"] >= state.audit_seq:
        return False
    _append({"seq": state.audit_seq, "hash": state.audit_hash})
    return True


def write_cut(seq: int, hash_: str) -> None:
    """Sign that the chain begins after this entry, before anything is removed from it."""
    _append({"seq": seq, "hash": hash_, "cut": True})


def _append(fields: dict[str, Any]) -> None:
    path = checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"tenant": active_tenant_id(), **fields, "at": now().isoformat()}
    with path.open("a") as file:
        file.write(json.dumps(signed(body)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def checkpoint_all() -> int:
    """Sign where each tenant's chain stands; returns how many had moved."""
    with unscoped(Reason.AUDIT_INTEGRITY):
        tenants = list(
            FeedState.objects.filter(audit_seq__gt=0).values_list("tenant_id", flat=True)
        )
    moved = 0
    for tenant in tenants:
        with tenant_scope(tenant):
            moved += write_checkpoint()
    return moved


def verify_checkpoints() -> Iterator[Finding]:
    """Each signed head must still be in the chain, unchanged; a cut must have been signed."""
    path = checkpoint_file()
    begin = beginning(FeedState.objects.first())
    lines = path.read_text().splitlines() if path.exists() else []
    if begin[0] and begin not in _signed_cuts(lines):
        yield Finding(begin[0], "the chain was cut here, and nothing signed says so")
    for line in lines:
        entry = json.loads(line)
        body = entry["body"]
        if not is_ours(entry):
            yield Finding(body["seq"], "the checkpoint's signature is not ours")
            continue
        if body.get("cut") or body["seq"] <= begin[0]:
            continue
        kept = AuditEntry.objects.filter(seq=body["seq"]).first()
        if kept is None:
            yield Finding(body["seq"], "an entry that was signed is missing")
        elif kept.hash != body["hash"]:
            yield Finding(body["seq"], "the chain was written anew after it was signed")


def _signed_cuts(lines: list[str]) -> set[tuple[int, str]]:
    statements = [json.loads(line) for line in lines]
    return {(one["body"]["seq"], one["body"]["hash"]) for one in statements
            if one["body"].get("cut") and is_ours(one)}  # fmt: skip


def signed(body: dict[str, Any]) -> dict[str, Any]:
    """``{"body", "signature"}``: a statement of this installation, by the key that signs checkpoints."""
    return {"body": body, "signature": _key().sign(_canonical(body)).hex()}


def is_ours(statement: dict[str, Any]) -> bool:
    """Whether a statement is one that this installation signed, unchanged."""
    try:
        signature = bytes.fromhex(statement["signature"])
        _key().public_key().verify(signature, _canonical(statement["body"]))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _key() -> Ed25519PrivateKey:
    """Derived from the installation's secret, which the database does not hold."""
    seed = hashlib.sha256(b"audit-checkpoint|" + settings.SECRET_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
