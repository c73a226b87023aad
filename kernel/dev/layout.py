"""Where things are: the project's root and the files inside one data folder."""

import fcntl
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kernel.dev.errors import CannotStart

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class DataFolder:
    """One copy's data: databases, logs, spool, secrets and what describes the running system."""

    path: Path

    @classmethod
    def at(cls, path: str | Path) -> "DataFolder":
        """The folder at `path` (relative to the project's root), made if it does not exist."""
        folder = cls((ROOT / path).resolve())
        for needed in (folder.path, folder.logs, folder.spool, folder.redis, folder.static):
            needed.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def mongo(self) -> Path:
        return self.path / "mongo"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def static(self) -> Path:
        """Django's STATIC_ROOT."""
        return self.path / "static"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def simulator(self) -> Path:
        return self.path / "simulator.json"

    @property
    def demo(self) -> Path:
        return self.path / "demo.json"

    @property
    def pids(self) -> Path:
        return self.path / "pids.json"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def lock(self) -> "FolderLock":
        """Held while a system runs on this folder, so that two never share one database."""
        return FolderLock(self.path / "run.lock")


class FolderLock(AbstractContextManager["FolderLock"]):
    """An advisory lock that the kernel drops with its process, so it is never left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise CannotStart(
                f"The data folder {self.path.parent} is in use by another run (process {holder}). "
                f"Stop that one, or choose another folder and ports: make run DATA=.data2 PORT=8100"
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
