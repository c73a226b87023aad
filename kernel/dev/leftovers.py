"""End what a killed supervisor left behind on its data folder, before starting anew.

On Linux its processes get SIGTERM when it dies (`kernel.dev.leash`); this waits for those that
are still finishing and ends those that cannot. A process is only touched when its environment
names this data folder: its id may have been given to a stranger since.
"""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

from kernel.dev.layout import DataFolder

GRACE = 8.0


def clear(folder: DataFolder, *, grace: float = GRACE) -> list[str]:
    """Stop the processes of an earlier run that `pids.json` names; return their names."""
    groups = {name: pid for name, pid in _recorded(folder.pids).items() if _is_ours(pid, folder)}
    for pid in groups.values():
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(_is_ours(pid, folder) for pid in groups.values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in groups.values():
        if _is_ours(pid, folder):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    folder.pids.unlink(missing_ok=True)
    return sorted(groups)


def _recorded(pids: Path) -> dict[str, int]:
    try:
        document = json.loads(pids.read_text())
        return {name: int(entry["pid"]) for name, entry in document.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _is_ours(pid: int, folder: DataFolder) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"SWITCHBOARD_DATA={folder.path}".encode() in variables


def _signal(pid: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)
