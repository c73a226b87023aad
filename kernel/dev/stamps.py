"""Remember what was done for which inputs, so that a second start does not do it again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from kernel.dev.layout import ROOT, DataFolder

_SKIPPED = {".venv", ".git", "node_modules"}


class Stamp:
    """A file that holds the fingerprint of the inputs for which a step last succeeded."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint

    @property
    def is_current(self) -> bool:
        return self.path.exists() and self.path.read_text() == self.fingerprint

    def set(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.fingerprint)


def migrated(folder: DataFolder, env: dict[str, str]) -> Stamp:
    """Migrations: all migration files, the pinned packages, and which database they went to.

    An embedded database keeps the stamp beside its files, so it disappears with them.
    """
    files = [*_project_files("migrations/*.py"), ROOT / "requirements.txt"]
    home = folder.mongo if folder.mongo.exists() else folder.path
    database = f"{env['MONGODB_URI']} {env['MONGODB_NAME']}"
    return Stamp(home / ".migrated", _fingerprint(files, database))


def collected(folder: DataFolder) -> Stamp:
    """Static files: the project's own and the pinned packages'."""
    files = [*_project_files("static/**/*"), ROOT / "requirements.txt"]
    return Stamp(folder.static / ".collected", _fingerprint(files, ""))


def _project_files(pattern: str) -> list[Path]:
    found: list[Path] = []
    for top in ROOT.iterdir():
        if top.is_dir() and top.name not in _SKIPPED and not top.name.startswith("."):
            found += (path for path in top.glob(f"**/{pattern}") if path.is_file())
    return sorted(found)


def _fingerprint(files: Iterable[Path], extra: str) -> str:
    digest = hashlib.sha256(extra.encode())
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()
