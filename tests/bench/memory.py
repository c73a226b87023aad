"""Memory of processes, from `/proc`: proportional set size, which counts shared pages once."""

import contextlib
import re
from pathlib import Path

MB = 1024.0
PROC = Path("/proc")


def group_of(leader: int) -> list[int]:
    """The processes of a group: a leader and the pool that it made."""
    members = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The group is the third field after the name, which may hold spaces and brackets.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == leader:
                    members.append(int(entry.name))
    return members


def pss_mb(leader: int) -> float:
    """Of all processes of a group."""
    return sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in group_of(leader)) / MB


def peak_rss_mb(leader: int) -> float:
    """The largest that any one process of the group ever was."""
    return max((_kilobytes(pid, "status", "VmHWM") for pid in group_of(leader)), default=0) / MB


def _kilobytes(pid: int, file: str, name: str) -> float:
    try:
        text = (PROC / str(pid) / file).read_text()
    except OSError:
        return 0.0
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    return float(found[1]) if found else 0.0
