"""Writing an archive: a tar file that can be left at any moment and gone on with at the last safe place.

``Place`` is kept by the caller in its own transaction; what a killed process wrote after it is
cut off. The list of what the archive holds grows beside it and becomes its last member but one.
"""

import gzip
import hashlib
import json
import os
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from kernel.archive.cells import as_json

FORMAT, VERSION = "switchboard-archive", 1
BLOCK = 512
PIECE = 1 << 20
MANIFEST, LIST = "manifest.json", "files.jsonl"


@dataclass
class Place:
    """How much of the archive and of its list is certain."""

    tar: int = 0
    list: int = 0


class Writer:
    """Appends members; ``kept`` says where it may go on from. Use as a context manager."""

    def __init__(self, folder: Path, place: Place) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self.list_path = folder / "archive.tar", folder / LIST
        self._tar = _opened(self.path, place.tar)
        self._list = _opened(self.list_path, place.list)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()
        self._list.close()

    def add_rows(self, name: str, lines: list[bytes]) -> None:
        """A part of a collection, compressed; the same rows make the same bytes."""
        data = gzip.compress(b"".join(lines), 6, mtime=0)
        entry = {"path": name, "rows": len(lines), **self._member(name, data)}
        self._note(entry)

    def add_file(self, name: str, source: IO[bytes], size: int) -> bool:
        """A file as it is; False, and nothing added, when it does not have ``size`` bytes."""
        begin = self._tar.tell()
        self._head(name, size)
        offset = self._tar.tell()
        digest = self._copied(source, size)
        if digest is None:
            self._tar.seek(begin)
            self._tar.truncate()
            return False
        self._pad(size)
        self._note({"path": name, "offset": offset, "bytes": size, "sha256": digest})
        return True

    def kept(self) -> Place:
        """Make what was added certain; where to go on from."""
        for file in (self._tar, self._list):
            file.flush()
            os.fsync(file.fileno())
        return Place(self._tar.tell(), self._list.tell())

    def finish(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Add the list and the manifest; the archive is whole. Returns the manifest as written."""
        self._list.flush()
        size = self._list.tell()
        self._head(LIST, size)
        place: dict[str, Any] = {"offset": self._tar.tell(), "bytes": size}
        with self.list_path.open("rb") as source:
            place["sha256"] = self._copied(source, size)
        self._pad(size)
        whole = {"format": FORMAT, "version": VERSION, **manifest, "files": place}
        self._member(MANIFEST, as_json(whole))
        self._tar.write(bytes(2 * BLOCK))
        self._tar.flush()
        os.fsync(self._tar.fileno())
        return whole

    def _member(self, name: str, data: bytes) -> dict[str, Any]:
        self._head(name, len(data))
        offset = self._tar.tell()
        self._tar.write(data)
        self._pad(len(data))
        return {"offset": offset, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def _copied(self, source: IO[bytes], size: int) -> str | None:
        """Append ``size`` bytes; their hash, or None when the source has fewer or more."""
        digest, left = hashlib.sha256(), size
        while left and (piece := source.read(min(PIECE, left))):
            self._tar.write(piece)
            digest.update(piece)
            left -= len(piece)
        return None if left or source.read(1) else digest.hexdigest()

    def _head(self, name: str, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.write(info.tobuf(tarfile.PAX_FORMAT))

    def _pad(self, size: int) -> None:
        self._tar.write(bytes(-size % BLOCK))

    def _note(self, entry: dict[str, Any]) -> None:
        self._list.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")


def _opened(path: Path, length: int) -> Any:
    """The file, cut to what is certain of it; raises ``FileNotFoundError`` when there is less."""
    file = path.open("r+b" if path.exists() else "w+b")
    if file.seek(0, os.SEEK_END) < length:
        file.close()
        raise FileNotFoundError(f"{path.name} is shorter than it was")
    file.truncate(length)
    file.seek(length)
    return file


def as_state(place: Place) -> dict[str, int]:
    return asdict(place)
