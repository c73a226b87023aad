"""Checkpoints: where each chain ended, signed, in a file outside the database.

Re-writing a whole chain, or cutting its tail together with ``FeedState``, fools
the chain; it does not fool a line that was signed before.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from kernel.audit.chain import Finding
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
    if lines and json.loads(lines[-1])["body"]["seq"] >= state.audit_seq:
        return False
    body = {"tenant": active_tenant_id(), "seq": state.audit_seq, "hash": state.audit_hash,
            "at": now().isoformat()}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        line = {"body": body, "signature": _key().sign(_canonical(body)).hex()}
        file.write(json.dumps(line) + "\n")
    return True


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
    """Each signed head must still be in the chain, unchanged."""
    path = checkpoint_file()
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        body = entry["body"]
        try:
            _key().public_key().verify(bytes.fromhex(entry["signature"]), _canonical(body))
        except InvalidSignature:
            yield Finding(body["seq"], "the checkpoint's signature is not ours")
            continue
        kept = AuditEntry.objects.filter(seq=body["seq"]).first()
        if kept is None:
            yield Finding(body["seq"], "an entry that was signed is missing")
        elif kept.hash != body["hash"]:
            yield Finding(body["seq"], "the chain was written anew after it was signed")


def _canonical(body: dict[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _key() -> Ed25519PrivateKey:
    """Derived from the installation's secret, which the database does not hold."""
    seed = hashlib.sha256(b"audit-checkpoint|" + settings.SECRET_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
