"""What the figures were measured on: versions, processors, memory, commit."""

import os
import platform
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from kernel.dev.binaries import find_mongod, find_redis_server
from kernel.dev.layout import ROOT

PACKAGES = ("Django", "django-mongodb-backend", "pymongo", "celery", "granian", "uvloop")


def described(data: Path) -> list[tuple[str, str]]:
    """Names and values, for the table's head and the published page."""
    return [
        ("date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())),
        ("commit", _commit()),
        ("Python", platform.python_version()),
        *((name, metadata.version(name)) for name in PACKAGES),
        ("mongod", _version(find_mongod(data / "bin"), r"v(\d[\d.]+)")),
        ("redis", _version(find_redis_server(data / "bin"), r"v=(\d[\d.]+)")),
        ("machine", f"{os.cpu_count()} cores, {_memory_gb():.0f} GB, {sys.platform}"),
        ("processor", _processor()),
    ]


def _commit() -> str:
    head = _git("rev-parse", "--short=10", "HEAD")
    if not head:
        return "unknown (no repository)"
    return f"{head}, with changes" if _git("status", "--porcelain") else head


def _git(*arguments: str) -> str:
    result = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() if result.returncode == 0 else ""


def _version(program: Path, pattern: str) -> str:
    result = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(pattern, result.stdout)
    return found[1] if found else "unknown"


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()
