"""The spool: where acknowledged webhooks wait, fsynced, while the database is away.

A batch is one file, written beside its final name, synced, renamed, and its
folder synced, so a file that has its name is whole. Names sort by time.
"""

import asyncio
import fcntl
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bson
import structlog

log = structlog.get_logger(agentName="webhook")
SUFFIX, DAMAGED = ".spool", ".damaged"
# So much is moved to the database at once. For half a minute after a primary froze, a majority confirms a write
# every two seconds, whatever its size: the members' reports of their progress still wait for the frozen one.
TOGETHER, MOST_BYTES = 2_000, 8 * 2**20


class SpoolFull(RuntimeError):
    """Nothing more can be kept here: the provider is told to come again."""


class Spool:
    """A folder that one process owns at a time (by a lock on it)."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self.folder, self._lock = _own_folder(root)
        self._max_bytes = max_bytes
        self.bytes = sum(path.stat().st_size for path in self._files())

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX)

    def adopt(self) -> bool:
        """Take over what processes that are gone left in other folders; True if there was anything."""
        adopted = False
        for folder in sorted(self._root.iterdir()):
            if folder == self.folder or not any(folder.glob(f"*{SUFFIX}")):
                continue
            with (folder / "lock").open("w") as lock:
                if not _locked(lock):
                    continue
                for path in sorted(folder.glob(f"*{SUFFIX}")):
                    self.bytes += path.stat().st_size
                    path.rename(self.folder / path.name)
                    adopted = True
        return adopted

    def close(self) -> None:
        """Let another process own the folder."""
        self._lock.close()

    @property
    def is_empty(self) -> bool:
        return not self._files()

    @property
    def count(self) -> int:
        return len(self._files())

    async def write(self, documents: list[dict[str, Any]]) -> None:
        """Keep a batch; returns once it would survive the machine. Raises ``SpoolFull``."""
        data = b"".join(bson.encode(document) for document in documents)
        data += zlib.crc32(data).to_bytes(4, "big")
        if self.bytes + len(data) > self._max_bytes:
            raise SpoolFull
        try:
            await asyncio.to_thread(self._write, str(documents[0]["_id"]), data)
        except OSError as error:
            raise SpoolFull(str(error)) from error
        self.bytes += len(data)

    def _write(self, name: str, data: bytes) -> None:
        partial, final = self.folder / f"{name}.partial", self.folder / f"{name}{SUFFIX}"
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(final)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def oldest(self) -> list[tuple[Path, list[dict[str, Any]]]]:
        """The oldest batches with their documents, about ``TOGETHER`` of these; damaged files are set aside."""
        found: list[tuple[Path, list[dict[str, Any]]]] = []
        size = weight = 0
        for path in self._files():
            data = path.read_bytes()
            body, checksum = data[:-4], data[-4:]
            if zlib.crc32(body).to_bytes(4, "big") != checksum:
                path.rename(path.with_suffix(DAMAGED))
                log.error("spool.damaged", file=path.name)
                continue
            found.append((path, bson.decode_all(body)))
            size += len(found[-1][1])
            weight += len(data)
            if size >= TOGETHER or weight >= MOST_BYTES:
                break
        return found

    def remove(self, paths: Iterable[Path]) -> None:
        """The database has them: these files have done their duty."""
        for path in paths:
            self.bytes -= path.stat().st_size
            path.unlink()


def _own_folder(root: Path) -> tuple[Path, Any]:
    """The first folder that no living process owns; what a dead one left there is drained first."""
    for number in range(64):
        folder = root / str(number)
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
        if _locked(lock):
            return folder, lock
        lock.close()
    raise SystemExit(f"no free spool folder under {root}")


def _locked(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
