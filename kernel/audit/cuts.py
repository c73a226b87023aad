"""Where a chain begins once retention has removed its oldest entries, and the signed line that says so.

Lines of cuts have a file of their own beside the checkpoints: a checkpoint's entry must be there, a
cut's is gone.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from kernel.audit.chain import Finding, beginning
from kernel.audit.signing import is_ours, signed
from kernel.clock import now
from kernel.scoping.context import active_tenant_id


def cuts_file() -> Path:
    """``<data>/audit/<tenant>.cuts.jsonl``."""
    return Path(settings.DATA) / "audit" / f"{active_tenant_id()}.cuts.jsonl"


def write_cut(seq: int, hash_: str) -> None:
    """Sign that the chain begins after this entry, before anything is removed from it."""
    path = cuts_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"tenant": active_tenant_id(), "seq": seq, "hash": hash_, "at": now().isoformat()}
    with path.open("a") as file:
        file.write(
            "\n" + json.dumps(signed(body))
        )  # a line that a crash tore stays a line of its own
        file.flush()
        os.fsync(file.fileno())


def verify_cut() -> Iterator[Finding]:
    """Where the chain begins must have been signed."""
    begin = beginning()
    if begin.seq and (begin.seq, begin.hash) not in _signed_cuts():
        yield Finding(begin.seq, "the chain was cut here, and nothing signed says so")


def _signed_cuts() -> set[tuple[int, str]]:
    path = cuts_file()
    lines = path.read_text().splitlines() if path.exists() else []
    return {
        (said["seq"], said["hash"])
        for said in map(_read, lines)
        if said.get("tenant") == active_tenant_id()
    }


def _read(line: str) -> dict[str, Any]:
    try:
        statement = json.loads(line)
    except ValueError:
        return {}
    body: dict[str, Any] = statement["body"] if is_ours(statement) else {}
    return body
